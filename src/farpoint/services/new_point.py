"""Creating a local restore point: check everything, write the rows, start the capture.

Steps: read the VM and its disks; look at each disk (outside any transaction); in one transaction see that nothing changed, that no
other capture of the VM runs and that the name is free, and insert point, disk points and operation; start the workflow. The same
request again is answered like the first, whatever has become of the VM.
"""

from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata import collections, disk_points, disks, operations, points, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.model import limits
from farpoint.model.arm_id import parse_arm_id
from farpoint.model.ids import PointId
from farpoint.model.manifest import Consistency
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import AttachedDisk, Collection, Disk, DiskRestorePoint, ProvisioningState, RestorePoint, VirtualMachine
from farpoint.services.captures import captured_disk_row, look_at_disk
from farpoint.services.context import RegionContext
from farpoint.services.groups import require_group
from farpoint.services.hourly_limits import refuse_too_often
from farpoint.services.new_operations import new_operation
from farpoint.services.outcome import Put
from farpoint.services.point_details import PointDetails
from farpoint.services.points import point_id, require_open_collection
from farpoint.services.references import VM_TYPE, excluded_keys
from farpoint.services.refusals import invalid, not_allowed, resource_missing
from farpoint.services.repeated_point import PointWish, find_repeated
from farpoint.services.storage_profile import describe_vm

EXCLUDE_TARGET: Final = "properties.excludeDisks"
_CHANGED: Final = (
    "Changes were made to the Virtual Machine while the operation 'Create Restore Point' was in progress. "
    "Operation Create Restore Point cannot be completed at this time."
)
#: The VM's ARM id in an operation's request, in lower case: its collection may be gone by the time it is counted.
_VM: Final = "virtualMachine"
_CONCURRENT: Final = "RestorePoint creation failed since a concurrent 'Create RestorePoint' operation was triggered on the VM."


@frozen(kw_only=True)
class PointRequest:
    """A PUT of a local restore point."""

    group: str
    collection: str
    name: str
    #: ARM ids of disks to leave out.
    exclude_disks: tuple[str, ...]
    #: What the client asked for; None leaves it to us.
    consistency: Consistency | None
    #: Capture disks that are in use, at the caller's risk.
    allow_live: bool


@frozen(kw_only=True)
class _Subject:
    """What is to be captured, as read before looking at the disks."""

    collection: Collection
    vm: VirtualMachine
    #: Lower-case ARM ids of the disks to leave out.
    excluded: frozenset[str]
    #: The disks to capture with their attachments, OS disk first.
    chosen: tuple[tuple[AttachedDisk, Disk], ...]


def create_point(context: RegionContext, request: PointRequest, *, principal: str) -> Put[PointDetails]:
    """Create a restore point of the collection's VM; the capture goes on after the answer."""
    excluded = excluded_keys(context, request.exclude_disks, target=EXCLUDE_TARGET)
    require_group(context, request.group)
    with context.database.read() as conn:
        collection = require_open_collection(context, conn, group=request.group, name=request.collection)
        repeated = find_repeated(conn, collection, request.name, _wish(request, excluded))
        if repeated is not None:
            return repeated
        subject = _read_subject(conn, collection, excluded)
    sizes = [look_at_disk(disk, allow_live=request.allow_live) for _, disk in subject.chosen]
    with context.database.write() as conn:
        collection = require_open_collection(context, conn, group=request.group, name=request.collection)
        repeated = find_repeated(conn, collection, request.name, _wish(request, excluded))
        if repeated is not None:
            return repeated
        if _read_subject(conn, collection, excluded) != subject:
            raise not_allowed(_CHANGED, hint="Please try again later.")
        _refuse_concurrent(context, conn, subject.vm)
        _refuse_over_limits(context, conn, subject.vm)
        chosen = _with_sizes(conn, subject, sizes)
        details = _rows(context, conn, request, subject=evolve(subject, chosen=chosen), principal=principal)
        points.insert_point(conn, details.point)
        disk_points.insert_disk_points(conn, details.disks)
        assert details.operation is not None
        operations.insert_operation(conn, details.operation)
    context.launch(details.point.operation)
    return Put(resource=details, created=True, operation=details.operation)


def _wish(request: PointRequest, excluded: frozenset[str]) -> PointWish:
    consistency = None if request.consistency is None else request.consistency.value
    return PointWish(excluded=excluded, consistency=consistency, allow_live=request.allow_live)


