"""Asynchronous operations, read by their id, with the resource they made."""

import uuid

from farpoint.errors import Code, RefusedError
from farpoint.metadata import disks, operations
from farpoint.model.ids import DiskId, OperationId, PointId
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import Disk
from farpoint.services.context import RegionContext
from farpoint.services.snapshots import SnapshotDetails, find_snapshot_of

#: Operations on disks and snapshots, which are the disk provider's in Azure and answered under DiskOperations.
_OF_DISKS = frozenset({OperationKind.RESTORE_DISK, OperationKind.COPY_DISK, OperationKind.VERIFY_DISK})
_OF_SNAPSHOTS = frozenset({OperationKind.CREATE_SNAPSHOT, OperationKind.COPY_SNAPSHOT, OperationKind.DELETE_SNAPSHOT})
DISK_KINDS = _OF_DISKS | _OF_SNAPSHOTS | {OperationKind.BEGIN_ACCESS, OperationKind.END_ACCESS}


def get_operation(context: RegionContext, operation_id: str) -> Operation:
    """Return the operation, or refuse with NotFound."""
    try:
        guid = OperationId(uuid.UUID(operation_id))
    except ValueError:
        found = None
    else:
        with context.database.read() as conn:
            found = operations.get_operation(conn, guid)
    if found is None:
        hint = f"Region '{context.name}' has no such operation; its id is in the URL that the request that started it got."
        raise RefusedError(Code.NOT_FOUND, f"Operation '{operation_id:.100}' was not found.", hint=hint)
    return found


def snapshot_of(context: RegionContext, operation: Operation) -> SnapshotDetails | None:
    """Return the snapshot that an operation makes, if it still exists."""
    if operation.kind not in _OF_SNAPSHOTS:
        return None
    return find_snapshot_of(context, PointId(uuid.UUID(operation.subject)))


def disk_of(context: RegionContext, operation: Operation) -> Disk | None:
    """Return the disk that a disk operation works on, if it still exists."""
    if operation.kind not in _OF_DISKS:
        return None
    with context.database.read() as conn:
        return disks.get_disk_by_guid(conn, DiskId(uuid.UUID(operation.subject)))
