"""``$expand=instanceView`` of a restore point: live copy state per disk, or the capture's state for a local point."""

import math

from farpoint.api.views.progress import disk_view, failure_view, operation_view, rates
from farpoint.api.views.text import optional_time, shown_percent
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.operations import DiskProgress, Operation, OperationState
from farpoint.model.resources import CopyState, DiskRestorePoint, ProvisioningState
from farpoint.services.json_reading import present, without
from farpoint.services.point_details import PointDetails

_REPLICATION: dict[CopyState, JsonObject] = {
    CopyState.REPLICATING: {"code": "ReplicationState/replicating", "level": "Info", "displayStatus": "Replicating"},
    CopyState.SUCCEEDED: {"code": "ReplicationState/succeeded", "level": "Info", "displayStatus": "Replication succeeded"},
    CopyState.FAILED: {"code": "ReplicationState/failed", "level": "Error", "displayStatus": "Replication failed"},
}
_PROVISIONING: dict[ProvisioningState, JsonObject] = {
    ProvisioningState.CREATING: {"code": "ProvisioningState/creating", "level": "Info", "displayStatus": "Creating"},
    ProvisioningState.UPDATING: {"code": "ProvisioningState/updating", "level": "Info", "displayStatus": "Updating"},
    ProvisioningState.SUCCEEDED: {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"},
    ProvisioningState.FAILED: {"code": "ProvisioningState/failed", "level": "Error", "displayStatus": "Provisioning failed"},
    ProvisioningState.DELETING: {"code": "ProvisioningState/deleting", "level": "Info", "displayStatus": "Deleting"},
}


def instance_view(details: PointDetails, arm_id: ArmId) -> JsonObject:
    """Show a copy's replication, or a local point's provisioning state."""
    operation = details.operation
    work = None if operation is None else operation_view(operation)
    if not details.is_copy:
        return present(statuses=[_PROVISIONING[details.point.provisioning_state]], farpoint=work)
    return present(
        diskRestorePoints=[_disk(details, disk, arm_id) for disk in details.disks] if details.shows_disks else [],
        statuses=[_REPLICATION[details.copy_state]],
        farpoint=work,
    )


def disk_percent(details: PointDetails, disk: DiskRestorePoint) -> float:
    """Return how much of one disk has arrived; exactly 100 only when the whole point is complete and checked."""
    progress = _progress_of(details.operation, disk)
    planned = details.operation is not None and details.operation.progress.planned
    percent = progress.percent if planned and progress is not None else 0.0
    return shown_percent(percent, complete=details.complete)


def _disk(details: PointDetails, disk: DiskRestorePoint, arm_id: ArmId) -> JsonObject:
    replication = present(
        status=_REPLICATION[details.copy_state],
        completionPercent=math.floor(disk_percent(details, disk)),
        farpoint=_replication_facts(details, disk),
    )
    return {"id": str(arm_id.child("diskRestorePoints", disk.name)), "replicationStatus": replication}


def _replication_facts(details: PointDetails, disk: DiskRestorePoint) -> JsonObject | None:
    """Show this disk's bytes, and the copy's rate and time left: all its disks share the streams."""
    operation = details.operation
    if operation is None:
        return None
    progress = operation.progress
    own = _progress_of(operation, disk) or DiskProgress(disk=disk.disk_name)
    return present(
        **without(disk_view(own, planned=progress.planned), "name"),
        **rates(progress, running=operation.state is OperationState.RUNNING),
        updatedAt=optional_time(progress.updated_at),
        waiting=progress.waiting or None,
        error=failure_view(details.point.failure or operation.failure),
    )


def _progress_of(operation: Operation | None, disk: DiskRestorePoint) -> DiskProgress | None:
    rows = () if operation is None else operation.progress.disks
    return next((row for row in rows if row.disk.lower() == disk.disk_name.lower()), None)
