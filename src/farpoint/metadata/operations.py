"""Operations: the rows that are the truth about durable work, and the claims that guard every write of a step.

A claim is (operation, incarnation). Claiming raises the incarnation, so a worker that was taken over holds an old one: each of
its writes is refused with SupersededError inside the transaction that would have made it. A running row survives restarts; only
a claim's holder ends it.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, RowMapping, Update, select, update

from farpoint.errors import Code, RefusedError, SupersededError
from farpoint.metadata.database import Database
from farpoint.metadata.rows import insert_row
from farpoint.metadata.tables import operations
from farpoint.model.ids import OperationId
from farpoint.model.operations import Claim, Failure, Operation, OperationKind, OperationState, Progress

_RUNNING = OperationState.RUNNING.value


def insert_operation(conn: Connection, operation: Operation) -> None:
    """Insert a new operation, in the transaction that makes or changes its resource."""
    insert_row(conn, operations, _values_of(operation), what=f"operation {operation.id}")


def get_operation(conn: Connection, guid: OperationId) -> Operation | None:
    """Return the operation with that id."""
    row = conn.execute(select(operations).where(operations.c.id == guid)).mappings().one_or_none()
    return None if row is None else _operation_of(row)


def find_operation_of(conn: Connection, subject: str) -> Operation | None:
    """Return the newest operation on the resource with that id."""
    query = select(operations).where(operations.c.subject == subject).order_by(operations.c.number.desc()).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _operation_of(row)


def live_operations(conn: Connection) -> list[Operation]:
    """Return the running operations, oldest first: each of them must have a workflow."""
    query = select(operations).where(operations.c.state == _RUNNING).order_by(operations.c.number)
    return [_operation_of(row) for row in conn.execute(query).mappings()]


def begun_since(conn: Connection, kind: OperationKind, moment: dt.datetime) -> list[Operation]:
    """Return the operations of one kind that were begun after *moment*, however they ended, oldest first."""
    query = select(operations).where(operations.c.kind == kind.value, operations.c.created_at > moment).order_by(operations.c.number)
    return [_operation_of(row) for row in conn.execute(query).mappings()]


def list_operations(conn: Connection, limit: int) -> list[Operation]:
    """Return at most *limit* operations of this region, newest first."""
    query = select(operations).order_by(operations.c.number.desc()).limit(limit)
    return [_operation_of(row) for row in conn.execute(query).mappings()]


def claim_operation(conn: Connection, guid: OperationId) -> Claim:
    """Take the operation over: from here on older claims are refused. Raise RefusedError when it is not running."""
    changed = conn.execute(_running(guid).values(incarnation=operations.c.incarnation + 1)).rowcount
    if changed == 0:
        raise RefusedError(Code.OPERATION_NOT_ALLOWED, f"operation {guid} is not running", hint="It has ended, or never was.")
    incarnation = conn.execute(select(operations.c.incarnation).where(operations.c.id == guid)).scalar_one()
    return Claim(operation=guid, incarnation=incarnation)


def check_claim(conn: Connection, claim: Claim) -> None:
    """Raise SupersededError unless the operation runs and *claim* is its newest."""
    query = select(operations.c.number).where(
        operations.c.id == claim.operation, operations.c.incarnation == claim.incarnation, operations.c.state == _RUNNING
    )
    if conn.execute(query).one_or_none() is None:
        raise SupersededError(str(claim.operation))


@contextmanager
def claimed_write(database: Database, claim: Claim) -> Iterator[Connection]:
    """Open a write transaction for a step: the claim is checked first, in the same transaction."""
    with database.write() as connection:
        check_claim(connection, claim)
        yield connection


def save_progress(conn: Connection, claim: Claim, progress: Progress) -> None:
    """Store the newest progress; raise SupersededError when the claim is gone."""
    _change(conn, claim, _claimed(claim).values(progress=progress))


def mark_answered(conn: Connection, claim: Claim) -> None:
    """Let ARM call the operation Succeeded from now on; raise SupersededError when the claim is gone."""
    _change(conn, claim, _claimed(claim).values(answered=True))


def finish_operation(conn: Connection, claim: Claim, state: OperationState, failure: Failure | None, ended_at: dt.datetime) -> None:
    """End the operation; raise SupersededError when the claim is gone.

    Repeating the same end under the same claim changes nothing: a step may run twice.
    """
    assert state.is_end, f"{state} is not an end"
    query = _claimed(claim).values(state=state.value, answered=True, failure=failure, ended_at=ended_at)
    if conn.execute(query).rowcount == 0 and not _ended_so(conn, claim, state):
        raise SupersededError(str(claim.operation))


def _running(guid: OperationId) -> Update:
    return update(operations).where(operations.c.id == guid, operations.c.state == _RUNNING)


def _claimed(claim: Claim) -> Update:
    return _running(claim.operation).where(operations.c.incarnation == claim.incarnation)


def _change(conn: Connection, claim: Claim, query: Update) -> None:
    if conn.execute(query).rowcount == 0:
        raise SupersededError(str(claim.operation))


def _ended_so(conn: Connection, claim: Claim, state: OperationState) -> bool:
    found = get_operation(conn, claim.operation)
    return found is not None and found.incarnation == claim.incarnation and found.state is state


def _values_of(operation: Operation) -> dict[str, object]:
    return {
        "id": operation.id,
        "kind": operation.kind.value,
        "resource_id": operation.resource_id,
        "subject": operation.subject,
        "state": operation.state.value,
        "answered": operation.answered,
        "incarnation": operation.incarnation,
        "principal": operation.principal,
        "request": operation.request,
        "created_at": operation.created_at,
        "ended_at": operation.ended_at,
        "progress": operation.progress,
        "failure": operation.failure,
    }


def _operation_of(row: RowMapping) -> Operation:
    return Operation(
        id=OperationId(row["id"]),
        kind=OperationKind(row["kind"]),
        resource_id=row["resource_id"],
        subject=row["subject"],
        state=OperationState(row["state"]),
        answered=row["answered"],
        incarnation=row["incarnation"],
        principal=row["principal"],
        request=row["request"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        progress=row["progress"],
        failure=row["failure"],
    )
