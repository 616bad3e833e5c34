"""A copy's work list in SQL: satisfies farpoint.movers.ports.PlanStore.

It is scratch: nothing but the copy itself relies on it, and it is made again from the maps when it is gone. Millions of rows may
be in it, so it is emptied in slices: the writer is never kept for long, and the journal stays small.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, ScalarSelect, bindparam, delete, func, select

from farpoint.metadata.database import Database
from farpoint.metadata.index_tables import planned_chunks
from farpoint.metadata.operations import claimed_write
from farpoint.metadata.sqlite import insert_or
from farpoint.metadata.statements import RawStatement
from farpoint.metadata.tables import operations
from farpoint.model.ids import ChunkId, OperationId
from farpoint.model.index import PlannedChunk
from farpoint.model.operations import Claim

#: Rows deleted per transaction: some 10 ms and a megabyte of journal each.
_SLICE_ROWS = 10_000
_COLUMNS = ("operation", "disk", "block", "chunk", "wire_bytes")


class SqlPlanStore:
    """See farpoint.movers.ports.PlanStore for the contract."""

    def __init__(self, database: Database) -> None:
        """Keep plans in *database*; share one between threads."""
        self._database = database
        self._insert = _insert_new()

    def reset(self, claim: Claim) -> None:
        """Forget the operation's plan. A crash in between leaves a part of it, which the next reset takes."""
        emptied = False
        while not emptied:
            with claimed_write(self._database, claim) as conn:
                emptied = _delete_slice(conn, claim.operation) == 0

    def discard(self, operation: OperationId) -> None:
        """Forget the plan of an operation that has ended."""
        emptied = False
        while not emptied:
            with self._database.write() as conn:
                emptied = _delete_slice(conn, operation) == 0

    def add(self, claim: Claim, chunks: Sequence[PlannedChunk]) -> None:
        """Add chunks, ignoring ids the plan has already, under whatever disk."""
        with claimed_write(self._database, claim) as conn:
            number = conn.execute(select(_number_of(claim.operation))).scalar_one()
            self._insert.run_many(conn, [(number, one.disk, one.block, one.chunk, one.wire_bytes) for one in chunks])

    def totals(self, operation: OperationId) -> dict[str, tuple[int, int]]:
        """Return per disk (chunks, wire bytes) planned."""
        plan = planned_chunks.c
        query = select(plan.disk, func.count().label("chunks"), func.sum(plan.wire_bytes).label("wire_bytes"))
        query = query.where(plan.operation == _number_of(operation)).group_by(plan.disk)
        with self._database.read() as conn:
            return {row["disk"]: (row["chunks"], row["wire_bytes"]) for row in conn.execute(query).mappings()}

    def read(self, operation: OperationId, *, disk: str, after_block: int, limit: int) -> list[PlannedChunk]:
        """Return at most *limit* planned chunks of one disk with block > *after_block*, ascending."""
        plan = planned_chunks.c
        query = select(plan.block, plan.chunk, plan.wire_bytes)
        query = query.where(plan.operation == _number_of(operation), plan.disk == disk, plan.block > after_block)
        with self._database.read() as conn:
            rows = conn.execute(query.order_by(plan.block).limit(limit)).all()
        return [PlannedChunk(disk=disk, block=block, chunk=ChunkId(chunk), wire_bytes=wire_bytes) for block, chunk, wire_bytes in rows]


def _number_of(operation: OperationId) -> ScalarSelect[int]:
    return select(operations.c.number).where(operations.c.id == operation).scalar_subquery()


def _insert_new() -> RawStatement:
    # Without a target the clause covers both keys: the same block again, and the same chunk under another block or disk.
    statement = insert_or(planned_chunks).values({name: bindparam(name) for name in _COLUMNS}).on_conflict_do_nothing()
    return RawStatement(statement, ending=_COLUMNS)


def _delete_slice(conn: Connection, operation: OperationId) -> int:
    plan = planned_chunks.c
    number = conn.execute(select(_number_of(operation))).scalar_one()
    slice_ = select(plan.disk, plan.block).where(plan.operation == number).order_by(plan.disk, plan.block).limit(_SLICE_ROWS)
    last = conn.execute(slice_).all()
    if not last:
        return 0
    disk, block = last[-1]
    before = (plan.disk < disk) | ((plan.disk == disk) & (plan.block <= block))
    return conn.execute(delete(planned_chunks).where(plan.operation == number, before)).rowcount
