"""How much one client, or one address, may ask for: token buckets in memory, looked at before anything starts."""

import ipaddress
import math
import threading
from collections import OrderedDict
from typing import Final

from attrs import frozen

from farpoint.clock import Clock
from farpoint.errors import RefusedError, ThrottledError

#: Clients or addresses remembered at once, about 200 bytes each; the one unseen for longest is forgotten first.
_BUCKETS_MAX: Final = 10_000
#: A bucket holds what comes in this time: short bursts are no harm.
_BURST_SECONDS: Final = 2
_MINUTE_SECONDS: Final = 60
#: Addresses of one IPv6 network count as one: its owner has all of them.
_IPV6_PREFIX: Final = 64
_READING: Final = frozenset({"GET", "HEAD"})


@frozen(kw_only=True)
class Rates:
    """What is allowed; 0 allows everything."""

    reads_per_second: int
    writes_per_second: int
    failed_logins_per_minute: int


class TokenBuckets:
    """One bucket for each key: filled at a steady rate up to its size, emptied by one token for each request."""

    def __init__(self, *, per_second: float, size: float, clock: Clock) -> None:
        """Begin full; a rate of 0 never refuses."""
        self._per_second = per_second
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        #: Key -> (tokens, when that was).
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token; return 0, or the seconds until there is one when there is none."""
        if not self._per_second:
            return 0.0
        with self._lock:
            left = self._tokens(key)
            if left < 1:
                return (1 - left) / self._per_second
            self._buckets[key] = (left - 1, self._clock.monotonic())
            self._buckets.move_to_end(key)
            if len(self._buckets) > _BUCKETS_MAX:
                self._buckets.popitem(last=False)
            return 0.0

    def wait(self, key: str) -> float:
        """Return the seconds until there is a token; 0 when there is one. Takes none."""
        if not self._per_second:
            return 0.0
        with self._lock:
            return max(0.0, 1 - self._tokens(key)) / self._per_second

    def _tokens(self, key: str) -> float:
        tokens, then = self._buckets.get(key, (self._size, 0.0))
        if key not in self._buckets:
            return tokens
        return min(self._size, tokens + (self._clock.monotonic() - then) * self._per_second)


class Throttles:
    """The buckets of one region."""

    def __init__(self, rates: Rates, clock: Clock) -> None:
        """Begin with every bucket full."""
        reads, writes, logins = rates.reads_per_second, rates.writes_per_second, rates.failed_logins_per_minute
        self._reads = TokenBuckets(per_second=reads, size=reads * _BURST_SECONDS, clock=clock)
        self._writes = TokenBuckets(per_second=writes, size=writes * _BURST_SECONDS, clock=clock)
        self._logins = TokenBuckets(per_second=logins / _MINUTE_SECONDS, size=logins, clock=clock)

    def admit(self, principal: str, method: str) -> None:
        """Count one request of a client; refuse it when the client asks too much."""
        reading = method in _READING
        seconds = (self._reads if reading else self._writes).take(principal)
        if seconds:
            what = "reads" if reading else "writes"
            raise _refusal(f"The client '{principal:.100}' sends too many {what}.", seconds)

    def refuse_guesser(self, address: str) -> None:
        """Refuse to look at a secret from an address where too many were wrong."""
        seconds = self._logins.wait(_network_of(address))
        if seconds:
            raise _guessing(address, seconds)

    def failed(self, address: str, refusal: RefusedError) -> RefusedError:
        """Count a token or secret that was wrong; return how it is refused."""
        seconds = self._logins.take(_network_of(address))
        return _guessing(address, seconds) if seconds else refusal


def _network_of(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004 - IPv4
        return address
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))


def _guessing(address: str, seconds: float) -> ThrottledError:
    return _refusal(f"Too many tokens or secrets from address {address:.50} were wrong.", seconds)


def _refusal(message: str, seconds: float) -> ThrottledError:
    wait = max(1, math.ceil(seconds))
    return ThrottledError(f"{message} Nothing was started.", hint=f"Ask again after {wait} s.", retry_after_seconds=wait)
