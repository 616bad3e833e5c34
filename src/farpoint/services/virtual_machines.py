"""Virtual machines: descriptions of guests that run elsewhere, and the disks each one attaches. No disk is ever in two."""

from collections.abc import Sequence
from typing import NoReturn

from attrs import evolve, frozen

from farpoint.errors import RefusedError
from farpoint.metadata import disks, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.ids import VmId
from farpoint.model.regions import region_key
from farpoint.model.resources import AttachedDisk, Disk, VirtualMachine
from farpoint.model.spans import WHOLE, Span
from farpoint.services.access_grants import refuse_if_shared
from farpoint.services.context import RegionContext
from farpoint.services.disks import refuse_unready
from farpoint.services.groups import open_group, require_group
from farpoint.services.outcome import Put
from farpoint.services.ownership import find_elsewhere, own_name
from farpoint.services.references import DISK_TYPE, parse_reference, require_own_location
from farpoint.services.refusals import conflict, invalid, not_allowed, resource_missing
from farpoint.services.storage_profile import storage_profile


@frozen(kw_only=True)
class DiskAttachment:
    """One disk of a VM as the request names it."""

    disk_id: str
    #: None for the OS disk.
    lun: int | None
    #: JSON path of the id in the request.
    target: str
    #: The entry as given: caching and the like.
    settings: JsonObject


@frozen(kw_only=True)
class VmRequest:
    """A PUT of a VM."""

    group: str
    name: str
    location: str
    tags: JsonObject
    #: ARM properties as given, without storageProfile, read-only fields and secrets.
    properties: JsonObject
    #: OS disk first.
    attachments: tuple[DiskAttachment, ...]


def put_vm(context: RegionContext, request: VmRequest) -> Put[VirtualMachine]:
    """Create or update a VM and attach its disks; disks it no longer names are detached."""
    require_own_location(context, request.location)
    group = require_group(context, request.group).name
    with own_name(context, context.arm_id(group, ("virtualMachines", request.name))), context.database.write() as conn:
        open_group(conn, group)
        existing = virtual_machines.get_vm(conn, group=group, name=request.name)
        _refuse_move(existing, request)
        vm = write_vm(context, conn, evolve(request, group=group), existing)
    return Put(resource=vm, created=existing is None)


def write_vm(context: RegionContext, conn: Connection, request: VmRequest, existing: VirtualMachine | None) -> VirtualMachine:
    """Write the VM that the request describes in place of *existing*, which was read in the same transaction."""
    attached = _find_disks(context, conn, request, existing)
    vm = _describe(context, request, existing=existing, attached=attached)
    if existing is None:
        virtual_machines.insert_vm(conn, vm)
    else:
        _detach(conn, existing, keep=vm)
        virtual_machines.update_vm(conn, vm)
    owner = str(context.arm_id(vm.group, ("virtualMachines", vm.name)))
    for disk, _ in attached:
        disks.update_disk(conn, evolve(disk, managed_by=owner))
    return vm


def get_vm(context: RegionContext, *, group: str, name: str) -> VirtualMachine:
    """Return the VM, or refuse with ResourceNotFound."""
    with context.database.read() as conn:
        return require_vm(context, conn, group=group, name=name)


def require_vm(context: RegionContext, conn: Connection, *, group: str, name: str) -> VirtualMachine:
    """Return the VM's row, or refuse with ResourceNotFound."""
    found = virtual_machines.get_vm(conn, group=group, name=name)
    if found is None:
        raise resource_missing(context.arm_id(group, ("virtualMachines", name)))
    return found


def patch_vm(context: RegionContext, *, group: str, name: str, tags: JsonObject | None) -> VirtualMachine:
    """Change the tags; None leaves them."""
    with context.database.write() as conn:
        found = require_vm(context, conn, group=group, name=name)
        changed = found if tags is None else evolve(found, tags=tags)
        virtual_machines.update_vm(conn, changed)
    return changed


def refuse_power(context: RegionContext, *, group: str, name: str, action: str) -> NoReturn:
    """Refuse to change whether a VM runs."""
    found = get_vm(context, group=group, name=name)
    message = f"Farpoint does not run VM '{found.name}', it describes it: {action} cannot be done here."
    raise not_allowed(message, hint="Start or stop the guest where it runs.")


def list_vms(context: RegionContext, *, group: str | None = None, span: Span = WHOLE) -> Sequence[VirtualMachine]:
    """Return the region's own VMs, of one group or of all, or a stretch of them."""
    with context.database.read() as conn:
        return virtual_machines.list_vms(conn, group=group, span=span)


