"""``farpoint vm``: virtual machines, registered with the disks they have."""

from pathlib import Path
from typing import Annotated

from attrs import frozen
from cyclopts import App, Parameter

from farpoint.cli.console import Grid
from farpoint.cli.documents import count, name_in, rows, section, text
from farpoint.cli.options import SHARED, VM_NAME, SharedOptions
from farpoint.cli.session import open_session
from farpoint.model.documents import JsonObject

app = App(name="vm", help="Register virtual machines with their disks, and show them.")


@Parameter(name="*")
@frozen(kw_only=True)
class DiskOptions:
    """The disks of the VM."""

    os_disk: Annotated[Path, Parameter(name="--os-disk", help="Raw file or block device of the OS disk.")]
    data_disk: Annotated[tuple[Path, ...], Parameter(name="--data-disk", negative=(), help="Data disk; once for each, in lun order.")] = ()
    os_type: Annotated[str, Parameter(name="--os-type", help="Linux or Windows.")] = "Linux"
    block_size: Annotated[int | None, Parameter(name="--block-size", help="Bytes per block of the disks' maps; 262144 unless told.")] = None


@app.command
def add(name: Annotated[str, VM_NAME], /, *, disks: DiskOptions, shared: SharedOptions = SHARED) -> None:
    """Register a VM and its disks in the region given with --region."""
    from farpoint.cli.failures import UsageError
    from farpoint.cli.vm_add import VmRequest, add_vm

    if not shared.region:
        raise UsageError("say which region the VM is in: --region NAME")
    with open_session(shared) as session:
        request = VmRequest(
            name=name,
            region=shared.region,
            os_disk=disks.os_disk,
            data_disks=disks.data_disk,
            os_type=disks.os_type,
            block_bytes=disks.block_size,
        )
        vm = add_vm(session, request)
        session.console.show(vm, _summary([vm]))


@app.command(name="list")
def list_vms(*, shared: SharedOptions = SHARED) -> None:
    """List the VMs of a group."""
    from farpoint.cli.listing import list_compute

    with open_session(shared) as session:
        vms = list_compute(session, "virtualMachines")
        session.console.show_list(vms, _summary(vms))


@app.command
def show(name: Annotated[str, VM_NAME], /, *, shared: SharedOptions = SHARED) -> None:
    """Show a VM and its disks."""
    from farpoint.cli.lookup import find_vm

    with open_session(shared) as session:
        vm = find_vm(session, name).value
        session.console.show(vm, _summary([vm]), _disks(vm))


def _summary(vms: list[JsonObject]) -> Grid:
    rows_shown = [
        (text(vm, "name"), text(vm, "location"), str(len(_attachments(vm))), text(vm, "properties", "provisioningState")) for vm in vms
    ]
    return Grid(titles=("NAME", "REGION", "DISKS", "STATE"), rows=rows_shown)


def _disks(vm: JsonObject) -> Grid:
    return Grid(titles=("DISK", "USE"), rows=_attachments(vm))


def _attachments(vm: JsonObject) -> list[tuple[str, str]]:
    storage = section(vm, "properties", "storageProfile")
    os_disk = section(storage, "osDisk")
    uses = [(name_in(text(os_disk, "managedDisk", "id")), "OS")] if os_disk else []
    return uses + [(name_in(text(disk, "managedDisk", "id")), f"data, lun {count(disk, 'lun')}") for disk in rows(storage, "dataDisks")]
