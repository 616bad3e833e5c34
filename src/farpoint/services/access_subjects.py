"""What access can be granted to: each kind of resource with bytes, found by its ARM id or by its GUID.

A new kind is two functions, a line in the table at the end, and one in that of access_grants.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attrs import frozen

from farpoint.metadata import disk_points, disks, points, snapshots
from farpoint.metadata.connection import Connection
from farpoint.model.access import AccessLevel
from farpoint.model.arm_id import ArmId
from farpoint.model.disk import DiskState
from farpoint.model.ids import DiskId, DiskPointId, ScopeId, SnapshotId
from farpoint.model.resources import Disk, DiskRestorePoint, ProvisioningState, RestorePoint
from farpoint.model.snapshots import Snapshot
from farpoint.services.references import DISK_POINT_TYPE, DISK_TYPE, SNAPSHOT_TYPE
from farpoint.services.refusals import entity_missing, invalid, not_allowed, resource_missing
from farpoint.services.verification import refuse_incomplete

ACCESS_TARGET: Final = "access"


@frozen(kw_only=True)
class StoredBytes:
    """Contents that lie in the vault and never change."""

    scope: ScopeId
    state: DiskState
    #: Unique id of the disk they were captured from: states of one disk can be compared.
    unique_id: str
    captured_at: dt.datetime


@frozen(kw_only=True)
class FileBytes:
    """Contents of a raw file or device."""

    path: Path


@frozen(kw_only=True)
class Subject:
    """A resource whose bytes a signed URL can show."""

    type: str
    guid: uuid.UUID
    #: Name of the disk, for messages about its bytes.
    disk: str
    size_bytes: int
    contents: StoredBytes | FileBytes
    #: The one kind of access that can be granted now.
    access: AccessLevel = AccessLevel.READ


def find_subject(conn: Connection, arm_id: ArmId) -> Subject:
    """Return the resource of that id; refuse one that is missing, or whose bytes are not there yet."""
    return _KINDS[_type_key(arm_id.type)].by_id(conn, arm_id)


def subject_of(conn: Connection, subject_type: str, guid: uuid.UUID) -> Subject | None:
    """Return the resource that something was granted on, if it is still there."""
    return _KINDS[_type_key(subject_type)].by_guid(conn, guid)


def refuse_other_access(subject: Subject, access: AccessLevel) -> None:
    """Refuse an access that this resource does not offer now."""
    if access is subject.access:
        return
    if subject.access is AccessLevel.WRITE:
        message = f"Disk '{subject.disk}' awaits its upload; there is nothing to read yet."
        raise not_allowed(message, hint="Ask for access Write, upload, and call endGetAccess; then read.", target=ACCESS_TARGET)
    message = "The value of parameter access is invalid: only disks created with createOption Upload can be written, once."
    raise invalid(ACCESS_TARGET, message, hint="Ask for access Read; to write, create a disk with createOption Upload.")


def _point_disk_by_id(conn: Connection, arm_id: ArmId) -> Subject:
    above = arm_id.parent
    point = points.get_point(conn, group=above.group, collection=above.parent.name, name=above.name)
    if point is None:
        raise entity_missing(above)
    disk = disk_points.get_disk_point(conn, point.id, arm_id.name)
    if disk is None:
        raise entity_missing(arm_id)
    refuse_incomplete(conn, point)
    return _point_disk(disk)


def _point_disk_by_guid(conn: Connection, guid: uuid.UUID) -> Subject | None:
    disk = disk_points.get_disk_point_by_guid(conn, DiskPointId(guid))
    point: RestorePoint | None = None if disk is None else points.get_point_by_guid(conn, disk.point)
    return None if disk is None or point is None or point.manifest is None else _point_disk(disk)


def _point_disk(disk: DiskRestorePoint) -> Subject:
    return Subject(type=DISK_POINT_TYPE, guid=disk.id, disk=disk.disk_name, size_bytes=disk.size_bytes, contents=_stored(disk))


def _stored(disk: DiskRestorePoint) -> StoredBytes:
    assert disk.state is not None, "the disks of a complete point have a state"
    assert disk.scope is not None, "the disks of a complete point have a scope"
    return StoredBytes(scope=disk.scope, state=disk.state, unique_id=disk.source_unique_id, captured_at=disk.time_created)


def _snapshot_by_id(conn: Connection, arm_id: ArmId) -> Subject:
    snapshot = snapshots.get_snapshot(conn, group=arm_id.group, name=arm_id.name)
    if snapshot is None:
        raise resource_missing(arm_id)
    refuse_incomplete(conn, _point_behind(conn, snapshot), what="Snapshot")
    return _snapshot(conn, snapshot)


def _snapshot_by_guid(conn: Connection, guid: uuid.UUID) -> Subject | None:
    snapshot = snapshots.get_snapshot_by_guid(conn, SnapshotId(guid))
    return None if snapshot is None or _point_behind(conn, snapshot).manifest is None else _snapshot(conn, snapshot)


def _point_behind(conn: Connection, snapshot: Snapshot) -> RestorePoint:
    point = points.get_point_by_guid(conn, snapshot.point)
    assert point is not None, "a snapshot's point outlives it"
    return point


def _snapshot(conn: Connection, snapshot: Snapshot) -> Subject:
    [disk] = disk_points.list_disk_points(conn, snapshot.point)
    return Subject(type=SNAPSHOT_TYPE, guid=snapshot.id, disk=disk.disk_name, size_bytes=disk.size_bytes, contents=_stored(disk))


def _disk_by_id(conn: Connection, arm_id: ArmId) -> Subject:
    disk = disks.get_disk(conn, group=arm_id.group, name=arm_id.name)
    if disk is None:
        raise resource_missing(arm_id)
    if disk.provisioning_state is not ProvisioningState.SUCCEEDED:
        message = f"Disk '{disk.name}' is not ready: {disk.provisioning_state}."
        raise not_allowed(message, hint="Wait until the operation that makes it has succeeded.")
    return _disk(disk)


def _disk_by_guid(conn: Connection, guid: uuid.UUID) -> Subject | None:
    disk = disks.get_disk_by_guid(conn, DiskId(guid))
    return None if disk is None else _disk(disk)


def _disk(disk: Disk) -> Subject:
    access = AccessLevel.WRITE if disk.awaits_upload else AccessLevel.READ
    contents = FileBytes(path=Path(disk.path))
    return Subject(type=DISK_TYPE, guid=disk.id, disk=disk.name, size_bytes=disk.size_bytes, contents=contents, access=access)


@frozen
class _Kind:
    by_id: Callable[[Connection, ArmId], Subject]
    by_guid: Callable[[Connection, uuid.UUID], Subject | None]


def _type_key(subject_type: str) -> str:
    return subject_type.lower()


_KINDS: Final = {
    _type_key(DISK_POINT_TYPE): _Kind(_point_disk_by_id, _point_disk_by_guid),
    _type_key(DISK_TYPE): _Kind(_disk_by_id, _disk_by_guid),
    _type_key(SNAPSHOT_TYPE): _Kind(_snapshot_by_id, _snapshot_by_guid),
}