def delete_vm(context: RegionContext, *, group: str, name: str) -> bool:
    """Forget the VM and detach its disks; its restore points stay. Return False when there was none."""
    with context.database.write() as conn:
        vm = virtual_machines.get_vm(conn, group=group, name=name)
        if vm is None:
            return False
        _detach(conn, vm, keep=None)
        virtual_machines.delete_vm(conn, vm.id)
    return True


def _refuse_move(existing: VirtualMachine | None, request: VmRequest) -> None:
    if existing is not None and region_key(existing.location) != region_key(request.location):
        message = f"VM '{existing.name}' exists in location '{existing.location}'."
        raise conflict(message, hint="A VM cannot be moved.", target="location")


def _find_disks(
    context: RegionContext, conn: Connection, request: VmRequest, existing: VirtualMachine | None
) -> list[tuple[Disk, DiskAttachment]]:
    found: dict[str, tuple[Disk, DiskAttachment]] = {}
    for attachment in request.attachments:
        disk = _find_disk(context, conn, attachment)
        _refuse_foreign(conn, disk, attachment, existing)
        twin = found.get(disk.name.lower())
        if twin is not None:
            what = "is attached twice" if twin[0].id == disk.id else "has the name of another disk of this VM"
            raise invalid(attachment.target, f"Disk '{disk.name}' {what}.", hint="Each disk of a VM is one disk with a name of its own.")
        found[disk.name.lower()] = (disk, attachment)
    return list(found.values())


def _find_disk(context: RegionContext, conn: Connection, attachment: DiskAttachment) -> Disk:
    arm_id = parse_reference(context, attachment.disk_id, DISK_TYPE, target=attachment.target)
    disk = disks.get_disk(conn, group=arm_id.group, name=arm_id.name)
    if disk is None:
        raise _missing_disk(context, conn, arm_id, target=attachment.target)
    refuse_unready(disk, target=attachment.target)
    if disk.managed_by is None:
        refuse_if_shared(context, conn, disk.id)
    return disk


def _missing_disk(context: RegionContext, conn: Connection, arm_id: ArmId, *, target: str) -> RefusedError:
    """Return the refusal of a disk that this region has not, saying which one has it."""
    owner = next(iter(find_elsewhere(context, conn, arm_id.in_subscription)), None)
    if owner is None:
        return resource_missing(arm_id, target=target)
    message = f"Disk '{arm_id.name}' is in region '{owner.region}'; a VM attaches disks of its own region, here '{context.name}'."
    return not_allowed(
        message, hint=f"Attach it to a VM in '{owner.region}', or bring its contents here and make a disk of them.", target=target
    )


def _refuse_foreign(conn: Connection, disk: Disk, attachment: DiskAttachment, existing: VirtualMachine | None) -> None:
    owner = virtual_machines.find_vm_of_disk(conn, disk.id)
    if owner is None or (existing is not None and owner.id == existing.id):
        return
    message = f"Disk '{disk.name}' is attached to VM '{owner.name}' in group '{owner.group}' already."
    raise conflict(message, hint="A disk belongs to one VM; detach it there first.", target=attachment.target)


def _describe(
    context: RegionContext,
    request: VmRequest,
    *,
    existing: VirtualMachine | None,
    attached: Sequence[tuple[Disk, DiskAttachment]],
) -> VirtualMachine:
    profile = storage_profile(context, [(disk, attachment.lun, attachment.settings) for disk, attachment in attached])
    return VirtualMachine(
        id=existing.id if existing is not None else VmId(context.entropy.guid()),
        group=request.group,
        name=existing.name if existing is not None else request.name,
        location=request.location,
        tags=request.tags,
        properties={**request.properties, "storageProfile": profile},
        disks=tuple(_attached(context, disk, attachment.lun) for disk, attachment in attached),
        time_created=existing.time_created if existing is not None else context.clock.now(),
    )


def _attached(context: RegionContext, disk: Disk, lun: int | None) -> AttachedDisk:
    return AttachedDisk(disk=disk.id, disk_id=str(context.arm_id(disk.group, ("disks", disk.name))), name=disk.name, lun=lun)


def _detach(conn: Connection, vm: VirtualMachine, *, keep: VirtualMachine | None) -> None:
    """Mark the disks of *vm* free that *keep* does not attach."""
    kept = set() if keep is None else {attached.disk for attached in keep.disks}
    for attached in vm.disks:
        disk = disks.get_disk_by_guid(conn, attached.disk)
        if disk is not None and disk.id not in kept:
            disks.update_disk(conn, evolve(disk, managed_by=None))
