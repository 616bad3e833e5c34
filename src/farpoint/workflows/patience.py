"""Waiting for what does not answer: the one retry layer, with back-off, visible state and a deadline."""

from collections.abc import Callable
from typing import TypeVar

from farpoint.errors import Code, UnavailableError
from farpoint.workflows.bench import Work

#: First pause; doubles up to the longest one.
_PAUSE_SECONDS_MIN = 0.25
#: A peer that comes back is noticed within this time.
PAUSE_SECONDS_MAX = 10.0

#: What another region may get over; trouble of our own bucket or disks is ours to report, not to wait out.
_WORTH_WAITING = frozenset({Code.PEER_UNAVAILABLE, Code.RESTORE_POINT_NOT_READY})

Answer = TypeVar("Answer")


def patiently(work: Work, action: Callable[[], Answer], *, check_deadline: Callable[[], None]) -> Answer:
    """Do *action* until it does not raise UnavailableError; the cause is shown on the operation while we wait.

    Progress in between resets the pause. *check_deadline* raises when there is no more time.
    """
    pause, reached = _PAUSE_SECONDS_MIN, work.progress.bytes_done
    while True:
        check_deadline()
        try:
            return action()
        except UnavailableError as error:
            if error.code not in _WORTH_WAITING:
                raise
            if work.progress.bytes_done > reached:
                pause, reached = _PAUSE_SECONDS_MIN, work.progress.bytes_done
            work.wait_for(str(error), pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
