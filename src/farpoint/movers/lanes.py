"""Lanes: how a mover spreads its items over threads, in order, with bounded memory.

A lane is an object one thread owns: its buffers, its open pack. Results come back in item order, so whoever consumes them sees a
plain sequence. With InlineLanes the same mover is one deterministic sequence of calls, which is how the crash suite runs it.
"""

import collections
import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

#: Items handed out beyond those being worked on, per lane: enough to keep lanes busy while the consumer works.
_AHEAD_PER_LANE = 2
#: Runs at one time. Each has its lanes' buffers, up to 150 MiB: more at once cost memory and bring nothing.
_RUNS_MAX = 4
#: A run that waits for its turn tells its consumer this often: seldom, for each time its progress is written, which those at work wait for.
_TURN_SECONDS = 10.0
#: A consumer that waits for a slow item is told this often: what it shows stays fresh, however long an item takes.
_IDLE_SECONDS = 0.25


def _nothing() -> None:
    """Do nothing while waiting."""


class Lane(Protocol[Item_contra, Result_co]):
    """One thread's worth of a mover."""

    def work(self, item: Item_contra) -> Result_co:
        """Do one item."""
        ...

    def finish(self) -> None:
        """Complete what is open (flush the pack); called once, after the last item, when all went well."""
        ...

    def abandon(self) -> None:
        """Let go after an error somewhere; must not raise."""
        ...


class Lanes(Protocol):
    """Runs items through lanes."""

    def run(
        self, make_lane: Callable[[], Lane[Item, Result]], items: Iterable[Item], *, idle: Callable[[], None] = _nothing
    ) -> Generator[Result]:
        """Yield the results in item order; when the iterator is exhausted every lane has finished.

        The first error of a lane or of *items* stops everything: lanes are abandoned, the error is raised. A consumer that may raise
        closes the generator (contextlib.closing), or lanes would go on until somebody forgets the error. *idle* is called now and
        then, in the consumer's thread, while the next result is waited for; when it raises, that is the consumer's error.
        """
        ...


def each(
    lanes: Lanes, function: Callable[[Item], Result], items: Iterable[Item], /, *, idle: Callable[[], None] = _nothing
) -> Generator[Result]:
    """Yield what *function* returns for each item, in order, calling it on lanes; close the generator as one that run() returned."""
    return lanes.run(lambda: _CallingLane(function), items, idle=idle)


class _CallingLane(Generic[Item, Result]):
    """A lane that owns nothing."""

    def __init__(self, function: Callable[[Item], Result]) -> None:
        self.work = function

    def finish(self) -> None:
        """Nothing is open."""

    def abandon(self) -> None:
        """Nothing is open."""


class InlineLanes:
    """One lane, in the caller's thread."""

    def run(
        self,
        make_lane: Callable[[], Lane[Item, Result]],
        items: Iterable[Item],
        *,
        idle: Callable[[], None] = _nothing,  # noqa: ARG002 - nobody waits: the consumer's own thread does the work
    ) -> Generator[Result]:
        """Work item by item."""
        lane = make_lane()
        try:
            for item in items:
                yield lane.work(item)
            lane.finish()
        except BaseException:
            lane.abandon()
            raise


class ThreadLanes:
    """*count* lanes, a thread each, for every run; a few runs at a time, the others wait."""

    def __init__(self, count: int, *, runs_max: int = _RUNS_MAX) -> None:
        """Use *count* threads per run."""
        self._count = count
        self._turns = threading.BoundedSemaphore(runs_max)

    def run(
        self, make_lane: Callable[[], Lane[Item, Result]], items: Iterable[Item], *, idle: Callable[[], None] = _nothing
    ) -> Generator[Result]:
        """Work on up to *count* items at once, when it is this run's turn."""
        while not self._turns.acquire(timeout=_TURN_SECONDS):
            idle()
        try:
            yield from self._run(make_lane, items, idle)
        finally:
            self._turns.release()

    def _run(self, make_lane: Callable[[], Lane[Item, Result]], items: Iterable[Item], idle: Callable[[], None]) -> Generator[Result]:
        crew = _Crew(self._count, make_lane)
        pending: collections.deque[_Slot[Result]] = collections.deque()
        try:
            for item in items:
                pending.append(crew.submit(item))
                while len(pending) >= self._count * (1 + _AHEAD_PER_LANE):
                    yield pending.popleft().take(idle)
            while pending:
                yield pending.popleft().take(idle)
            crew.finish(idle)
        except BaseException:
            crew.abandon()
            raise


class _AbandonedError(Exception):
    """What stands in a slot that nobody will take: the consumer has gone."""


class _Slot(Generic[Result]):
    """A place for one result."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._result: Result | None = None
        self._error: BaseException | None = None

    def fill(self, result: Result) -> None:
        self._result = result
        self._ready.set()

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._ready.set()

    def take(self, idle: Callable[[], None]) -> Result:
        while not self._ready.wait(_IDLE_SECONDS):
            idle()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # fill() was called: the value is a Result, None included


class _Crew(Generic[Item, Result]):
    """The threads of one run."""

    def __init__(self, count: int, make_lane: Callable[[], Lane[Item, Result]]) -> None:
        self._inbox: queue.SimpleQueue[tuple[_Slot[Result], Item] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._first_error: BaseException | None = None
        self._ends = [_Slot[None]() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(make_lane(), end), name=f"lane-{number}", daemon=True)
            for number, end in enumerate(self._ends)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, item: Item) -> _Slot[Result]:
        slot = _Slot[Result]()
        self._inbox.put((slot, item))
        return slot

    def finish(self, idle: Callable[[], None]) -> None:
        """Tell every lane to finish, wait, and raise the first error."""
        self._send_off()
        for end in self._ends:
            end.take(idle)
        self._join()

    def abandon(self) -> None:
        """Stop after the items being worked on."""
        self._stopped.set()
        self._send_off()
        self._join()

    def _send_off(self) -> None:
        for _ in self._threads:
            self._inbox.put(None)

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _serve(self, lane: Lane[Item, Result], end: _Slot[None]) -> None:
        try:
            while (order := self._inbox.get()) is not None:
                self._do(lane, *order)
            if self._stopped.is_set():
                lane.abandon()
            else:
                lane.finish()
            end.fill(None)
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
            # First of all: a consumer must never wait for an end that does not come.
            end.fail(error)
            lane.abandon()

    def _do(self, lane: Lane[Item, Result], slot: _Slot[Result], item: Item) -> None:
        if self._stopped.is_set():
            # Fail the slot rather than leave it empty: an item taken before the one that failed may get here after it, and the
            # consumer, who waits for the results in order, would wait for ever.
            slot.fail(self._first_error or _AbandonedError())
            return
        try:
            slot.fill(lane.work(item))
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
            self._first_error = self._first_error or error
            self._stopped.set()
            slot.fail(error)
