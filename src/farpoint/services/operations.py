"""Asynchronous operations, read by their id, with the resource they made."""

import uuid

from farpoint.errors import Code, RefusedError
from farpoint.metadata import disks, operations
from farpoint.model.ids import DiskId, OperationId
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import Disk
from farpoint.services.context import RegionContext

#: Operations on disks, which are the disk provider's in Azure and answered under DiskOperations.
DISK_KINDS = frozenset({OperationKind.RESTORE_DISK, OperationKind.VERIFY_DISK, OperationKind.BEGIN_ACCESS, OperationKind.END_ACCESS})


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


def disk_of(context: RegionContext, operation: Operation) -> Disk | None:
    """Return the disk that a restore makes, if it still exists."""
    with context.database.read() as conn:
        return disks.get_disk_by_guid(conn, DiskId(uuid.UUID(operation.subject)))
