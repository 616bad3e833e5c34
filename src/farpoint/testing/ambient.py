"""A clock that only moves when told to, and entropy from a seed."""

import datetime as dt
import random
import threading
import uuid


class FakeClock:
    """Satisfies farpoint.clock.Clock; sleeping moves time on at once."""

    def __init__(self, start: dt.datetime = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)) -> None:
        """Begin at *start*."""
        self._lock = threading.Lock()
        self._start = start
        self._elapsed = 0.0

    def now(self) -> dt.datetime:
        """Return the fake wall time."""
        return self._start + dt.timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Return fake seconds since the start."""
        return self._elapsed

    def sleep(self, seconds: float, *, wake: threading.Event | None = None) -> None:  # noqa: ARG002 - nobody waits here
        """Move time on."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move time on by *seconds*."""
        with self._lock:
            self._elapsed += seconds


class SeededEntropy:
    """Satisfies farpoint.clock.Entropy; the same seed gives the same ids. Only for tests: its pack ids can repeat."""

    def __init__(self, seed: int) -> None:
        """Start from *seed*."""
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def guid(self) -> uuid.UUID:
        """Return the next GUID."""
        return uuid.UUID(bytes=self.token_bytes(16), version=4)

    def token_bytes(self, length: int) -> bytes:
        """Return the next bytes."""
        with self._lock:
            return self._random.randbytes(length)
