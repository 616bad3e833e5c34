"""The chunk index in SQL: satisfies farpoint.vault.index.ChunkIndex.

A pack is ``writing`` from begin_pack on, ``live`` from add_pack on, ``quarantined`` when damage was found in it, and ``condemned``
when collection means to take it. Only entries of live packs are found; those of quarantined ones can still be located, to be read.
Each write of an operation is one transaction that first checks its claim; reads take a snapshot of their own and never wait for a
write.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from sqlalchemy import RowMapping, Select, Table, bindparam, select
from sqlalchemy.sql.expression import ColumnElement

from farpoint.metadata.counters import current_counter, next_counter
from farpoint.metadata.database import Database
from farpoint.metadata.index_tables import chunks, nodes, packs, scopes
from farpoint.metadata.index_writes import (
    IS_LIVE,
    IS_READABLE,
    EntryWriter,
    insert_writing_pack,
    make_pack_live,
    quarantine_packs,
    reinstate_packs,
    set_checked,
)
from farpoint.metadata.moments import decode_moment
from farpoint.metadata.operations import claimed_write
from farpoint.metadata.statements import IdLookup, IdParameters, IdSelect, slices
from farpoint.model.ids import ChunkId, NodeId, OperationId, PackId, ScopeId
from farpoint.model.index import Location, NodeRow, PackKind, PackRecord
from farpoint.model.operations import Claim

#: Raised each time something is condemned or quarantined.
CONDEMN_COUNTER = "condemn"
#: Packs per page of packs(): the consumer does I/O between pages, never inside a read transaction.
_PAGE_ROWS = 500

#: Id, pack id, frame, offset, sealed and raw bytes, as the driver has them; a node's row ends with its closed mark.
_ChunkRow: TypeAlias = tuple[bytes, bytes, int, int, int, int]
_NodeRow: TypeAlias = tuple[bytes, bytes, int, int, int, int, str | None]


class SqlChunkIndex:
    """See farpoint.vault.index.ChunkIndex for the contract."""

    def __init__(self, database: Database) -> None:
        """Keep the index in *database*; share one between threads."""
        self._database = database
        self._live_chunks = IdLookup[_ChunkRow](partial(_select_entries, chunks, IS_LIVE))
        self._live_nodes = IdLookup[_NodeRow](partial(_select_entries, nodes, IS_LIVE, more=(nodes.c.closed_since,)))
        self._readable_chunks = IdLookup[_ChunkRow](partial(_select_entries, chunks, IS_READABLE))
        self._readable_nodes = IdLookup[_NodeRow](partial(_select_entries, nodes, IS_READABLE, more=(nodes.c.closed_since,)))
        self._entries = EntryWriter()

    def find_chunks(self, scope: ScopeId, ids: Collection[ChunkId]) -> Mapping[ChunkId, Location]:
        """Return the locations of those *ids* that may be relied on."""
        return self._chunks(self._live_chunks, scope, ids)

    def find_nodes(self, scope: ScopeId, ids: Collection[NodeId]) -> Mapping[NodeId, NodeRow]:
        """Return the rows of those *ids* that may be relied on."""
        return self._nodes(self._live_nodes, scope, ids)

    def locate_chunks(self, scope: ScopeId, ids: Collection[ChunkId]) -> Mapping[ChunkId, Location]:
        """Return where to read those *ids*."""
        return self._chunks(self._readable_chunks, scope, ids)

    def locate_nodes(self, scope: ScopeId, ids: Collection[NodeId]) -> Mapping[NodeId, NodeRow]:
        """Return where to read those *ids*."""
        return self._nodes(self._readable_nodes, scope, ids)

    def begin_pack(self, pack: PackRecord, claim: Claim) -> None:
        """Commit the ``writing`` row of a pack before its object is put."""
        with claimed_write(self._database, claim) as conn:
            insert_writing_pack(conn, pack, claim)

    def add_pack(
        self, pack: PackRecord, entries: Sequence[tuple[bytes, Location]], claim: Claim, *, checked_at: dt.datetime | None
    ) -> None:
        """Make the pack live and add its entries, in one transaction."""
        with claimed_write(self._database, claim) as conn:
            number = make_pack_live(conn, pack, checked_at=checked_at)
            self._entries.insert(conn, pack, number, entries)

    def find_packs(self, ids: Collection[PackId]) -> Mapping[PackId, PackRecord]:
        """Return the records of those packs that can be read."""
        with self._database.read() as conn:
            pages = (conn.execute(_select_packs(IS_READABLE).where(packs.c.id.in_(some))).mappings() for some in slices(ids))
            records = [_record_of(row) for page in pages for row in page]
            return {record.id: record for record in records}

    def unchecked_packs(self, ids: Collection[PackId]) -> frozenset[PackId]:
        """Return those of *ids* that are not known to be live and checked: a pack we know nothing of was not checked."""
        return frozenset(ids) - self._checks(ids).keys()

    def mark_packs_checked(self, ids: Collection[PackId], checked_at: dt.datetime, claim: Claim) -> None:
        """Record that every frame of these packs was read back and matched."""
        with claimed_write(self._database, claim) as conn:
            set_checked(conn, ids, checked_at)

    def oldest_check(self, ids: Collection[PackId]) -> dt.datetime | None:
        """Return the oldest ``checked_at`` of those of these packs that were checked."""
        return min(self._checks(ids).values(), default=None)

    def close_nodes(self, scope: ScopeId, nodes: Mapping[NodeId, dt.datetime], claim: Claim) -> None:
        """Set the closed mark of these nodes."""
        with claimed_write(self._database, claim) as conn:
            self._entries.close(conn, scope, nodes)

    def quarantine(self, ids: Collection[PackId]) -> frozenset[PackId]:
        """Rely on these packs no more; return those that were live until now."""
        with self._database.write() as conn:
            taken = quarantine_packs(conn, ids)
            if taken:
                next_counter(conn, CONDEMN_COUNTER)
        return taken

    def reinstate(self, ids: Collection[PackId]) -> None:
        """Rely again on those of these packs that are quarantined."""
        with self._database.write() as conn:
            reinstate_packs(conn, ids)

    def condemn_count(self) -> int:
        """Return the counter that rises each time something is condemned or quarantined."""
        with self._database.read() as conn:
            return current_counter(conn, CONDEMN_COUNTER)

    def packs(self, *, claim_operation: str | None = None) -> Iterator[PackRecord]:
        """Iterate over all live packs, or over those one operation wrote, oldest first."""
        query = _select_packs(IS_LIVE).order_by(packs.c.number).limit(_PAGE_ROWS)
        if claim_operation is not None:
            query = query.where(packs.c.operation == OperationId(uuid.UUID(claim_operation)))
        last = -1
        while True:
            with self._database.read() as conn:
                page = conn.execute(query.where(packs.c.number > last)).mappings().all()
            if not page:
                return
            yield from (_record_of(row) for row in page)
            last = page[-1]["number"]

    def _chunks(self, lookup: IdLookup[_ChunkRow], scope: ScopeId, ids: Collection[ChunkId]) -> dict[ChunkId, Location]:
        with self._database.read() as conn:
            rows = lookup.rows(conn, ids, str(scope))
            return {ChunkId(id): Location(PackId(pack), frame, offset, sealed, raw) for id, pack, frame, offset, sealed, raw in rows}

    def _nodes(self, lookup: IdLookup[_NodeRow], scope: ScopeId, ids: Collection[NodeId]) -> dict[NodeId, NodeRow]:
        with self._database.read() as conn:
            rows = lookup.rows(conn, ids, str(scope))
            return {
                NodeId(id): NodeRow(Location(PackId(pack), frame, offset, sealed, raw), None if closed is None else decode_moment(closed))
                for id, pack, frame, offset, sealed, raw, closed in rows
            }

    def _checks(self, ids: Collection[PackId]) -> dict[PackId, dt.datetime]:
        query = select(packs.c.id, packs.c.checked_at).where(IS_LIVE, packs.c.checked_at.is_not(None))
        with self._database.read() as conn:
            rows = (row for some in slices(ids) for row in conn.execute(query.where(packs.c.id.in_(some))))
            return {PackId(row.id): row.checked_at for row in rows}


def _select_entries(
    table: Table, in_state: ColumnElement[bool], ids: IdParameters, *, more: Sequence[ColumnElement[object]] = ()
) -> IdSelect:
    scope = select(scopes.c.number).where(scopes.c.id == bindparam("in_scope")).scalar_subquery()
    entry = table.c
    return (
        select(entry.id, packs.c.id, entry.frame, entry.offset_bytes, entry.sealed_bytes, entry.raw_bytes, *more)
        .join(packs, packs.c.number == entry.pack)
        .where(in_state, entry.scope == scope, entry.id.in_(ids))
    )


def _select_packs(in_state: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    columns = (packs.c.number, packs.c.id, packs.c.kind, packs.c.key_generation, packs.c.size_bytes, scopes.c.id.label("scope"))
    return select(*columns).join(scopes, scopes.c.number == packs.c.scope).where(in_state)


def _record_of(row: RowMapping) -> PackRecord:
    return PackRecord(
        id=PackId(row["id"]),
        kind=PackKind(row["kind"]),
        scope=ScopeId(row["scope"]),
        key_generation=row["key_generation"],
        size_bytes=row["size_bytes"],
    )
