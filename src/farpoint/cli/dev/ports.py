"""Ports on loopback: whether one is free, and which to take."""

import socket
from collections.abc import Iterator

from farpoint.cli.failures import CommandError
from farpoint.clock import Entropy

#: Below the range that Linux gives to outgoing connections: a region that restarts finds its port as it left it.
_FIRST, _LAST = 20_000, 32_000
_TRIES_MAX = 1000
PORTS_PER_REGION = 2


def is_free(port: int) -> bool:
    """Tell whether *port* can be listened on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that has just ended does not occupy a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
        return True


def free_ports(entropy: Entropy, *, taken: frozenset[int]) -> Iterator[int]:
    """Yield ports that are free now and not in *taken*, at random: several `dev up` may choose at once."""
    for _ in range(_TRIES_MAX):
        port = _FIRST + int.from_bytes(entropy.token_bytes(4), "big") % (_LAST - _FIRST)
        if port not in taken and is_free(port):
            yield port
    message = f"no free port found between {_FIRST} and {_LAST}; give one with --port"
    raise CommandError(message)


def require_free(port: int, use: str) -> None:
    """Refuse a port that somebody listens on."""
    if not is_free(port):
        message = f"port {port}, for {use}, is taken by another program; end it, or choose other ports with --port"
        raise CommandError(message)
