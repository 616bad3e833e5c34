"""Operations: what survives, who may write, what a takeover does."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from farpoint.errors import Code, Place, RefusedError, SupersededError
from farpoint.metadata import operations
from farpoint.metadata.connection import Connection
from farpoint.metadata.counters import current_counter, next_counter
from farpoint.metadata.database import Database
from farpoint.model.ids import OperationId
from farpoint.model.operations import Claim, DiskProgress, Failure, OperationKind, OperationState, Progress
from farpoint.testing.example_rows import MOMENT, example_operation, guid

FIRST = OperationId(guid(1))
LATER = MOMENT + dt.timedelta(minutes=5)
PROGRESS = Progress(
    step="transfer",
    planned=True,
    disks=(DiskProgress(disk="os", bytes_total=10, bytes_done=4),),
    bytes_per_second=1.5,
    wire_bytes=3,
    notes=("beside it",),
    updated_at=LATER,
    percent_floor=12.25,
)
FAILURE = Failure(code="OutOfSpace", message="full \udcff", hint="make room", place=Place(pack="packs/ab", frame=3), percent=33.3)


@pytest.fixture
def claim(conn: Connection) -> Claim:
    operations.insert_operation(conn, example_operation(1))
    return operations.claim_operation(conn, FIRST)


def test_an_operation_survives_its_row_with_and_without_what_is_optional(conn: Connection) -> None:
    running = example_operation(1)
    ended = evolve(
        example_operation(2, kind=OperationKind.COPY_POINT),
        state=OperationState.FAILED,
        answered=True,
        incarnation=7,
        request={"sourcePointId": "/subscriptions/s/…", "sourceRegion": "eastus"},
        ended_at=LATER,
        progress=PROGRESS,
        failure=FAILURE,
    )
    for operation in (running, ended):
        operations.insert_operation(conn, operation)
    assert [operations.get_operation(conn, one.id) for one in (running, ended)] == [running, ended]
    assert operations.get_operation(conn, OperationId(guid(3))) is None


def test_an_operation_id_is_used_once(conn: Connection) -> None:
    operations.insert_operation(conn, example_operation(1))
    with pytest.raises(RefusedError) as refusal:
        operations.insert_operation(conn, example_operation(1))
    assert refusal.value.code is Code.CONFLICT


def test_the_newest_operation_of_a_subject_is_found(conn: Connection) -> None:
    for number, subject in ((5, "a"), (3, "a"), (4, "b")):
        operations.insert_operation(conn, example_operation(number, subject=subject))
    assert operations.find_operation_of(conn, "a") == example_operation(3, subject="a")
    assert operations.find_operation_of(conn, "c") is None


def test_operations_are_listed_newest_first_up_to_a_limit(conn: Connection) -> None:
    for number in (2, 3, 1):
        operations.insert_operation(conn, example_operation(number))
    assert [one.id for one in operations.list_operations(conn, 2)] == [guid(1), guid(3)]


def test_a_running_operation_survives_a_restart_with_its_progress(tmp_path: Path) -> None:
    first = Database.open_sqlite(tmp_path / "metadata.sqlite")
    with first.write() as conn:
        operations.insert_operation(conn, example_operation(1))
        claim = operations.claim_operation(conn, FIRST)
        operations.save_progress(conn, claim, PROGRESS)
    first.close()
    second = Database.open_sqlite(tmp_path / "metadata.sqlite")
    with second.read() as conn:
        assert operations.live_operations(conn) == [evolve(example_operation(1), incarnation=1, progress=PROGRESS)]
    second.close()


def test_live_operations_are_those_that_run_oldest_first(conn: Connection) -> None:
    for number in (2, 1, 3):
        operations.insert_operation(conn, example_operation(number))
    claim = operations.claim_operation(conn, FIRST)
    operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, LATER)
    assert [one.id for one in operations.live_operations(conn)] == [guid(2), guid(3)]


def test_each_claim_is_newer_than_the_one_before(conn: Connection, claim: Claim) -> None:
    second = operations.claim_operation(conn, FIRST)
    assert (claim.incarnation, second.incarnation) == (1, 2)


@pytest.mark.parametrize("ended", [True, False])
def test_what_does_not_run_cannot_be_claimed(conn: Connection, claim: Claim, ended: bool) -> None:
    operations.finish_operation(conn, claim, OperationState.FAILED, FAILURE, LATER)
    with pytest.raises(RefusedError) as refusal:
        operations.claim_operation(conn, FIRST if ended else OperationId(guid(9)))
    assert refusal.value.code is Code.OPERATION_NOT_ALLOWED


def test_the_newest_claim_writes(conn: Connection, claim: Claim) -> None:
    operations.check_claim(conn, claim)
    operations.save_progress(conn, claim, PROGRESS)
    operations.mark_answered(conn, claim)
    found = operations.get_operation(conn, FIRST)
    assert found == evolve(example_operation(1), incarnation=1, progress=PROGRESS, answered=True)


def test_a_finished_operation_says_how_and_when(conn: Connection, claim: Claim) -> None:
    operations.save_progress(conn, claim, PROGRESS)
    operations.finish_operation(conn, claim, OperationState.FAILED, FAILURE, LATER)
    expected = evolve(
        example_operation(1),
        incarnation=1,
        progress=PROGRESS,
        answered=True,
        state=OperationState.FAILED,
        failure=FAILURE,
        ended_at=LATER,
    )
    assert operations.get_operation(conn, FIRST) == expected


def test_the_same_end_again_changes_nothing(conn: Connection, claim: Claim) -> None:
    operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, MOMENT)
    operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, LATER)
    found = operations.get_operation(conn, FIRST)
    assert found is not None
    assert found.ended_at == MOMENT


def test_another_end_after_the_end_is_refused(conn: Connection, claim: Claim) -> None:
    operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, MOMENT)
    with pytest.raises(SupersededError):
        operations.finish_operation(conn, claim, OperationState.FAILED, FAILURE, LATER)


def test_running_is_no_end(conn: Connection, claim: Claim) -> None:
    with pytest.raises(AssertionError, match="is not an end"):
        operations.finish_operation(conn, claim, OperationState.RUNNING, None, LATER)


WRITES: dict[str, Callable[[Connection, Claim], None]] = {
    "check_claim": operations.check_claim,
    "save_progress": lambda conn, claim: operations.save_progress(conn, claim, PROGRESS),
    "mark_answered": operations.mark_answered,
    "finish_operation": lambda conn, claim: operations.finish_operation(conn, claim, OperationState.FAILED, None, LATER),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("why", ["taken over", "ended", "unknown"])
def test_a_claim_that_is_gone_changes_nothing(conn: Connection, claim: Claim, write: str, why: str) -> None:
    gone = claim
    if why == "taken over":
        operations.claim_operation(conn, FIRST)
    elif why == "ended":
        operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, MOMENT)
    else:
        gone = Claim(operation=OperationId(guid(9)), incarnation=1)
    before = operations.list_operations(conn, 10)
    with pytest.raises(SupersededError):
        WRITES[write](conn, gone)
    assert operations.list_operations(conn, 10) == before


def test_a_claimed_write_commits_under_the_newest_claim(database: Database) -> None:
    with database.write() as conn:
        operations.insert_operation(conn, example_operation(1))
        claim = operations.claim_operation(conn, FIRST)
    with operations.claimed_write(database, claim) as conn:
        next_counter(conn, "n")
    with database.read() as conn:
        assert current_counter(conn, "n") == 1


def test_a_claimed_write_never_begins_under_an_old_claim(database: Database) -> None:
    with database.write() as conn:
        operations.insert_operation(conn, example_operation(1))
        old = operations.claim_operation(conn, FIRST)
        operations.claim_operation(conn, FIRST)
    with pytest.raises(SupersededError), operations.claimed_write(database, old) as conn:
        next_counter(conn, "n")
    with database.read() as conn:
        assert current_counter(conn, "n") == 0
