"""Attaching and detaching data disks of a VM that exists, one call for both: the VM as it is, with other data disks."""

from attrs import frozen

from farpoint.model.arm_id import parse_arm_id
from farpoint.model.documents import JsonObject
from farpoint.model.resources import VirtualMachine
from farpoint.services.context import RegionContext
from farpoint.services.groups import open_group
from farpoint.services.json_reading import object_at, objects_at, text_at, without
from farpoint.services.refusals import invalid
from farpoint.services.virtual_machines import DiskAttachment, VmRequest, require_vm, write_vm

#: As many luns as Azure has.
_LUNS = range(64)


@frozen(kw_only=True)
class NewAttachment:
    """A data disk to attach."""

    disk_id: str
    #: None: the lowest that is free.
    lun: int | None
    settings: JsonObject


@frozen(kw_only=True)
class DiskMoves:
    """What to attach to a VM and what to detach from it."""

    group: str
    name: str
    attach: tuple[NewAttachment, ...]
    #: ARM ids.
    detach: tuple[str, ...]


def change_data_disks(context: RegionContext, moves: DiskMoves) -> VirtualMachine:
    """Detach, then attach; all or nothing, in one transaction: calls for one VM at the same time add up."""
    with context.database.write() as conn:
        vm = require_vm(context, conn, group=moves.group, name=moves.name)
        open_group(conn, vm.group)
        return write_vm(context, conn, _changed(vm, moves), vm)


def _changed(vm: VirtualMachine, moves: DiskMoves) -> VmRequest:
    """Return the VM as it is, with other data disks."""
    kept = _kept(vm, moves.detach)
    taken = {attachment.lun for attachment in kept}
    added = []
    for number, disk in enumerate(moves.attach):
        lun = disk.lun if disk.lun is not None else next((free for free in _LUNS if free not in taken), len(_LUNS))
        target = f"dataDisksToAttach[{number}]"
        if lun in taken or lun not in _LUNS:
            raise invalid(f"{target}.lun", f"VM '{vm.name}' has no free lun {lun}.", hint="Choose another, or leave it out.")
        taken.add(lun)
        added.append(DiskAttachment(disk_id=disk.disk_id, lun=lun, target=f"{target}.diskId", settings=disk.settings))
    data = sorted((attachment for attachment in (*kept, *added) if attachment.lun is not None), key=lambda disk: disk.lun or 0)
    os_disk = next(attachment for attachment in kept if attachment.lun is None)
    return VmRequest(
        group=vm.group,
        name=vm.name,
        location=vm.location,
        tags=vm.tags,
        properties=without(vm.properties, "storageProfile"),
        attachments=(os_disk, *data),
    )


def _kept(vm: VirtualMachine, detach: tuple[str, ...]) -> list[DiskAttachment]:
    """Return the attachments that stay, OS disk first; refuse to detach what is not a data disk of the VM."""
    profile = object_at(vm.properties, "storageProfile")
    data = objects_at(profile, "dataDisks")
    keys = {_disk_key(entry) for entry in data}
    gone = {_key(disk_id) for disk_id in detach}
    for number, disk_id in enumerate(detach):
        if _key(disk_id) not in keys:
            message = f"'{disk_id}' is no data disk of VM '{vm.name}'."
            raise invalid(f"dataDisksToDetach[{number}].diskId", message, hint="Name a data disk that the VM attaches.")
    kept = [entry for entry in data if _disk_key(entry) not in gone]
    return [_attachment(object_at(profile, "osDisk"), None), *(_attachment(entry, entry["lun"]) for entry in kept)]


def _attachment(entry: JsonObject, lun: object) -> DiskAttachment:
    disk_id = text_at(entry, "managedDisk", "id") or ""
    settings = without(entry, "lun", "managedDisk", "createOption")
    return DiskAttachment(disk_id=disk_id, lun=lun if isinstance(lun, int) else None, target="", settings=settings)


def _disk_key(entry: JsonObject) -> str:
    return _key(text_at(entry, "managedDisk", "id") or "")


def _key(disk_id: str) -> str:
    try:
        return parse_arm_id(disk_id).key
    except ValueError:
        return disk_id.lower()
