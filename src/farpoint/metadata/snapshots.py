"""Snapshots, and the collections that hold their points: one for each disk and group, found by the disk's unique id."""

from sqlalchemy import Connection, RowMapping, select

from farpoint.metadata.access_grants import delete_grant_of
from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.collections import get_collection_by_guid
from farpoint.metadata.rows import RowValues, delete_row, insert_row, name_key, of_span, update_row
from farpoint.metadata.tables import collections, snapshots
from farpoint.model.arm_id import compute_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.ids import CollectionId, PointId, SnapshotId
from farpoint.model.resources import Collection
from farpoint.model.snapshots import Snapshot, SnapshotOption
from farpoint.model.spans import WHOLE, Span


def insert_snapshot(conn: Connection, snapshot: Snapshot) -> None:
    """Insert a new snapshot, its point first; raise RefusedError (Conflict) when the group has one of that name."""
    insert_row(conn, snapshots, _values_of(snapshot), what=_words_for(snapshot))
    _mark(conn, snapshot)


def update_snapshot(conn: Connection, snapshot: Snapshot) -> None:
    """Replace the row of this snapshot's id; raise RefusedError when it is gone."""
    update_row(conn, snapshots, _values_of(snapshot), what=_words_for(snapshot))
    _mark(conn, snapshot)


def get_snapshot(conn: Connection, *, group: str, name: str) -> Snapshot | None:
    """Return the snapshot of that name, whatever its case."""
    query = select(snapshots).where(snapshots.c.group_key == name_key(group), snapshots.c.name_key == name_key(name))
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _snapshot_of(row)


def get_snapshot_by_guid(conn: Connection, guid: SnapshotId) -> Snapshot | None:
    """Return the snapshot with that id."""
    row = conn.execute(select(snapshots).where(snapshots.c.id == guid)).mappings().one_or_none()
    return None if row is None else _snapshot_of(row)


def get_snapshot_of_point(conn: Connection, point: PointId) -> Snapshot | None:
    """Return the snapshot whose contents this point is."""
    row = conn.execute(select(snapshots).where(snapshots.c.point == point)).mappings().one_or_none()
    return None if row is None else _snapshot_of(row)


def list_snapshots(conn: Connection, *, group: str | None = None, span: Span = WHOLE) -> list[Snapshot]:
    """Return the snapshots of one group or of all, by group and name, or a stretch of them."""
    query = of_span(select(snapshots), snapshots, group=group, span=span)
    return [_snapshot_of(row) for row in conn.execute(query).mappings()]


def delete_snapshot(conn: Connection, guid: SnapshotId) -> None:
    """Delete the snapshot's row, if it is there, and what was granted on it; its point goes after it."""
    snapshot = get_snapshot_by_guid(conn, guid)
    if snapshot is not None:
        delete_grant_of(conn, guid)
        delete_row(conn, snapshots, guid, what=_words_for(snapshot))
        _mark(conn, snapshot)


def mark_snapshot_of(conn: Connection, point: PointId) -> None:
    """Note that a snapshot has changed because the point behind it has: how far it is is shown of it."""
    snapshot = get_snapshot_of_point(conn, point)
    if snapshot is not None:
        _mark(conn, snapshot)


def find_snapshot_collection(conn: Connection, *, group: str, name: str) -> Collection | None:
    """Return the collection behind snapshots that has this name."""
    query = select(collections.c.id).where(collections.c.of_snapshots)
    query = query.where(collections.c.group_key == name_key(group), collections.c.name_key == name_key(name))
    guid = conn.execute(query).scalar_one_or_none()
    return None if guid is None else get_collection_by_guid(conn, CollectionId(guid))


def _mark(conn: Connection, snapshot: Snapshot) -> None:
    mark_changed(conn, ResourceKind.SNAPSHOT, snapshot.id, compute_path(snapshot.group, ("snapshots", snapshot.name)))


def _words_for(snapshot: Snapshot) -> str:
    return f"snapshot {snapshot.name!r} in group {snapshot.group!r}"


def _values_of(snapshot: Snapshot) -> RowValues:
    return {
        "id": snapshot.id,
        "group": snapshot.group,
        "group_key": name_key(snapshot.group),
        "name": snapshot.name,
        "name_key": name_key(snapshot.name),
        "location": snapshot.location,
        "tags": snapshot.tags,
        "sku": snapshot.sku,
        "create_option": snapshot.create_option.value,
        "source_resource_id": snapshot.source_resource_id,
        "source_unique_id": snapshot.source_unique_id,
        "incremental": snapshot.incremental,
        "os_type": snapshot.os_type,
        "hyper_v_generation": snapshot.hyper_v_generation,
        "size_bytes": snapshot.size_bytes,
        "point": snapshot.point,
        "time_created": snapshot.time_created,
    }


def _snapshot_of(row: RowMapping) -> Snapshot:
    return Snapshot(
        id=SnapshotId(row["id"]),
        group=row["group"],
        name=row["name"],
        location=row["location"],
        tags=row["tags"],
        sku=row["sku"],
        create_option=SnapshotOption(row["create_option"]),
        source_resource_id=row["source_resource_id"],
        source_unique_id=row["source_unique_id"],
        incremental=row["incremental"],
        os_type=row["os_type"],
        hyper_v_generation=row["hyper_v_generation"],
        size_bytes=row["size_bytes"],
        point=PointId(row["point"]),
        time_created=row["time_created"],
    )
