"""What every store of a copy's plan must do (farpoint.movers.ports.PlanStore): the one in SQL and the one in memory."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farpoint.errors import SupersededError
from farpoint.metadata import operations
from farpoint.metadata.database import Database
from farpoint.metadata.plan_store import SqlPlanStore
from farpoint.model.ids import ChunkId, OperationId
from farpoint.model.index import PlannedChunk
from farpoint.model.operations import Claim, OperationState
from farpoint.movers.ports import PlanStore
from farpoint.testing.example_rows import MOMENT, example_operation, guid
from farpoint.testing.memory_plan import MemoryPlan
from farpoint.testing.new_database import lay_database

FIRST = OperationId(guid(1))
SECOND = OperationId(guid(2))


@frozen(kw_only=True)
class Subject:
    """An implementation, and what a test must be able to do around it."""

    store: PlanStore
    #: Take the operation over (start it when it is new).
    claim: Callable[[OperationId], Claim]
    end: Callable[[Claim], None]


def _memory() -> Iterator[Subject]:
    store = MemoryPlan()
    yield Subject(store=store, claim=store.claims.claim, end=lambda claim: store.claims.end(claim.operation))


def _sql(folder: Path) -> Iterator[Subject]:
    database = Database.open_sqlite(lay_database(folder / "metadata.sqlite"))

    def claim(operation: OperationId) -> Claim:
        with database.write() as conn:
            if operations.get_operation(conn, operation) is None:
                operations.insert_operation(conn, evolve(example_operation(), id=operation))
            return operations.claim_operation(conn, operation)

    def end(claim: Claim) -> None:
        with database.write() as conn:
            operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, MOMENT)

    yield Subject(store=SqlPlanStore(database), claim=claim, end=end)
    database.close()


@pytest.fixture(params=["memory", "sql"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    yield from _sql(tmp_path) if request.param == "sql" else _memory()


@pytest.fixture
def store(subject: Subject) -> PlanStore:
    return subject.store


@pytest.fixture
def claim(subject: Subject) -> Claim:
    return subject.claim(FIRST)


def planned(disk: str, block: int, chunk: int, wire_bytes: int = 100) -> PlannedChunk:
    return PlannedChunk(disk=disk, block=block, chunk=ChunkId(chunk.to_bytes(32, "big")), wire_bytes=wire_bytes)


def everything(store: PlanStore, disk: str, operation: OperationId = FIRST) -> list[PlannedChunk]:
    return store.read(operation, disk=disk, after_block=-1, limit=1_000_000)


def test_an_operation_without_a_plan_has_none(store: PlanStore) -> None:
    assert store.totals(FIRST) == {}
    assert everything(store, "os") == []


def test_chunks_are_read_by_disk_in_block_order(store: PlanStore, claim: Claim) -> None:
    store.add(claim, [planned("os", 70, 1), planned("data", 5, 2), planned("os", 0, 3)])
    store.add(claim, [planned("os", 9, 4)])
    assert everything(store, "os") == [planned("os", 0, 3), planned("os", 9, 4), planned("os", 70, 1)]
    assert everything(store, "data") == [planned("data", 5, 2)]


def test_reading_goes_on_after_a_block_and_stops_at_the_limit(store: PlanStore, claim: Claim) -> None:
    store.add(claim, [planned("os", block, block) for block in range(10)])
    page = store.read(FIRST, disk="os", after_block=3, limit=2)
    assert page == [planned("os", 4, 4), planned("os", 5, 5)]


def test_an_id_the_plan_has_is_ignored_under_whatever_disk(store: PlanStore, claim: Claim) -> None:
    store.add(claim, [planned("os", 1, 7), planned("os", 2, 7)])
    store.add(claim, [planned("data", 1, 7)])
    assert store.totals(FIRST) == {"os": (1, 100)}
    assert everything(store, "os") == [planned("os", 1, 7)]


def test_adding_the_same_chunks_again_changes_nothing(store: PlanStore, claim: Claim) -> None:
    chunks = [planned("os", block, block) for block in range(5)]
    store.add(claim, chunks)
    store.add(claim, chunks)
    assert everything(store, "os") == chunks


def test_adding_nothing_is_allowed(store: PlanStore, claim: Claim) -> None:
    store.add(claim, [])
    assert store.totals(FIRST) == {}


def test_totals_count_chunks_and_wire_bytes_per_disk(store: PlanStore, claim: Claim) -> None:
    store.add(claim, [planned("os", 1, 1, 10), planned("os", 2, 2, 300), planned("data", 1, 3, 5)])
    assert store.totals(FIRST) == {"os": (2, 310), "data": (1, 5)}


def test_plans_of_two_operations_do_not_meet(subject: Subject, claim: Claim) -> None:
    other = subject.claim(SECOND)
    subject.store.add(claim, [planned("os", 1, 1)])
    subject.store.add(other, [planned("os", 1, 1), planned("os", 2, 2)])
    subject.store.reset(claim)
    assert subject.store.totals(FIRST) == {}
    assert subject.store.totals(SECOND) == {"os": (2, 200)}


def test_reset_forgets_a_plan_of_any_size(store: PlanStore, claim: Claim) -> None:
    store.add(claim, [planned("os" if number % 3 else "data", number, number) for number in range(25_000)])
    store.reset(claim)
    assert store.totals(FIRST) == {}
    store.add(claim, [planned("os", 1, 1)])
    assert everything(store, "os") == [planned("os", 1, 1)]


def test_a_plan_is_discarded_without_a_claim(subject: Subject, claim: Claim) -> None:
    subject.store.add(claim, [planned("os", 1, 1)])
    subject.store.discard(claim.operation)

    assert everything(subject.store, "os") == []


def test_a_newer_incarnation_finds_the_plan_of_the_older(subject: Subject, claim: Claim) -> None:
    subject.store.add(claim, [planned("os", 1, 1)])
    subject.claim(FIRST)
    assert everything(subject.store, "os") == [planned("os", 1, 1)]


WRITES: dict[str, Callable[[PlanStore, Claim], None]] = {
    "reset": lambda store, claim: store.reset(claim),
    "add": lambda store, claim: store.add(claim, [planned("os", 2, 2)]),
}


@pytest.mark.parametrize("write_name", WRITES)
@pytest.mark.parametrize("why", ["taken over", "ended", "unknown"])
def test_a_claim_that_is_gone_plans_nothing(subject: Subject, claim: Claim, write_name: str, why: str) -> None:
    subject.store.add(claim, [planned("os", 1, 1)])
    gone = claim
    if why == "taken over":
        subject.claim(FIRST)
    elif why == "ended":
        subject.end(claim)
    else:
        gone = Claim(operation=OperationId(guid(99)), incarnation=1)
    with pytest.raises(SupersededError):
        WRITES[write_name](subject.store, gone)
    assert everything(subject.store, "os") == [planned("os", 1, 1)]


#: Maps never change under a plan: one (disk, block) always holds the same chunk.
PLANS = st.dictionaries(st.tuples(st.sampled_from(["os", "data"]), st.integers(0, 30)), st.integers(0, 12), max_size=40)


@given(plan=PLANS, cuts=st.lists(st.integers(0, 40), max_size=3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_first_place_of_each_chunk_is_planned_however_the_adding_is_cut(
    subject: Subject, plan: dict[tuple[str, int], int], cuts: list[int]
) -> None:
    claim = subject.claim(FIRST)
    subject.store.reset(claim)
    chunks = [planned(disk, block, chunk) for (disk, block), chunk in plan.items()]
    bounds = [0, *sorted(cuts), len(chunks)]
    for start, end in itertools.pairwise(bounds):
        subject.store.add(claim, chunks[start:end])
    first: dict[ChunkId, PlannedChunk] = {}
    for one in chunks:
        first.setdefault(one.chunk, one)
    found = everything(subject.store, "os") + everything(subject.store, "data")
    assert sorted(found, key=lambda one: one.chunk) == sorted(first.values(), key=lambda one: one.chunk)
