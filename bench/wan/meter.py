"""How fast a copy ran once it ran: the rate between its first percent of bytes on the link and its last."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from attrs import define, field
from bench.wan.network import Wan

_LOOK_SECONDS: Final = 0.1
#: Shares of the bytes before and after which the clock does not run: there tools start, plan and verify.
_FIRST, _LAST = 0.01, 0.99

#: (seconds, bytes that entered the link from the near site until then), ascending.
Course = Sequence[tuple[float, int]]


@define
class Meter:
    """The course of one copy."""

    course: list[tuple[float, int]] = field(factory=list)


@contextmanager
def metered(wan: Wan) -> Iterator[Meter]:
    """Look at the link while the body runs."""
    meter, done = Meter(), threading.Event()

    def look() -> None:
        while True:
            meter.course.append((time.monotonic(), wan.counts()[0].carried_bytes))
            if done.wait(_LOOK_SECONDS):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield meter
    finally:
        done.set()
        thread.join()


def sustained_share_per_second(course: Course) -> float:
    """Return which share of all its bytes a copy sent per second between the first percent and the last; 0 when nothing was sent."""
    before, total = course[0][1], course[-1][1] - course[0][1]
    if total == 0:
        return 0.0
    inside = [moment for moment in course if _FIRST <= (moment[1] - before) / total <= _LAST]
    if len(inside) < 2:
        # Over within one look.
        return 1 / max(_LOOK_SECONDS, course[-1][0] - course[0][0])
    seconds = inside[-1][0] - inside[0][0]
    return (inside[-1][1] - inside[0][1]) / total / seconds
