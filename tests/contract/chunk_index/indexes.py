"""The chunk indexes under test, and the packs that tests put into them."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import evolve, frozen
from sqlalchemy import update

from farpoint.metadata import index_tables, operations
from farpoint.metadata.chunk_index import CONDEMN_COUNTER, SqlChunkIndex
from farpoint.metadata.counters import next_counter
from farpoint.metadata.database import Database
from farpoint.model.ids import ChunkId, NodeId, OperationId, PackId, ScopeId
from farpoint.model.index import Location, PackKind, PackRecord
from farpoint.model.operations import Claim, OperationState
from farpoint.testing.example_rows import MOMENT, example_operation, guid
from farpoint.testing.memory_index import MemoryIndex
from farpoint.testing.new_database import lay_database
from farpoint.vault.index import ChunkIndex

SCOPE = ScopeId(guid(100))
OTHER_SCOPE = ScopeId(guid(101))
LATER = MOMENT + dt.timedelta(days=1)


@frozen(kw_only=True)
class Subject:
    """An implementation, and what a test must be able to do around it."""

    index: ChunkIndex
    #: Take the operation over (start it when it is new).
    claim: Callable[[OperationId], Claim]
    end: Callable[[Claim], None]
    condemn: Callable[[PackId], None]


def in_memory() -> Iterator[Subject]:
    index = MemoryIndex()
    yield Subject(
        index=index,
        claim=index.claims.claim,
        end=lambda claim: index.claims.end(claim.operation),
        condemn=lambda pack: index.condemn([pack]),
    )


def in_sql(folder: Path) -> Iterator[Subject]:
    database = Database.open_sqlite(lay_database(folder / "metadata.sqlite"))

    def claim(operation: OperationId) -> Claim:
        with database.write() as conn:
            if operations.get_operation(conn, operation) is None:
                operations.insert_operation(conn, evolve(example_operation(), id=operation))
            return operations.claim_operation(conn, operation)

    def end(claim: Claim) -> None:
        with database.write() as conn:
            operations.finish_operation(conn, claim, OperationState.SUCCEEDED, None, MOMENT)

    def condemn(pack: PackId) -> None:
        with database.write() as conn:
            conn.execute(update(index_tables.packs).where(index_tables.packs.c.id == pack).values(state="condemned"))
            next_counter(conn, CONDEMN_COUNTER)

    yield Subject(index=SqlChunkIndex(database), claim=claim, end=end, condemn=condemn)
    database.close()


def pack_id(number: int) -> PackId:
    return PackId(number.to_bytes(24, "big"))


def chunk_id(number: int) -> ChunkId:
    return ChunkId(number.to_bytes(32, "big"))


def node_id(number: int) -> NodeId:
    return NodeId(number.to_bytes(32, "big"))


def pack_of(number: int, kind: PackKind = PackKind.DATA, scope: ScopeId = SCOPE) -> PackRecord:
    return PackRecord(id=pack_id(number), kind=kind, scope=scope, key_generation=1, size_bytes=24 << 20)


def place(pack: PackRecord, frame: int = 0) -> Location:
    return Location(pack.id, frame, 64 + frame * 1000, 1000, 262144)


def write(index: ChunkIndex, claim: Claim, pack: PackRecord, *ids: bytes, checked_at: dt.datetime | None = MOMENT) -> PackRecord:
    index.begin_pack(evolve(pack, size_bytes=0), claim)
    index.add_pack(pack, [(id, place(pack, frame)) for frame, id in enumerate(ids)], claim, checked_at=checked_at)
    return pack
