"""The storage profile of a VM, and the description of a VM that goes into a restore point. Pure."""

from collections.abc import Collection as Container
from collections.abc import Sequence

from farpoint.model.documents import JsonObject, JsonValue
from farpoint.model.resources import Disk, VirtualMachine
from farpoint.services.context import RegionContext
from farpoint.services.json_reading import object_at, objects_at, present, text_at, without
from farpoint.units import whole_gib

#: What of a VM's properties a restore point keeps (azure-wire.md §9).
_KEPT = ("hardwareProfile", "osProfile", "diagnosticsProfile", "licenseType", "securityProfile", "userData", "hyperVGeneration")


def storage_profile(context: RegionContext, attached: Sequence[tuple[Disk, int | None, JsonObject]]) -> JsonObject:
    """Return the profile that ARM shows for *attached*: (disk, lun or None for the OS disk, entry as given)."""
    data: list[JsonValue] = []
    profile: dict[str, JsonValue] = {}
    for disk, lun, settings in attached:
        entry = _entry(context, disk, lun, settings)
        if lun is None:
            profile["osDisk"] = entry
        else:
            data.append(entry)
    return {**profile, "dataDisks": data}


def _entry(context: RegionContext, disk: Disk, lun: int | None, settings: JsonObject) -> JsonObject:
    managed: JsonObject = {"storageAccountType": disk.sku, "id": str(context.arm_id(disk.group, ("disks", disk.name)))}
    known = present(
        lun=lun,
        osType=(disk.os_type or text_at(settings, "osType") or "Linux") if lun is None else None,
        name=disk.name,
        createOption="Attach",
        caching=text_at(settings, "caching") or "None",
        diskSizeGB=whole_gib(disk.size_bytes),
        managedDisk=managed,
    )
    return {**without(settings, *known), **known}


def describe_vm(vm: VirtualMachine, *, excluded: Container[str]) -> JsonObject:
    """Return ARM's sourceMetadata of *vm* without the disks whose lower-case ARM ids are *excluded*."""
    storage = object_at(vm.properties, "storageProfile")
    os_disk = object_at(storage, "osDisk")
    shown: dict[str, JsonValue] = {}
    if os_disk and _managed_key(os_disk) not in excluded:
        shown["osDisk"] = without(os_disk, "createOption")
    shown["dataDisks"] = [without(disk, "createOption") for disk in objects_at(storage, "dataDisks") if _managed_key(disk) not in excluded]
    rest = {key: vm.properties[key] for key in _KEPT if key in vm.properties}
    return {"vmId": str(vm.id), "location": vm.location, "storageProfile": shown, **rest}


def without_disk_points(source_metadata: JsonObject) -> JsonObject:
    """Return another region's sourceMetadata without its references to that region's disk restore points."""
    storage = object_at(source_metadata, "storageProfile")
    shown: dict[str, JsonValue] = dict(storage)
    if object_at(storage, "osDisk"):
        shown["osDisk"] = without(object_at(storage, "osDisk"), "diskRestorePoint")
    shown["dataDisks"] = [without(disk, "diskRestorePoint") for disk in objects_at(storage, "dataDisks")]
    return {**source_metadata, "storageProfile": shown}


def without_disks(source_metadata: JsonObject, excluded: Container[str]) -> JsonObject:
    """Return sourceMetadata without the disks whose lower-case ARM ids are *excluded*."""
    storage = object_at(source_metadata, "storageProfile")
    shown: dict[str, JsonValue] = dict(storage)
    if _managed_key(object_at(storage, "osDisk")) in excluded:
        del shown["osDisk"]
    shown["dataDisks"] = [disk for disk in objects_at(storage, "dataDisks") if _managed_key(disk) not in excluded]
    return {**source_metadata, "storageProfile": shown}


def disk_ids(source_metadata: JsonObject) -> frozenset[str]:
    """Return the ARM ids of the disks that sourceMetadata describes, in lower case."""
    storage = object_at(source_metadata, "storageProfile")
    described = [object_at(storage, "osDisk"), *objects_at(storage, "dataDisks")]
    return frozenset(key for disk in described if (key := _managed_key(disk)))


def _managed_key(disk: JsonObject) -> str:
    return (text_at(disk, "managedDisk", "id") or "").lower()
