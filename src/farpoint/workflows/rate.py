"""The rate of a transfer as people want to see it: the mean over the last few seconds."""

from collections import deque

from farpoint.clock import Clock

_WINDOW_SECONDS = 5.0


class RateMeter:
    """Remembers (moment, bytes) pairs of the last few seconds."""

    def __init__(self, clock: Clock) -> None:
        """Measure with *clock*."""
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def rate(self, done_bytes: int) -> float:
        """Take the newest total; return bytes per second over the window, 0 before there are two readings."""
        now = self._clock.monotonic()
        self._seen.append((now, done_bytes))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW_SECONDS:  # noqa: PLR2004 - a rate needs two readings
            self._seen.popleft()
        (then, before), elapsed = self._seen[0], now - self._seen[0][0]
        return max(0.0, (done_bytes - before) / elapsed) if elapsed > 0 and then < now else 0.0
