"""``vm add``: register disks that lie in a region's pools, and the VM that has them.

A disk that the region knows already, under whatever name, is used as it is: registering twice is harmless. When the VM is refused,
the disks this call registered are unregistered again; files are never touched.
"""

import os
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import count, rows, section, text
from farpoint.cli.failures import CommandError, UsageError
from farpoint.cli.listing import list_group
from farpoint.cli.naming import absolute, disk_names
from farpoint.cli.session import Session
from farpoint.cli.waiting import watch_operation
from farpoint.model.documents import JsonObject
from farpoint.model.regions import region_key


@frozen(kw_only=True)
class VmRequest:
    """What to register."""

    name: str
    region: str
    os_disk: Path
    data_disks: tuple[Path, ...] = ()
    os_type: str = "Linux"
    #: Block size of the disks' maps; None leaves it to the region.
    block_bytes: int | None = None


@frozen(kw_only=True)
class _Registered:
    """One disk, and whether this call registered it."""

    document: JsonObject
    path: str
    is_new: bool


def add_vm(session: Session, request: VmRequest) -> JsonObject:
    """Register the disks, then the VM; return the VM."""
    client = session.fleet.region(request.region)
    vm_path = client.compute_path(session.group, "virtualMachines", request.name)
    before = client.find(vm_path)
    disks: list[_Registered] = []
    try:
        for place, path in enumerate((request.os_disk, *request.data_disks)):
            disks.append(_register(session, client, request, path, is_os_disk=place == 0))
        if before is not None and _attached(before) != [text(disk.document, "id").lower() for disk in disks]:
            message = f"virtual machine {request.name} exists with other disks; give the new one another name"
            raise UsageError(message)
        document, operation = client.put(vm_path, _vm_document(request, disks))
        _settle(session, client, operation, title=f"virtual machine {request.name}")
        return client.get(vm_path) if operation else document
    except CommandError:
        for disk in disks:
            if disk.is_new:
                # What went wrong first is what the caller must hear.
                with suppress(CommandError):
                    client.delete(disk.path)
        raise


def _register(session: Session, client: ArmClient, request: VmRequest, path: Path, *, is_os_disk: bool) -> _Registered:
    """Return the disk at *path*, registering it under the first of its names that is free in every region when it is new."""
    wanted = absolute(path)
    for disk in list_group(client, session.group, "disks"):
        if os.path.realpath(text(disk, "properties", "farpoint", "path")) == os.path.realpath(wanted):
            _refuse_other_block_size(disk, request)
            return _Registered(document=disk, path=text(disk, "id"), is_new=False)
    for name in disk_names(wanted, vm=request.name):
        disk_path = client.compute_path(session.group, "disks", name)
        if client.find(disk_path) is None:
            document, operation = client.put(disk_path, _disk_document(request, wanted, is_os_disk=is_os_disk))
            _settle(session, client, operation, title=f"disk {name}")
            return _Registered(document=document, path=disk_path, is_new=True)
    message = f"all names for the disk {wanted} are taken in group {session.group}; rename the file"
    raise UsageError(message)


def _refuse_other_block_size(disk: JsonObject, request: VmRequest) -> None:
    known = count(disk, "properties", "farpoint", "blockSizeBytes")
    if request.block_bytes not in {None, known}:
        message = f"disk {text(disk, 'name')} has blocks of {known} bytes, for good: leave --block-size out, or delete the disk first"
        raise UsageError(message)


def _attached(vm: JsonObject) -> list[str]:
    """Return the ids of a VM's disks: the OS disk, then data disks by lun."""
    data_disks = sorted(rows(vm, "properties", "storageProfile", "dataDisks"), key=lambda disk: count(disk, "lun"))
    disks = [section(vm, "properties", "storageProfile", "osDisk"), *data_disks]
    return [text(disk, "managedDisk", "id").lower() for disk in disks]


def _settle(session: Session, client: ArmClient, operation: str, *, title: str) -> None:
    if operation:
        session.wait(watch_operation(client, operation).look, title=title)


def _disk_document(request: VmRequest, path: Path, *, is_os_disk: bool) -> JsonObject:
    facts: dict[str, str | int] = {"path": str(path)}
    if request.block_bytes is not None:
        facts["blockSizeBytes"] = request.block_bytes
    properties: dict[str, JsonObject | str] = {"creationData": {"createOption": "Attach"}, "farpoint": facts}
    if is_os_disk:
        properties["osType"] = request.os_type
    return {"location": region_key(request.region), "properties": properties}


def _vm_document(request: VmRequest, disks: list[_Registered]) -> JsonObject:
    os_disk, *data_disks = (disk.document for disk in disks)
    storage: JsonObject = {
        "osDisk": {"osType": request.os_type, **_attachment(os_disk)},
        "dataDisks": [{"lun": lun, **_attachment(disk)} for lun, disk in enumerate(data_disks)],
    }
    return {"location": region_key(request.region), "properties": {"storageProfile": storage}}


def _attachment(disk: JsonObject) -> JsonObject:
    return {"name": text(disk, "name"), "createOption": "Attach", "managedDisk": {"id": text(disk, "id")}}
