"""The outside effects of a run, counted one by one, so that a test can kill, fail or take over a run at any of them.

A clean run tells how many there are; then the same run is made once per effect, with something happening right before or right
after it. A kill is a BaseException that nobody handles, and whatever the dead run would still do has no effect.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from farpoint.clock import Clock
from farpoint.testing.ambient import FakeClock

#: Told (number, name) of an effect; may raise, kill, or do what another process would do at this moment.
Hook = Callable[[int, str], None]
#: How far each effect moves the clock: some progress reports are due by then, and some are not.
SECONDS_EACH = 0.3


class KilledError(BaseException):
    """The process died here, as by kill -9. Not an Exception: nobody handles it."""


def _nothing(_number: int, _name: str) -> None:
    """Let the effect pass."""


class Effects:
    """Counts the effects of one region's run. One per region; a new run begins with reset()."""

    def __init__(self, clock: Clock) -> None:
        """Move *clock* on with each effect, if it is one that can be moved."""
        self._clock = clock
        self._lock = threading.Lock()
        #: Told of every effect that was made, over all runs.
        self.observers: list[Hook] = []
        self.reset()

    def reset(self) -> None:
        """Begin a new run: alive, uncounted, undisturbed."""
        #: Names of all effects so far, in order.
        self.names: list[str] = []
        self.before: Hook = _nothing
        self.after: Hook = _nothing
        self.dead = False

    @property
    def count(self) -> int:
        """Effects so far."""
        return len(self.names)

    def kill(self) -> None:
        """Die here."""
        self.dead = True
        raise KilledError

    def kill_before(self, number: int) -> None:
        """Arrange to die right before effect *number*."""
        self.before = lambda reached, _name: self.kill() if reached == number else None

    @contextmanager
    def effect(self, name: str) -> Iterator[None]:
        """Count one effect; the block makes it. Effects do not nest."""
        number = self._enter(name)
        self.before(number, name)
        yield
        self._live()
        for observe in self.observers:
            observe(number, name)
        self.after(number, name)

    def _enter(self, name: str) -> int:
        self._live()
        if isinstance(self._clock, FakeClock):
            self._clock.advance(SECONDS_EACH)
        with self._lock:
            self.names.append(name)
            return len(self.names) - 1

    def _live(self) -> None:
        if self.dead:
            raise KilledError
