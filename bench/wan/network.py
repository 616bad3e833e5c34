"""Two network namespaces that only an emulated WAN joins (relay.py). Needs root, ``ip`` and /dev/net/tun.

This kernel's own emulator (netem) is a module that small kernels lack, so the link is a process of ours.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen
from bench.wan.link import Counts, Profile
from bench.wan.tun import TUN_FILE

#: For documentation (RFC 5737): nobody's network.
_ADDRESSES: Final = ("192.0.2.1", "192.0.2.2")
#: Twice what is under way in one round trip of 150 ms at 1 Gbit/s, and what the kernel keeps beside the payload.
SOCKET_BYTES_MAX: Final = 64 << 20
_SETTINGS: Final[Mapping[str, str]] = {
    "net.ipv4.tcp_rmem": f"4096 131072 {SOCKET_BYTES_MAX}",
    "net.ipv4.tcp_wmem": f"4096 65536 {SOCKET_BYTES_MAX}",
    # A run must not know what an earlier one found out about the path.
    "net.ipv4.tcp_no_metrics_save": "1",
    # The link carries IPv4 only.
    "net.ipv6.conf.all.disable_ipv6": "1",
}
#: Packets that may wait for the relay to be scheduled; the queue that drops is the link's own.
_DEVICE_QUEUE: Final = "10000"
_STOP_SECONDS: Final = 10.0


@frozen(kw_only=True)
class Site:
    """One end of the WAN."""

    namespace: str
    address: str

    def inside(self, *command: str | Path) -> list[str]:
        """Return *command* as it is run in this namespace."""
        return ["ip", "netns", "exec", self.namespace, *(str(part) for part in command)]


class Wan:
    """The joined sites, and the means to change the link."""

    def __init__(self, sites: tuple[Site, Site], relay: "subprocess.Popen[str]") -> None:
        """Take a relay that is ready."""
        self.near, self.far = sites
        self._relay = relay

    @property
    def relay_pid(self) -> int:
        """The process that carries the packets."""
        return self._relay.pid

    def change(self, profile: Profile) -> None:
        """Go on with another profile."""
        self._tell({"profile": attrs.asdict(profile)})

    def partition(self, *, is_cut: bool) -> None:
        """Cut the link, or mend it."""
        self._tell({"partition": is_cut})

    def counts(self) -> tuple[Counts, Counts]:
        """Return what became of the segments so far: from the near site, and from the far one."""
        near, far = self._tell({})
        return Counts(**near), Counts(**far)

    def _tell(self, command: Mapping[str, object]) -> Sequence[Mapping[str, int]]:
        assert self._relay.stdin is not None
        assert self._relay.stdout is not None
        self._relay.stdin.write(json.dumps(command) + "\n")
        self._relay.stdin.flush()
        answer: Sequence[Mapping[str, int]] = json.loads(self._relay.stdout.readline())
        return answer


def missing_for_wan() -> str:
    """Say what this machine lacks for an emulated WAN; empty when nothing is missing."""
    if os.geteuid() != 0:
        return "needs root"
    if not Path(TUN_FILE).exists():
        return f"needs {TUN_FILE}"
    name = f"fp{os.getpid()}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return "needs ip (iproute2)"
    if made.returncode:
        return f"needs network namespaces: {made.stderr.strip()}"
    _ip("netns", "delete", name)
    return ""


@contextlib.contextmanager
def emulated_wan(profile: Profile, *, congestion_control: str = "", seed: int = 1) -> Iterator[Wan]:
    """Make the namespaces, join them, and take everything away in the end. *congestion_control*: the machine's by default."""
    with contextlib.ExitStack() as undo:
        sites = []
        for side, address in zip("ab", _ADDRESSES, strict=True):
            site = Site(namespace=f"fp{os.getpid()}{side}", address=address)
            _ip("netns", "add", site.namespace)
            undo.callback(_ip, "netns", "delete", site.namespace)
            sites.append(site)
        near, far = sites
        relay = undo.enter_context(_relay(near.namespace, far.namespace, seed=seed))
        for site, other in ((near, far), (far, near)):
            _set_up(site, other, congestion_control)
        wan = Wan((near, far), relay)
        wan.change(profile)
        yield wan


@contextlib.contextmanager
def _relay(*devices: str, seed: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "bench.wan.relay", *devices, str(seed)]
    folder = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        try:
            if relay.stdout.readline() != "ready\n":
                message = "the relay did not start"
                raise RuntimeError(message)
            yield relay
        finally:
            relay.stdin.close()
            relay.wait(_STOP_SECONDS)


def _set_up(site: Site, other: Site, congestion_control: str) -> None:
    """Move the site's device, which has the namespace's name, into the namespace, and configure both."""
    device = site.namespace
    for name, value in _SETTINGS.items():
        subprocess.run(site.inside("sysctl", "-q", "-w", f"{name}={value}"), check=True)
    _ip("link", "set", device, "netns", site.namespace)
    # A route may name any congestion control; a namespace's own default only those that the machine lets everybody use.
    route = ("congctl", congestion_control) if congestion_control else ()
    for words in (
        ("link", "set", "lo", "up"),
        ("address", "add", site.address, "dev", device),
        ("link", "set", device, "mtu", "1500", "txqueuelen", _DEVICE_QUEUE, "up"),
        ("route", "add", other.address, "dev", device, *route),
    ):
        _ip("-netns", site.namespace, *words)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
