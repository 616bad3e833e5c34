"""What the chunk index writes, each within a transaction that its caller opened and whose claim it checked."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, Table, bindparam, exists, insert, literal_column, null, select, update

from farpoint.metadata.index_tables import chunks, nodes, packs, scopes
from farpoint.metadata.moments import encode_moment
from farpoint.metadata.rows import insert_row
from farpoint.metadata.sqlite import insert_or
from farpoint.metadata.statements import RawStatement
from farpoint.model.ids import NodeId, PackId, ScopeId
from farpoint.model.index import Location, PackKind, PackRecord
from farpoint.model.operations import Claim

WRITING = "writing"
LIVE = "live"
QUARANTINED = "quarantined"
#: The states as text inside the statement: raw statements take no parameters for them.
IS_LIVE = packs.c.state == literal_column(f"'{LIVE}'")
IS_READABLE = packs.c.state.in_((literal_column(f"'{LIVE}'"), literal_column(f"'{QUARANTINED}'")))

_ENTRY_COLUMNS = ("scope", "id", "pack", "frame", "offset_bytes", "sealed_bytes", "raw_bytes")
_LOCATION_COLUMNS = _ENTRY_COLUMNS[2:]


def insert_writing_pack(conn: Connection, pack: PackRecord, claim: Claim) -> None:
    """Record that an object of this id is about to be put; raise RefusedError when the id was used before."""
    values = {
        "id": pack.id,
        "kind": pack.kind.value,
        "scope": _number_of_scope(conn, pack.scope),
        "key_generation": pack.key_generation,
        "size_bytes": pack.size_bytes,
        "state": WRITING,
        "operation": claim.operation,
        "incarnation": claim.incarnation,
    }
    insert_row(conn, packs, values, what=f"pack {pack.id.hex()}")


def make_pack_live(conn: Connection, pack: PackRecord, *, checked_at: dt.datetime | None) -> int:
    """Make a begun pack live and return its number. A repeated call keeps what an earlier one or a check recorded."""
    query = select(packs.c.number, packs.c.state).where(packs.c.id == pack.id, packs.c.state.in_((WRITING, LIVE)))
    row = conn.execute(query).one_or_none()
    assert row is not None, f"pack {pack.id.hex()} was not begun"
    values: dict[str, object] = {"state": LIVE, "size_bytes": pack.size_bytes}
    if checked_at is not None:
        values["checked_at"] = checked_at
    conn.execute(update(packs).where(packs.c.number == row.number).values(**values))
    return int(row.number)


def set_checked(conn: Connection, ids: Iterable[PackId], checked_at: dt.datetime) -> None:
    """Set the moment of the newest check of these live packs."""
    query = update(packs).where(packs.c.id == bindparam("pack_id"), IS_LIVE).values(checked_at=checked_at)
    rows = [{"pack_id": id} for id in ids]
    if rows:
        conn.execute(query, rows)


def quarantine_packs(conn: Connection, ids: Collection[PackId]) -> frozenset[PackId]:
    """Take these live packs out of use and the closed marks off their scopes; return those that were live.

    Every node of a scope loses its mark, not only those above the damage: damage is rare, finding them costs a walk over every map, and
    the next walk sets again what is sound.
    """
    doomed = conn.execute(select(packs.c.id, packs.c.number, packs.c.scope).where(packs.c.id.in_(ids), IS_LIVE)).all()
    if doomed:
        numbers, touched = {row.number for row in doomed}, {row.scope for row in doomed}
        conn.execute(update(packs).where(packs.c.number.in_(numbers)).values(state=QUARANTINED, checked_at=None))
        conn.execute(update(nodes).where(nodes.c.scope.in_(touched), nodes.c.closed_since.is_not(None)).values(closed_since=None))
    return frozenset(PackId(row.id) for row in doomed)


def reinstate_packs(conn: Connection, ids: Collection[PackId]) -> None:
    """Make those of these packs that are quarantined live again."""
    conn.execute(update(packs).where(packs.c.id.in_(ids), packs.c.state == QUARANTINED).values(state=LIVE))


class EntryWriter:
    """Writes of many entries at once, their statements compiled once."""

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._inserts = {kind: _entry_insert(table) for kind, table in ((PackKind.DATA, chunks), (PackKind.NODES, nodes))}
        self._close = _close_update()

    def insert(self, conn: Connection, pack: PackRecord, number: int, entries: Sequence[tuple[bytes, Location]]) -> None:
        """Add the entries of the pack with this number; an id that is found in a live pack already stays there."""
        assert all(location.pack == pack.id for _, location in entries), f"an entry of pack {pack.id.hex()} names another pack"
        scope = _number_of_scope(conn, pack.scope)
        rows = [(scope, id, number, at.frame, at.offset_bytes, at.sealed_bytes, at.raw_bytes) for id, at in entries]
        self._inserts[pack.kind].run_many(conn, rows)

    def close(self, conn: Connection, scope: ScopeId, closed: Mapping[NodeId, dt.datetime]) -> None:
        """Set the closed marks of these nodes, of those that are found."""
        number = _number_of_scope(conn, scope)
        self._close.run_many(conn, [(encode_moment(since), number, id) for id, since in closed.items()])


def _number_of_scope(conn: Connection, scope: ScopeId) -> int:
    query = select(scopes.c.number).where(scopes.c.id == scope)
    number = conn.execute(query).scalar_one_or_none()
    if number is None:
        conn.execute(insert(scopes).values(id=scope))
        number = conn.execute(query).scalar_one()
    return int(number)


def _entry_insert(table: Table) -> RawStatement:
    statement = insert_or(table).values({name: bindparam(name) for name in _ENTRY_COLUMNS})
    changes: dict[str, object] = {name: statement.excluded[name] for name in _LOCATION_COLUMNS}
    if table is nodes:
        changes["closed_since"] = null()
    # Condemned and quarantined entries count as absent: the new location replaces theirs, or the id would be lost with their pack.
    # The row's own pack, as text: as a column it would put the table into the subquery's FROM, which would ask whether any entry is live.
    stays = exists(packs.c.number).where(packs.c.number == literal_column(f"{table.name}.pack"), IS_LIVE)
    upsert = statement.on_conflict_do_update(index_elements=[table.c.scope, table.c.id], set_=changes, where=~stays)
    return RawStatement(upsert, ending=_ENTRY_COLUMNS)


def _close_update() -> RawStatement:
    found = exists(packs.c.number).where(packs.c.number == nodes.c.pack, IS_LIVE)
    here = (nodes.c.scope == bindparam("in_scope"), nodes.c.id == bindparam("node"))
    statement = update(nodes).where(*here, found).values(closed_since=bindparam("since"))
    return RawStatement(statement, ending=("since", "in_scope", "node"))
