"""``--wait``: poll work until it has ended, whatever Retry-After says, and show how far it is.

A region that is down is asked again until it is back: the work is durable and goes on with it. Only its end, the caller's timeout
or Ctrl-C stops the wait.
"""

from collections.abc import Callable
from http import HTTPStatus

from attrs import frozen

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import name_in
from farpoint.cli.failures import ApiError, CommandError, MissingError, UnreachableError
from farpoint.cli.progress import ProgressView
from farpoint.cli.rates import Rates
from farpoint.cli.work import End, Work, work_of_operation, work_of_point
from farpoint.clock import Clock
from farpoint.model.documents import JsonObject

#: Between two polls, and at most as long while the bytes still need a while: an answer costs a region some of what its movers need.
_POLL_SECONDS = 0.15
_POLL_SECONDS_MAX = 1.0
#: The part of the time left that may pass until the next poll: the rate may rise.
_POLL_SHARE = 0.25


@frozen(kw_only=True)
class Patience:
    """How waiting is done."""

    clock: Clock
    #: Seconds after which to give up; None waits for ever.
    timeout_seconds: float | None = None


class Watched:
    """One piece of work in a region, asked about until it has ended; ``document`` and ``work`` are what was last heard."""

    def __init__(self, ask: Callable[[], JsonObject], read: Callable[[JsonObject], Work]) -> None:
        """Take how to ask the region, and how to read its answer."""
        self.document: JsonObject = {}
        self.work = Work()
        self._ask = ask
        self._read = read

    def look(self) -> Work:
        """Ask, unless the work has ended; a region that is down or not well leaves things as they were, waiting."""
        if self.work.end is End.RUNNING:
            try:
                self.document = self._ask()
                self.work = self._read(self.document)
            except UnreachableError as error:
                self.work = self.work.unheard(str(error))
            except ApiError as error:
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                self.work = self.work.unheard(str(error))
        return self.work


def watch_point(client: ArmClient, path: str) -> Watched:
    """Watch the restore point at *path*: it has ended when it is complete and verified, or has failed."""

    def ask() -> JsonObject:
        point = client.find(path, expand="instanceView")
        if point is None:
            collection, _, name = path.rpartition("/restorePoints/")
            message = f"restore point {name_in(collection)}/{name} was deleted before it was complete"
            raise MissingError(message)
        return point

    return Watched(ask, work_of_point)


def watch_operation(client: ArmClient, url: str) -> Watched:
    """Watch the operation at *url*."""
    return Watched(lambda: client.poll(url), work_of_operation)


def wait_for(look: Callable[[], Work], *, title: str, view: ProgressView, patience: Patience) -> Work:
    """Look until the work has ended; return it, or raise how *title* failed."""
    clock, rates = patience.clock, Rates()
    deadline = None if patience.timeout_seconds is None else clock.monotonic() + patience.timeout_seconds
    try:
        work = look()
        view.show(work)
        while work.end is End.RUNNING:
            if deadline is not None and clock.monotonic() >= deadline:
                raise _timed_out(title, work)
            clock.sleep(_pause(rates, work, clock.monotonic()))
            work = look()
            view.show(work)
    finally:
        view.close()
    work.raise_if_failed(title)
    return work


def _pause(rates: Rates, work: Work, now: float) -> float:
    """Return how long to leave the region in peace; short when nothing tells how long the work still needs."""
    left = [pace.seconds_left for pace in (rates.add(disk, now) for disk in work.disks) if pace.seconds_left is not None]
    return min(max(_POLL_SECONDS, _POLL_SHARE * max(left, default=0.0)), _POLL_SECONDS_MAX)


def _timed_out(title: str, work: Work) -> CommandError:
    if work.is_unheard:
        return UnreachableError(f"{title}: gave up waiting: {work.waiting}")
    return CommandError(f"{title}: has not ended within --timeout; it goes on")
