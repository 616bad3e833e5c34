"""Lanes: results in item order, the first error for everybody, and no thread left behind."""

import random
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import pytest

from farpoint.movers import lanes as lanes_module
from farpoint.movers.lanes import InlineLanes, Lanes, ThreadLanes, each

BOTH: list[Lanes] = [InlineLanes(), ThreadLanes(3)]
EVERY_KIND = pytest.mark.parametrize("lanes", BOTH, ids=["inline", "threads"])


class TroubleError(Exception):
    """Made up."""


class Crew:
    """Makes lanes that do what *work* says, and keeps a record of them."""

    def __init__(self, work: Callable[[int], int], *, finish: Callable[[], None] = lambda: None) -> None:
        self.work = work
        self.finish = finish
        self.made: list[Recorded] = []

    def make(self) -> "Recorded":
        self.made.append(Recorded(self))
        return self.made[-1]

    @property
    def ends(self) -> list[str]:
        return sorted(lane.end for lane in self.made)


class Recorded:
    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.end = "none"
        self.threads = set[int]()
        self.items: list[int] = []

    def work(self, item: int) -> int:
        self.threads.add(threading.get_ident())
        self.items.append(item)
        return self.crew.work(item)

    def finish(self) -> None:
        self.crew.finish()
        self.end = "finished"

    def abandon(self) -> None:
        self.end = "abandoned"


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell waiting runs so soon."""
    monkeypatch.setattr(lanes_module, "_TURN_SECONDS", 0.01)


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    # Those of an earlier test may still end meanwhile.
    assert set(threading.enumerate()) <= before


def failing_at(bad: int) -> Callable[[int], int]:
    def work(item: int) -> int:
        if item == bad:
            raise TroubleError(item)
        return item

    return work


@EVERY_KIND
def test_results_come_in_item_order_and_every_lane_finishes(lanes: Lanes, entropy_seed: int) -> None:
    delays = random.Random(entropy_seed)
    waits = [delays.random() / 500 for _ in range(100)]

    def work(item: int) -> int:
        time.sleep(waits[item])
        return item * item

    crew = Crew(work)
    assert list(lanes.run(crew.make, range(100))) == [item * item for item in range(100)]
    assert set(crew.ends) == {"finished"}
    assert sorted(item for lane in crew.made for item in lane.items) == list(range(100))


def test_each_lane_belongs_to_one_thread_and_all_of_them_work() -> None:
    meeting = threading.Barrier(3, timeout=20)

    def work(item: int) -> int:
        meeting.wait()
        return item

    crew = Crew(work)
    assert list(ThreadLanes(3).run(crew.make, range(9))) == list(range(9))
    assert [len(lane.threads) for lane in crew.made] == [1, 1, 1]
    assert len(set.union(*(lane.threads for lane in crew.made))) == 3


@EVERY_KIND
def test_no_items_are_no_results(lanes: Lanes) -> None:
    crew = Crew(failing_at(-1))
    assert list(lanes.run(crew.make, [])) == []
    assert set(crew.ends) == {"finished"}


@EVERY_KIND
def test_an_item_that_fails_ends_the_run_after_the_results_before_it(lanes: Lanes) -> None:
    crew, seen = Crew(failing_at(20)), list[int]()
    with pytest.raises(TroubleError, match="20"):
        seen.extend(lanes.run(crew.make, range(1000)))
    assert seen == list(range(len(seen)))
    assert len(seen) <= 20
    assert set(crew.ends) == {"abandoned"}


@EVERY_KIND
def test_a_function_is_called_for_each_item_until_it_fails(lanes: Lanes) -> None:
    seen: list[int] = []
    assert list(each(lanes, failing_at(-1), range(50))) == list(range(50))
    with closing(each(lanes, failing_at(20), range(50))) as results, pytest.raises(TroubleError, match="20"):
        seen.extend(results)
    assert seen == list(range(len(seen)))


@EVERY_KIND
def test_items_that_cannot_be_made_end_the_run(lanes: Lanes) -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise TroubleError

    crew = Crew(failing_at(-1))
    with pytest.raises(TroubleError):
        list(lanes.run(crew.make, items()))
    assert set(crew.ends) == {"abandoned"}


@EVERY_KIND
def test_a_lane_that_cannot_finish_fails_the_run(lanes: Lanes) -> None:
    def finish() -> None:
        raise TroubleError

    crew = Crew(failing_at(-1), finish=finish)
    with pytest.raises(TroubleError):
        list(lanes.run(crew.make, range(5)))
    assert set(crew.ends) == {"abandoned"}


@EVERY_KIND
def test_a_consumer_that_stops_early_lets_every_lane_go(lanes: Lanes) -> None:
    crew = Crew(failing_at(-1))
    results: Generator[int] = lanes.run(crew.make, range(10_000))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert set(crew.ends) == {"abandoned"}
    assert sum(len(lane.items) for lane in crew.made) < 50


@EVERY_KIND
def test_items_are_made_as_they_are_needed(lanes: Lanes) -> None:
    made = 0

    def items() -> Iterator[int]:
        nonlocal made
        for item in range(1000):
            made += 1
            yield item

    with closing(lanes.run(Crew(failing_at(-1)).make, items())) as results:
        assert next(results) == 0
    assert made <= 10


def test_the_error_that_stopped_the_others_is_the_one_raised() -> None:
    failed = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            failed.set()
            raise TroubleError(1)
        if item > 1:
            failed.wait(20)
        return item

    crew = Crew(work)
    with pytest.raises(TroubleError, match="1"):
        list(ThreadLanes(3).run(crew.make, range(100)))
    assert set(crew.ends) == {"abandoned"}


def test_an_error_never_leaves_the_consumer_waiting_for_an_item_that_nobody_does() -> None:
    # An item taken from the queue before the one that failed, looked at after it: found by switching threads all the time.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(400):
            with pytest.raises(TroubleError):
                list(ThreadLanes(4).run(Crew(failing_at(3)).make, range(8)))
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.usefixtures("short_turns")
def test_a_run_waits_for_its_turn_and_is_told_so() -> None:
    lanes, waiting = ThreadLanes(2, runs_max=1), threading.Event()
    first = lanes.run(Crew(failing_at(-1)).make, range(100))
    assert next(first) == 0
    results: list[int] = []
    second = threading.Thread(target=lambda: results.extend(lanes.run(Crew(failing_at(-1)).make, range(3), idle=waiting.set)))
    second.start()
    assert waiting.wait(20)
    assert results == []
    first.close()
    second.join()
    assert results == [0, 1, 2]


@pytest.mark.usefixtures("short_turns")
def test_a_consumer_that_gives_up_while_it_waits_takes_no_turn() -> None:
    lanes = ThreadLanes(2, runs_max=1)
    first = lanes.run(Crew(failing_at(-1)).make, range(100))
    next(first)

    def give_up() -> None:
        raise TroubleError

    with pytest.raises(TroubleError):
        list(lanes.run(Crew(failing_at(-1)).make, range(3), idle=give_up))
    first.close()
    assert list(lanes.run(Crew(failing_at(-1)).make, range(3))) == [0, 1, 2]