def _read_subject(conn: Connection, collection: Collection, excluded: frozenset[str]) -> _Subject:
    source = parse_arm_id(collection.source_id)
    if not source.is_type(VM_TYPE):
        message = f"Collection '{collection.name}' holds copies of {collection.source_id}."
        raise invalid("properties.sourceRestorePoint", message, hint="Name the restore point to copy in sourceRestorePoint.id.")
    vm = virtual_machines.get_vm(conn, group=source.group, name=source.name)
    if vm is None:
        raise resource_missing(source)
    return _Subject(collection=collection, vm=vm, excluded=excluded, chosen=_choose(conn, vm, excluded))


def _choose(conn: Connection, vm: VirtualMachine, excluded: frozenset[str]) -> tuple[tuple[AttachedDisk, Disk], ...]:
    strangers = excluded - {attached.disk_id.lower() for attached in vm.disks}
    if strangers:
        message = f"VM '{vm.name}' does not attach {', '.join(sorted(strangers))}."
        raise invalid(EXCLUDE_TARGET, message, hint="Exclude disks of this VM only.")
    chosen = []
    for attached in vm.disks:
        disk = disks.get_disk_by_guid(conn, attached.disk)
        if disk is not None and attached.disk_id.lower() not in excluded:
            chosen.append((attached, disk))
    if not chosen:
        raise invalid(EXCLUDE_TARGET, f"Nothing of VM '{vm.name}' is left to capture.", hint="Leave at least one disk.")
    return tuple(chosen)


def _refuse_concurrent(context: RegionContext, conn: Connection, vm: VirtualMachine) -> None:
    vm_key = context.arm_id(vm.group, ("virtualMachines", vm.name)).key
    for operation in operations.live_operations(conn):
        if operation.kind is OperationKind.CREATE_POINT and _captures(conn, operation, vm_key):
            hint = f"Wait for operation {operation.id} on {operation.resource_id}."
            raise RefusedError(Code.VM_RESTORE_POINT_CLIENT, _CONCURRENT, hint=hint)


def _captures(conn: Connection, operation: Operation, vm_key: str) -> bool:
    owner = parse_arm_id(operation.resource_id).parent
    collection = collections.get_collection(conn, group=owner.group, name=owner.name)
    return collection is not None and collection.source_id.lower() == vm_key


def _refuse_over_limits(context: RegionContext, conn: Connection, vm: VirtualMachine) -> None:
    vm_id = context.arm_id(vm.group, ("virtualMachines", vm.name))
    most = context.limits.most(limits.POINTS_PER_VM)
    if most and (count := points.count_captured(conn, str(vm_id))) >= most:
        raise limits.POINTS_PER_VM.refusal(vm=vm.name, count=count, most=most)
    refuse_too_often(
        context,
        conn,
        limits.CREATES_PER_HOUR,
        OperationKind.CREATE_POINT,
        lambda operation: operation.request.get(_VM) == vm_id.key,
        vm=vm.name,
    )


def _with_sizes(conn: Connection, subject: _Subject, sizes: Sequence[int]) -> tuple[tuple[AttachedDisk, Disk], ...]:
    """Record the sizes just seen: an image may have grown since it was registered."""
    chosen = []
    for (attached, disk), size in zip(subject.chosen, sizes, strict=True):
        seen = evolve(disk, size_bytes=size)
        if seen != disk:
            disks.update_disk(conn, seen)
        chosen.append((attached, seen))
    return tuple(chosen)


def _rows(context: RegionContext, conn: Connection, request: PointRequest, *, subject: _Subject, principal: str) -> PointDetails:
    collection = subject.collection
    guid = PointId(context.entropy.guid())
    arm_id = point_id(context, group=collection.group, collection=collection.name, name=request.name)
    operation = new_operation(
        context,
        OperationKind.CREATE_POINT,
        resource=arm_id,
        subject=str(guid),
        principal=principal,
        request={
            _VM: collection.source_id.lower(),
            "allowLive": request.allow_live,
            "excludeDisks": list(request.exclude_disks),
            "consistencyMode": None if request.consistency is None else request.consistency.value,
        },
    )
    point = RestorePoint(
        id=guid,
        collection=collection.id,
        group=collection.group,
        collection_name=collection.name,
        name=request.name,
        provisioning_state=ProvisioningState.CREATING,
        consistency=request.consistency,
        time_created=operation.created_at,
        exclude_disks=request.exclude_disks,
        source_metadata=describe_vm(subject.vm, excluded=subject.excluded),
        operation=operation.id,
    )
    rows = tuple(_disk_row(context, conn, point, attached, disk) for attached, disk in subject.chosen)
    return PointDetails(point=point, disks=rows, operation=operation)


def _disk_row(context: RegionContext, conn: Connection, point: RestorePoint, attached: AttachedDisk, disk: Disk) -> DiskRestorePoint:
    row = captured_disk_row(context, conn, point, disk, lun=attached.lun)
    return evolve(row, os_type=row.os_type or "Linux") if attached.lun is None else row
