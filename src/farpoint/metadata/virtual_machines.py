"""Virtual machines and the disks they attach."""

from sqlalchemy import Connection, RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError

from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.rows import RowValues, delete_row, insert_row, name_key, of_span, refusal, update_row
from farpoint.metadata.tables import attached_disks, virtual_machines
from farpoint.model.arm_id import compute_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.ids import DiskId, VmId
from farpoint.model.resources import AttachedDisk, VirtualMachine
from farpoint.model.spans import WHOLE, Span


def insert_vm(conn: Connection, vm: VirtualMachine) -> None:
    """Insert a new VM with its attachments.

    Raise RefusedError (Conflict) when the group has a VM of that name, or when a VM, this one included, attaches one of the disks.
    """
    insert_row(conn, virtual_machines, _values_of(vm), what=_words_for(vm))
    _attach(conn, vm)
    _mark(conn, vm)


def update_vm(conn: Connection, vm: VirtualMachine) -> None:
    """Replace the VM with this id and its attachments; raise RefusedError when it is gone or a disk is another VM's."""
    update_row(conn, virtual_machines, _values_of(vm), what=_words_for(vm))
    conn.execute(delete(attached_disks).where(attached_disks.c.vm == vm.id))
    _attach(conn, vm)
    _mark(conn, vm)


def get_vm(conn: Connection, *, group: str, name: str) -> VirtualMachine | None:
    """Return the VM of that name, whatever its case."""
    query = select(virtual_machines).where(virtual_machines.c.group_key == name_key(group), virtual_machines.c.name_key == name_key(name))
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _vm_of(conn, row)


def get_vm_by_guid(conn: Connection, guid: VmId) -> VirtualMachine | None:
    """Return the VM with that id."""
    row = conn.execute(select(virtual_machines).where(virtual_machines.c.id == guid)).mappings().one_or_none()
    return None if row is None else _vm_of(conn, row)


def find_vm_of_disk(conn: Connection, disk_id: DiskId) -> VirtualMachine | None:
    """Return the VM that attaches this disk."""
    vm = conn.execute(select(attached_disks.c.vm).where(attached_disks.c.disk == disk_id)).scalar_one_or_none()
    return None if vm is None else get_vm_by_guid(conn, VmId(vm))


def list_vms(conn: Connection, *, group: str | None = None, span: Span = WHOLE) -> list[VirtualMachine]:
    """Return the VMs of one group or of all, by group and name, or a stretch of them."""
    query = of_span(select(virtual_machines), virtual_machines, group=group, span=span)
    return [_vm_of(conn, row) for row in conn.execute(query).mappings().all()]


def delete_vm(conn: Connection, guid: VmId) -> None:
    """Delete the VM, if it is there; its attachments end with it, its disks stay."""
    vm = get_vm_by_guid(conn, guid)
    if vm is not None:
        delete_row(conn, virtual_machines, guid, what=_words_for(vm))
        _mark(conn, vm)


def _mark(conn: Connection, vm: VirtualMachine) -> None:
    mark_changed(conn, ResourceKind.VIRTUAL_MACHINE, vm.id, compute_path(vm.group, ("virtualMachines", vm.name)))


def _words_for(vm: VirtualMachine) -> str:
    return f"virtual machine {vm.name!r} in group {vm.group!r}"


def _attach(conn: Connection, vm: VirtualMachine) -> None:
    for position, one in enumerate(vm.disks):
        row = {"disk": one.disk, "vm": vm.id, "position": position, "disk_id": one.disk_id, "name": one.name, "lun": one.lun}
        try:
            conn.execute(insert(attached_disks).values(**row))
        except IntegrityError as error:
            raise refusal(error, f"an attachment of disk {one.name!r}") from error


def _values_of(vm: VirtualMachine) -> RowValues:
    return {
        "id": vm.id,
        "group": vm.group,
        "group_key": name_key(vm.group),
        "name": vm.name,
        "name_key": name_key(vm.name),
        "location": vm.location,
        "tags": vm.tags,
        "properties": vm.properties,
        "time_created": vm.time_created,
    }


def _vm_of(conn: Connection, row: RowMapping) -> VirtualMachine:
    query = select(attached_disks).where(attached_disks.c.vm == row["id"]).order_by(attached_disks.c.position)
    return VirtualMachine(
        id=VmId(row["id"]),
        group=row["group"],
        name=row["name"],
        location=row["location"],
        tags=row["tags"],
        properties=row["properties"],
        disks=tuple(_attachment_of(one) for one in conn.execute(query).mappings()),
        time_created=row["time_created"],
    )


def _attachment_of(row: RowMapping) -> AttachedDisk:
    return AttachedDisk(disk=DiskId(row["disk"]), disk_id=row["disk_id"], name=row["name"], lun=row["lun"])
