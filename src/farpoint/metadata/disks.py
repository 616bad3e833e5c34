"""Disk resources."""

from sqlalchemy import Connection, RowMapping, select

from farpoint.metadata.access_grants import delete_grant_of
from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.rows import RowValues, delete_row, insert_row, name_key, of_span, update_row
from farpoint.metadata.tables import disks
from farpoint.model.arm_id import compute_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.ids import DiskId, OperationId
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.model.spans import WHOLE, Span


def insert_disk(conn: Connection, disk: Disk) -> None:
    """Insert a new disk; raise RefusedError (Conflict) when the group has one of that name."""
    insert_row(conn, disks, _values_of(disk), what=_words_for(disk))
    _mark(conn, disk)


def update_disk(conn: Connection, disk: Disk) -> None:
    """Replace the row of this disk's id; raise RefusedError when it is gone."""
    update_row(conn, disks, _values_of(disk), what=_words_for(disk))
    _mark(conn, disk)


def get_disk(conn: Connection, *, group: str, name: str) -> Disk | None:
    """Return the disk of that name, whatever its case."""
    query = select(disks).where(disks.c.group_key == name_key(group), disks.c.name_key == name_key(name))
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _disk_of(row)


def get_disk_by_guid(conn: Connection, guid: DiskId) -> Disk | None:
    """Return the disk with that id."""
    row = conn.execute(select(disks).where(disks.c.id == guid)).mappings().one_or_none()
    return None if row is None else _disk_of(row)


def find_disk_by_path(conn: Connection, path: str) -> Disk | None:
    """Return the oldest disk resource that names this file or device (resolve symlinks first)."""
    query = select(disks).where(disks.c.path == path).order_by(disks.c.time_created, disks.c.id).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _disk_of(row)


def list_disks(conn: Connection, *, group: str | None = None, span: Span = WHOLE) -> list[Disk]:
    """Return the disks of one group or of all, by group and name, or a stretch of them."""
    query = of_span(select(disks), disks, group=group, span=span)
    return [_disk_of(row) for row in conn.execute(query).mappings()]


def delete_disk(conn: Connection, guid: DiskId) -> None:
    """Delete the disk's row, if it is there, and what was granted on it; raise RefusedError while a VM attaches it."""
    disk = get_disk_by_guid(conn, guid)
    if disk is not None:
        delete_grant_of(conn, guid)
        delete_row(conn, disks, guid, what=_words_for(disk))
        _mark(conn, disk)


def _mark(conn: Connection, disk: Disk) -> None:
    mark_changed(conn, ResourceKind.DISK, disk.id, compute_path(disk.group, ("disks", disk.name)))


def _words_for(disk: Disk) -> str:
    return f"disk {disk.name!r} in group {disk.group!r}"


def _values_of(disk: Disk) -> RowValues:
    return {
        "id": disk.id,
        "group": disk.group,
        "group_key": name_key(disk.group),
        "name": disk.name,
        "name_key": name_key(disk.name),
        "location": disk.location,
        "tags": disk.tags,
        "sku": disk.sku,
        "os_type": disk.os_type,
        "create_option": disk.create_option.value,
        "source_resource_id": disk.source_resource_id,
        "path": disk.path,
        "size_bytes": disk.size_bytes,
        "block_bytes": disk.block_bytes,
        "provisioning_state": disk.provisioning_state.value,
        "time_created": disk.time_created,
        "managed_by": disk.managed_by,
        "source_unique_id": disk.source_unique_id,
        "hyper_v_generation": disk.hyper_v_generation,
        "awaits_upload": disk.awaits_upload,
        "state": disk.state,
        "operation": disk.operation,
        "failure": disk.failure,
    }


def _disk_of(row: RowMapping) -> Disk:
    return Disk(
        id=DiskId(row["id"]),
        group=row["group"],
        name=row["name"],
        location=row["location"],
        tags=row["tags"],
        sku=row["sku"],
        os_type=row["os_type"],
        create_option=CreateOption(row["create_option"]),
        source_resource_id=row["source_resource_id"],
        path=row["path"],
        size_bytes=row["size_bytes"],
        block_bytes=row["block_bytes"],
        provisioning_state=ProvisioningState(row["provisioning_state"]),
        time_created=row["time_created"],
        managed_by=row["managed_by"],
        source_unique_id=row["source_unique_id"],
        hyper_v_generation=row["hyper_v_generation"],
        awaits_upload=row["awaits_upload"],
        state=row["state"],
        operation=None if row["operation"] is None else OperationId(row["operation"]),
        failure=row["failure"],
    )
