"""Disk restore points: the disks of each restore point."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, Select, delete, select

from farpoint.metadata.points import get_point_by_guid, mark_point
from farpoint.metadata.rows import RowValues, insert_row, name_key, update_row
from farpoint.metadata.tables import disk_points, points
from farpoint.model.ids import DiskPointId, PointId, ScopeId
from farpoint.model.manifest import CaptureMode, ChangeDetection, WhyFull
from farpoint.model.resources import DiskRestorePoint, ProvisioningState


def insert_disk_points(conn: Connection, disks: Sequence[DiskRestorePoint]) -> None:
    """Insert disk points; raise RefusedError (Conflict) when their point has one of that name or is gone itself."""
    for disk in disks:
        insert_row(conn, disk_points, _values_of(disk), what=_words_for(disk))
    for point in {disk.point for disk in disks}:
        _mark(conn, point)


def update_disk_point(conn: Connection, disk: DiskRestorePoint) -> None:
    """Replace the row of this disk point's id; raise RefusedError when it is gone."""
    update_row(conn, disk_points, _values_of(disk), what=_words_for(disk))
    _mark(conn, disk.point)


def get_disk_point(conn: Connection, point_id: PointId, name: str) -> DiskRestorePoint | None:
    """Return the point's disk point of that name, whatever its case."""
    return _only(conn, select(disk_points).where(disk_points.c.point == point_id, disk_points.c.name_key == name_key(name)))


def get_disk_point_by_guid(conn: Connection, guid: DiskPointId) -> DiskRestorePoint | None:
    """Return the disk point with that id."""
    return _only(conn, select(disk_points).where(disk_points.c.id == guid))


def list_disk_points(conn: Connection, point_id: PointId) -> list[DiskRestorePoint]:
    """Return the disks of a point: the OS disk first, then data disks by lun."""
    query = (
        select(disk_points)
        .where(disk_points.c.point == point_id)
        .order_by(disk_points.c.lun.is_not(None), disk_points.c.lun, disk_points.c.number)
    )
    return [_disk_point_of(row) for row in conn.execute(query).mappings()]


def latest_state_of_disk(conn: Connection, *, source_unique_id: str) -> DiskRestorePoint | None:
    """Return the newest complete disk point here of the disk with that unique id: what a capture compares with.

    Points being deleted do not count: collection may take what only they reach.
    """
    query = (
        select(disk_points)
        .join(points, points.c.id == disk_points.c.point)
        .where(disk_points.c.source_unique_id == source_unique_id, disk_points.c.state.is_not(None))
        .where(points.c.manifest.is_not(None), points.c.provisioning_state != ProvisioningState.DELETING.value)
        .order_by(disk_points.c.time_created.desc(), disk_points.c.number.desc())
        .limit(1)
    )
    return _only(conn, query)


def delete_disk_points(conn: Connection, point_id: PointId) -> None:
    """Delete all disk points of a point."""
    conn.execute(delete(disk_points).where(disk_points.c.point == point_id))
    _mark(conn, point_id)


def _mark(conn: Connection, point_id: PointId) -> None:
    point = get_point_by_guid(conn, point_id)
    if point is not None:
        mark_point(conn, point)


def _only(conn: Connection, query: Select[tuple[object, ...]]) -> DiskRestorePoint | None:
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _disk_point_of(row)


def _words_for(disk: DiskRestorePoint) -> str:
    return f"disk restore point {disk.name!r}"


def _values_of(disk: DiskRestorePoint) -> RowValues:
    return {
        "id": disk.id,
        "point": disk.point,
        "name": disk.name,
        "name_key": name_key(disk.name),
        "disk_name": disk.disk_name,
        "lun": disk.lun,
        "os_type": disk.os_type,
        "source_disk_id": disk.source_disk_id,
        "source_disk_point_id": disk.source_disk_point_id,
        "source_location": disk.source_location,
        "source_unique_id": disk.source_unique_id,
        "family_id": disk.family_id,
        "time_created": disk.time_created,
        "size_bytes": disk.size_bytes,
        "block_bytes": disk.block_bytes,
        "state": disk.state,
        "scope": disk.scope,
        "mode": None if disk.mode is None else disk.mode.value,
        "why_full": None if disk.why_full is None else disk.why_full.value,
        "change_detection": None if disk.change_detection is None else disk.change_detection.value,
        "read_bytes": disk.read_bytes,
        "stored_bytes": disk.stored_bytes,
    }


def _disk_point_of(row: RowMapping) -> DiskRestorePoint:
    return DiskRestorePoint(
        id=DiskPointId(row["id"]),
        point=PointId(row["point"]),
        name=row["name"],
        disk_name=row["disk_name"],
        lun=row["lun"],
        os_type=row["os_type"],
        source_disk_id=row["source_disk_id"],
        source_disk_point_id=row["source_disk_point_id"],
        source_location=row["source_location"],
        source_unique_id=row["source_unique_id"],
        family_id=row["family_id"],
        time_created=row["time_created"],
        size_bytes=row["size_bytes"],
        block_bytes=row["block_bytes"],
        state=row["state"],
        scope=None if row["scope"] is None else ScopeId(row["scope"]),
        mode=None if row["mode"] is None else CaptureMode(row["mode"]),
        why_full=None if row["why_full"] is None else WhyFull(row["why_full"]),
        change_detection=None if row["change_detection"] is None else ChangeDetection(row["change_detection"]),
        read_bytes=row["read_bytes"],
        stored_bytes=row["stored_bytes"],
    )
