"""The catalogue log as the database knows it: what waits to be written, what is being written, what was written.

Every function that inserts, changes or deletes a resource calls mark_changed in the same transaction, so no write can be left out
of the log, whoever makes it. The log's writer (services.catalogue) takes what waits into a batch, whose exact bytes are kept here
before they go to the bucket, and records it once they are there. At most one batch exists.
"""

import uuid
from collections.abc import Sequence

from attrs import frozen
from sqlalchemy import Connection, delete, insert, select, update

from farpoint.metadata.sqlite import insert_or
from farpoint.metadata.tables import catalogue_batch, catalogue_changes, catalogue_head, pending_changes
from farpoint.model.catalogue import Change, ResourceKind

#: The number of no batch: what waits.
_WAITING = 0


@frozen(kw_only=True)
class Head:
    """The newest object of the log."""

    seq: int
    #: codec.catalogue_format.object_digest of its bytes.
    digest: bytes


@frozen(kw_only=True)
class Pending:
    """A resource that has changed since the log last spoke of it."""

    number: int
    kind: ResourceKind
    guid: uuid.UUID
    arm_path: str


@frozen(kw_only=True)
class Batch:
    """One object of the log on its way to the bucket."""

    seq: int
    object: bytes


def mark_changed(conn: Connection, kind: ResourceKind, guid: uuid.UUID, arm_path: str) -> None:
    """Note that a resource was made, changed or deleted in this transaction; *arm_path* is its ARM id without the subscription.

    Repeated changes are one until the log has taken it: what is written is the resource as it is then.
    """
    row = {"kind": kind.value, "guid": guid, "arm_path": arm_path, "batch": _WAITING, "deleted": False}
    conn.execute(insert_or(pending_changes).values(**row).on_conflict_do_nothing())


def head(conn: Connection) -> int:
    """Return the number of the newest published object, 0 before the first."""
    return conn.execute(select(catalogue_head.c.seq)).scalar_one_or_none() or 0


def changes_after(conn: Connection, seq: int, limit: int) -> Sequence[Change]:
    """Return the newest change of each resource that was published after object *seq*, in the order of publication.

    The number of the last one is where the next call goes on: changes of one object are never cut apart, so *limit* may be exceeded
    by the rest of an object.
    """
    after = select(catalogue_changes).where(catalogue_changes.c.seq > seq)
    last = conn.execute(
        select(catalogue_changes.c.seq).where(catalogue_changes.c.seq > seq).order_by(catalogue_changes.c.seq).offset(limit - 1).limit(1)
    ).scalar_one_or_none()
    if last is not None:
        after = after.where(catalogue_changes.c.seq <= last)
    found = conn.execute(after.order_by(catalogue_changes.c.seq, catalogue_changes.c.kind, catalogue_changes.c.guid)).mappings()
    return [
        Change(seq=row["seq"], kind=ResourceKind(row["kind"]), guid=row["guid"], arm_path=row["arm_path"], deleted=row["deleted"])
        for row in found
    ]


def newest_object(conn: Connection) -> Head | None:
    """Return the newest published object, None before the first."""
    row = conn.execute(select(catalogue_head)).mappings().one_or_none()
    return None if row is None else Head(seq=row["seq"], digest=row["digest"])


def has_work(conn: Connection) -> bool:
    """Tell whether a change waits or a batch is on its way."""
    return conn.execute(select(pending_changes.c.number).limit(1)).one_or_none() is not None


def waiting(conn: Connection, limit: int) -> Sequence[Pending]:
    """Return the changes that have waited longest."""
    query = select(pending_changes).where(pending_changes.c.batch == _WAITING).order_by(pending_changes.c.number).limit(limit)
    return [
        Pending(number=row["number"], kind=ResourceKind(row["kind"]), guid=row["guid"], arm_path=row["arm_path"])
        for row in conn.execute(query).mappings()
    ]


def stored_batch(conn: Connection) -> Batch | None:
    """Return the batch that is on its way to the bucket."""
    row = conn.execute(select(catalogue_batch)).mappings().one_or_none()
    return None if row is None else Batch(seq=row["seq"], object=row["object"])


def store_batch(conn: Connection, batch: Batch, changes: Sequence[tuple[Pending, bool]]) -> None:
    """Keep the bytes of a batch, and take into it these changes, each with whether the resource is gone."""
    conn.execute(insert(catalogue_batch).values(seq=batch.seq, object=batch.object))
    for pending, deleted in changes:
        conn.execute(update(pending_changes).where(pending_changes.c.number == pending.number).values(batch=batch.seq, deleted=deleted))


def record_batch(conn: Connection, published: Head) -> None:
    """Make the stored batch the newest object of the log; the bucket has it."""
    of_batch = pending_changes.c.batch == published.seq
    for row in conn.execute(select(pending_changes).where(of_batch)).mappings().all():
        news = {"seq": published.seq, "arm_path": row["arm_path"], "deleted": row["deleted"]}
        upsert = insert_or(catalogue_changes).values(kind=row["kind"], guid=row["guid"], **news)
        conn.execute(upsert.on_conflict_do_update(index_elements=["kind", "guid"], set_=news))
    conn.execute(delete(pending_changes).where(of_batch))
    conn.execute(delete(catalogue_batch))
    conn.execute(delete(catalogue_head))
    conn.execute(insert(catalogue_head).values(seq=published.seq, digest=published.digest))
