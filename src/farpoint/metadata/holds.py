"""Holds: what a peer's copy asked this region to keep until it is done.

A hold ends by release, or after HOLD_TICKS_MAX ticks without a sign of life from its peer. Ticks count the holding region's own
life: while this region is down, no hold comes nearer its end. A token names one hold and no other, ever: it starts with the
epoch of the database and goes on with a counter.
"""

from attrs import frozen
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from farpoint.metadata.counters import next_counter
from farpoint.metadata.tables import holds, receipts
from farpoint.model.ids import ManifestId, OperationId, RegionId

#: How often the region ticks while it runs.
HOLD_TICK_SECONDS = 60
#: Fourteen days of ticks, the longest a copy may take: a target that was away all that time still finds its hold.
HOLD_TICKS_MAX = 14 * 24 * 60 * 60 // HOLD_TICK_SECONDS
_COUNTER = "hold"


@frozen(kw_only=True)
class Hold:
    """One hold, as the region that keeps it knows it."""

    #: ``<epoch>-<counter>``.
    token: str
    manifest: ManifestId
    #: ARM id of the restore point here.
    point_id: str
    #: The region that copies, and its operation.
    peer: RegionId
    operation: OperationId
    #: Ticks until the hold dies without a renewal.
    ticks_left: int

    @property
    def is_fresh(self) -> bool:
        """True until the first tick after the last renewal: a renewal now would change nothing."""
        return self.ticks_left == HOLD_TICKS_MAX


def create_or_get_hold(
    conn: Connection, *, manifest: ManifestId, point_id: str, peer: RegionId, operation: OperationId, epoch: int | str
) -> Hold:
    """Return the hold of this peer's operation, renewed; make one when there is none.

    An existing hold keeps the manifest it was made for, whatever the ARM id names today.
    """
    found = find_hold_of(conn, peer=peer, operation=operation)
    if found is not None:
        renew_hold(conn, found.token)
        return _existing(conn, found.token)
    token = f"{epoch}-{next_counter(conn, _COUNTER)}"
    row = {"token": token, "manifest": manifest, "point_id": point_id, "peer": peer, "operation": operation}
    conn.execute(insert(holds).values(**row, ticks_left=HOLD_TICKS_MAX))
    return _existing(conn, token)


def find_hold_of(conn: Connection, *, peer: RegionId, operation: OperationId) -> Hold | None:
    """Return the living hold of this peer's operation."""
    row = conn.execute(select(holds).where(holds.c.peer == peer, holds.c.operation == operation)).mappings().one_or_none()
    return None if row is None else _hold_of(row)


def get_hold(conn: Connection, token: str) -> Hold | None:
    """Return the hold with that token; None when it was released, died or never was."""
    row = conn.execute(select(holds).where(holds.c.token == token)).mappings().one_or_none()
    return None if row is None else _hold_of(row)


def list_holds(conn: Connection) -> list[Hold]:
    """Return all living holds; what they name must be kept."""
    return [_hold_of(row) for row in conn.execute(select(holds).order_by(holds.c.token)).mappings()]


def renew_hold(conn: Connection, token: str) -> None:
    """Give the hold its full life again; nothing happens when it is gone."""
    conn.execute(update(holds).where(holds.c.token == token).values(ticks_left=HOLD_TICKS_MAX))


def release_hold(conn: Connection, token: str, receipt: bytes | None) -> None:
    """End the hold and keep the target's receipt. Idempotent: a token that is used up changes nothing."""
    hold = get_hold(conn, token)
    if hold is None:
        return
    conn.execute(delete(holds).where(holds.c.token == token))
    if receipt is not None:
        row = {"token": token, "manifest": hold.manifest, "peer": hold.peer, "operation": hold.operation, "receipt": receipt}
        conn.execute(insert(receipts).values(**row))


def list_receipts(conn: Connection, manifest: ManifestId) -> list[bytes]:
    """Return what targets said about copies of this manifest."""
    return list(conn.execute(select(receipts.c.receipt).where(receipts.c.manifest == manifest).order_by(receipts.c.token)).scalars())


def tick_holds(conn: Connection) -> int:
    """Take one tick from every hold, drop those that have none left, and return how many were dropped."""
    conn.execute(update(holds).values(ticks_left=holds.c.ticks_left - 1))
    return conn.execute(delete(holds).where(holds.c.ticks_left <= 0)).rowcount


def _existing(conn: Connection, token: str) -> Hold:
    return _hold_of(conn.execute(select(holds).where(holds.c.token == token)).mappings().one())


def _hold_of(row: RowMapping) -> Hold:
    return Hold(
        token=row["token"],
        manifest=ManifestId(row["manifest"]),
        point_id=row["point_id"],
        peer=RegionId(row["peer"]),
        operation=OperationId(row["operation"]),
        ticks_left=row["ticks_left"],
    )
