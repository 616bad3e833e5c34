"""Restore points. Group and collection names are read from the collection's row; a point stores only its collection's id."""

from sqlalchemy import Connection, RowMapping, Select, delete, func, select

from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.rows import RowValues, delete_row, insert_row, name_key, update_row
from farpoint.metadata.snapshots import mark_snapshot_of
from farpoint.metadata.tables import access_grants, collections, disk_points, points
from farpoint.model.arm_id import compute_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.ids import CollectionId, ManifestId, OperationId, PointId
from farpoint.model.manifest import Consistency
from farpoint.model.resources import CopyState, ProvisioningState, RestorePoint

_GONE_OR_GOING = (ProvisioningState.FAILED.value, ProvisioningState.DELETING.value)


def insert_point(conn: Connection, point: RestorePoint) -> None:
    """Insert a new point; raise RefusedError (Conflict) when the collection has one of that name or is gone itself."""
    insert_row(conn, points, _values_of(point), what=_words_for(point))
    mark_point(conn, point)


def update_point(conn: Connection, point: RestorePoint) -> None:
    """Replace the row of this point's id; raise RefusedError when it is gone."""
    update_row(conn, points, _values_of(point), what=_words_for(point))
    mark_point(conn, point)


def get_point(conn: Connection, *, group: str, collection: str, name: str) -> RestorePoint | None:
    """Return the point of that name, whatever the case of the three names; never one behind a snapshot."""
    query = _select_points().where(
        ~collections.c.of_snapshots,
        collections.c.group_key == name_key(group),
        collections.c.name_key == name_key(collection),
        points.c.name_key == name_key(name),
    )
    return _only(conn, query)


def get_point_by_guid(conn: Connection, guid: PointId) -> RestorePoint | None:
    """Return the point with that id."""
    return _only(conn, _select_points().where(points.c.id == guid))


def list_points(conn: Connection, collection_id: CollectionId) -> list[RestorePoint]:
    """Return the points of a collection, oldest first."""
    query = _select_points().where(points.c.collection == collection_id).order_by(points.c.time_created, points.c.number)
    return [_point_of(row) for row in conn.execute(query).mappings()]


def latest_complete_point(conn: Connection, collection_id: CollectionId) -> RestorePoint | None:
    """Return the newest point that has a manifest and is not being deleted."""
    query = (
        _select_points()
        .where(points.c.collection == collection_id, points.c.manifest.is_not(None))
        .where(points.c.provisioning_state != ProvisioningState.DELETING.value)
        .order_by(points.c.time_created.desc(), points.c.number.desc())
        .limit(1)
    )
    return _only(conn, query)


def list_live_copies(conn: Connection, source_point_id: str) -> list[RestorePoint]:
    """Return the copies of that restore point in any collection that are complete or under way, whatever the case of its id."""
    query = _select_live().where(points.c.source_point_key == name_key(source_point_id)).order_by(points.c.number)
    return [_point_of(row) for row in conn.execute(query).mappings()]


def newest_copied_point(conn: Connection, collection_id: CollectionId) -> RestorePoint | None:
    """Return the copy in a collection, complete or under way, whose source is the newest."""
    query = _select_live().where(points.c.collection == collection_id, points.c.source_time_created.is_not(None))
    return _only(conn, query.order_by(points.c.source_time_created.desc(), points.c.number.desc()).limit(1))


def oldest_running_copy(conn: Connection, collection_id: CollectionId) -> RestorePoint | None:
    """Return a copy into a collection that is under way."""
    query = _select_live().where(points.c.collection == collection_id, points.c.source_point_id.is_not(None), points.c.manifest.is_(None))
    return _only(conn, query.order_by(points.c.number).limit(1))


def count_live(conn: Connection, collection_id: CollectionId) -> int:
    """Count the points of a collection that exist or are being made: not the failed ones, nor those being deleted."""
    query = select(func.count()).where(points.c.collection == collection_id, points.c.provisioning_state.not_in(_GONE_OR_GOING))
    return conn.execute(query.select_from(points)).scalar_one()


def count_captured(conn: Connection, vm_id: str) -> int:
    """Count the points captured of a VM here, in all collections that are complete or being made; *vm_id* is its ARM id, in any case."""
    # SQLite's lower() knows ASCII only; names of groups may hold other letters.
    sources = conn.execute(select(collections.c.id, collections.c.source_id))
    return sum(count_live(conn, CollectionId(row.id)) for row in sources if row.source_id.lower() == vm_id.lower())


def delete_point(conn: Connection, guid: PointId) -> None:
    """Delete the point and its disk points, if they are there, and what was granted on these."""
    point = get_point_by_guid(conn, guid)
    if point is not None:
        conn.execute(delete(access_grants).where(access_grants.c.subject.in_(select(disk_points.c.id).where(disk_points.c.point == guid))))
        conn.execute(delete(disk_points).where(disk_points.c.point == guid))
        delete_row(conn, points, guid, what=_words_for(point))
        mark_point(conn, point)


def mark_point(conn: Connection, point: RestorePoint) -> None:
    """Note that the point or one of its disks has changed: they are one record of the catalogue log. Its snapshot changes too."""
    path = compute_path(point.group, ("restorePointCollections", point.collection_name), ("restorePoints", point.name))
    mark_changed(conn, ResourceKind.POINT, point.id, path)
    mark_snapshot_of(conn, point.id)


def _select_points() -> Select[tuple[object, ...]]:
    return select(points, collections.c.group, collections.c.name.label("collection_name")).join(
        collections, collections.c.id == points.c.collection
    )


def _select_live() -> Select[tuple[object, ...]]:
    return _select_points().where(points.c.provisioning_state.not_in(_GONE_OR_GOING))


def _only(conn: Connection, query: Select[tuple[object, ...]]) -> RestorePoint | None:
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _point_of(row)


def _words_for(point: RestorePoint) -> str:
    return f"restore point {point.name!r} in collection {point.collection_name!r}"


def _values_of(point: RestorePoint) -> RowValues:
    return {
        "id": point.id,
        "collection": point.collection,
        "name": point.name,
        "name_key": name_key(point.name),
        "provisioning_state": point.provisioning_state.value,
        "consistency": None if point.consistency is None else point.consistency.value,
        "source_point_id": point.source_point_id,
        "source_point_key": None if point.source_point_id is None else name_key(point.source_point_id),
        "copy_state": None if point.copy_state is None else point.copy_state.value,
        "time_created": point.time_created,
        "source_time_created": point.source_time_created,
        "exclude_disks": point.exclude_disks,
        "source_metadata": point.source_metadata,
        "manifest": point.manifest,
        "operation": point.operation,
        "failure": point.failure,
    }


def _point_of(row: RowMapping) -> RestorePoint:
    return RestorePoint(
        id=PointId(row["id"]),
        collection=CollectionId(row["collection"]),
        group=row["group"],
        collection_name=row["collection_name"],
        name=row["name"],
        provisioning_state=ProvisioningState(row["provisioning_state"]),
        consistency=None if row["consistency"] is None else Consistency(row["consistency"]),
        source_point_id=row["source_point_id"],
        copy_state=None if row["copy_state"] is None else CopyState(row["copy_state"]),
        time_created=row["time_created"],
        source_time_created=row["source_time_created"],
        exclude_disks=row["exclude_disks"],
        source_metadata=row["source_metadata"],
        manifest=None if row["manifest"] is None else ManifestId(row["manifest"]),
        operation=OperationId(row["operation"]),
        failure=row["failure"],
    )
