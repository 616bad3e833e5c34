"""Verifying: read back what is stored, or what was restored, and prove it again. An operation; nothing is changed."""

from farpoint.metadata import disks, operations, points
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import ProvisioningState, RestorePoint
from farpoint.services.context import RegionContext
from farpoint.services.new_operations import new_operation, running_operation
from farpoint.services.point_details import PointDetails
from farpoint.services.points import details_of, point_id
from farpoint.services.refusals import entity_missing, not_allowed, not_ready, not_usable, resource_missing


def verify_point(context: RegionContext, point: ArmId, *, full: bool, principal: str) -> Operation:
    """Start to verify a complete restore point; *full* reads every byte, else what was checked before is leaned on."""
    with context.database.write() as conn:
        found = points.get_point(conn, group=point.group, collection=point.parent.name, name=point.name)
        if found is None:
            raise entity_missing(point)
        refuse_incomplete(conn, found)
        arm_id = point_id(context, group=found.group, collection=found.collection_name, name=found.name)
        started = new_operation(
            context, OperationKind.VERIFY_POINT, resource=arm_id, subject=str(found.id), principal=principal, request={"full": full}
        )
        operation = _insert_once(conn, started)
    if operation is started:
        context.launch(operation.id)
    return operation


def verify_disk(context: RegionContext, disk: ArmId, *, principal: str) -> Operation:
    """Start to read a restored disk back and compare it with what the restore published."""
    with context.database.write() as conn:
        found = disks.get_disk(conn, group=disk.group, name=disk.name)
        if found is None:
            raise resource_missing(disk)
        if found.state is None or found.provisioning_state is not ProvisioningState.SUCCEEDED:
            message = f"Disk '{found.name}' has no recorded contents to compare with: {found.create_option}, {found.provisioning_state}."
            raise not_allowed(message, hint="Disks that a restore has completed can be verified.")
        arm_id = context.arm_id(found.group, ("disks", found.name))
        started = new_operation(context, OperationKind.VERIFY_DISK, resource=arm_id, subject=str(found.id), principal=principal)
        operation = _insert_once(conn, started)
    if operation is started:
        context.launch(operation.id)
    return operation


def refuse_incomplete(conn: Connection, point: RestorePoint, *, what: str = "Restore point") -> None:
    """Refuse a point, or the snapshot it is behind, whose bytes are not all here and checked, or that is going away."""
    details: PointDetails = details_of(conn, point)
    if point.provisioning_state is ProvisioningState.DELETING:
        raise not_allowed(f"{what} '{point.name}' is being deleted.", hint="Use another one.")
    if details.has_failed:
        raise not_usable(f"{what} '{point.name}'", point.failure)
    if not details.complete:
        percent = 0.0 if details.operation is None else details.operation.progress.percent
        raise not_ready(f"{what} '{point.name}'", percent)


def _insert_once(conn: Connection, started: Operation) -> Operation:
    """Insert *started*, or return the operation that does the same already."""
    running = running_operation(conn, started.subject, started.kind)
    if running is not None and _asked(running) == _asked(started):
        return running
    operations.insert_operation(conn, started)
    return started


def _asked(operation: Operation) -> JsonObject:
    return operation.request
