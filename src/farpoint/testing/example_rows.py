"""Example resources and operations: every field filled with something plausible, so that a test names only what it is about."""

import datetime as dt
import uuid

from farpoint.model.catalogue import PointRecord, ResourceChange, ResourceKind
from farpoint.model.descriptions import Description
from farpoint.model.directory import DirectoryRecord
from farpoint.model.disk import BLOCK_BYTES_DEFAULT
from farpoint.model.documents import JsonObject
from farpoint.model.ids import CollectionId, DescriptionId, DiskId, DiskPointId, OperationId, PointId, RegionId, SnapshotId, VmId
from farpoint.model.manifest import Consistency
from farpoint.model.operations import Operation, OperationKind, OperationState
from farpoint.model.resources import (
    AttachedDisk,
    Collection,
    CreateOption,
    Disk,
    DiskRestorePoint,
    ProvisioningState,
    RestorePoint,
    VirtualMachine,
)
from farpoint.model.snapshots import Snapshot, SnapshotOption
from farpoint.units import GIB

#: The moment at which example resources were created.
MOMENT = dt.datetime(2026, 5, 9, 7, 35, 25, 123456, tzinfo=dt.UTC)
_COMPUTE = "/subscriptions/s/resourceGroups/default/providers/Microsoft.Compute"


def guid(number: int) -> uuid.UUID:
    """Return the example GUID with this number."""
    return uuid.UUID(int=number)


def example_operation(number: int = 1, *, kind: OperationKind = OperationKind.CREATE_POINT, subject: str = "subject") -> Operation:
    """Return a running operation."""
    return Operation(
        id=OperationId(guid(number)),
        kind=kind,
        resource_id=f"{_COMPUTE}/restorePointCollections/web/restorePoints/p{number}",
        subject=subject,
        state=OperationState.RUNNING,
        answered=False,
        incarnation=0,
        principal="client",
        request={"allowLive": False, "excludeDisks": []},
        created_at=MOMENT,
    )


def example_disk(number: int = 1, *, name: str = "os", group: str = "default") -> Disk:
    """Return an attached disk."""
    return Disk(
        id=DiskId(guid(number)),
        group=group,
        name=name,
        location="eastus",
        tags={"team": "web"},
        sku="Standard_LRS",
        os_type="Linux",
        create_option=CreateOption.ATTACH,
        source_resource_id=None,
        path=f"/pool/{name}.raw",
        size_bytes=8 * GIB,
        block_bytes=BLOCK_BYTES_DEFAULT,
        provisioning_state=ProvisioningState.SUCCEEDED,
        time_created=MOMENT,
    )


def example_vm(number: int = 1, *, name: str = "web", disks: tuple[Disk, ...] = ()) -> VirtualMachine:
    """Return a VM that attaches *disks*, the first as its OS disk."""
    attached = (
        AttachedDisk(disk=disk.id, disk_id=f"{_COMPUTE}/disks/{disk.name}", name=disk.name, lun=None if place == 0 else place - 1)
        for place, disk in enumerate(disks)
    )
    return VirtualMachine(
        id=VmId(guid(number)),
        group="default",
        name=name,
        location="eastus",
        tags={},
        properties={"hardwareProfile": {"vmSize": "Standard_B1s"}},
        disks=tuple(attached),
        time_created=MOMENT,
    )


def example_collection(number: int = 1, *, name: str = "web", group: str = "default") -> Collection:
    """Return a collection of a local VM's points."""
    return Collection(
        id=CollectionId(guid(number)),
        group=group,
        name=name,
        location="eastus",
        tags={},
        source_id=f"{_COMPUTE}/virtualMachines/{name}",
        source_location="eastus",
        time_created=MOMENT,
    )


def example_point(collection: Collection, number: int = 1, *, name: str = "p1") -> RestorePoint:
    """Return a point of *collection* that is being captured."""
    return RestorePoint(
        id=PointId(guid(number)),
        collection=collection.id,
        group=collection.group,
        collection_name=collection.name,
        name=name,
        provisioning_state=ProvisioningState.CREATING,
        consistency=Consistency.CRASH,
        source_point_id=None,
        copy_state=None,
        time_created=MOMENT,
        source_time_created=None,
        exclude_disks=(),
        source_metadata={"vmId": "vm"},
        manifest=None,
        operation=OperationId(guid(number)),
    )


def example_disk_point(point: RestorePoint, number: int = 1, *, disk: str = "os", lun: int | None = None) -> DiskRestorePoint:
    """Return a disk of *point*, not captured yet."""
    return DiskRestorePoint(
        id=DiskPointId(guid(number)),
        point=point.id,
        name=f"{disk}_{guid(number)}",
        disk_name=disk,
        lun=lun,
        os_type="Linux" if lun is None else None,
        source_disk_id=f"{_COMPUTE}/disks/{disk}",
        source_disk_point_id=None,
        source_location="eastus",
        source_unique_id=f"unique-{disk}",
        family_id=f"family-{disk}",
        time_created=MOMENT,
        size_bytes=8 * GIB,
        block_bytes=BLOCK_BYTES_DEFAULT,
    )


def example_snapshot(point: RestorePoint, number: int = 1, *, name: str = "s1") -> Snapshot:
    """Return a snapshot of a disk, its contents behind *point*."""
    return Snapshot(
        id=SnapshotId(guid(number)),
        group="default",
        name=name,
        location="eastus",
        tags={"team": "web"},
        sku="Standard_LRS",
        create_option=SnapshotOption.COPY,
        source_resource_id=f"{_COMPUTE}/disks/os",
        source_unique_id="unique-os",
        incremental=True,
        os_type="Linux",
        hyper_v_generation="V2",
        size_bytes=8 * GIB,
        point=point.id,
        time_created=MOMENT,
    )


def example_description(number: int = 1, *, name: str = "net") -> Description:
    """Return a network."""
    return Description(
        id=DescriptionId(guid(number)),
        type="Microsoft.Network/virtualNetworks",
        group="default",
        name=name,
        location="eastus",
        tags={},
        properties={"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    )


def example_changes() -> tuple[ResourceChange, ...]:
    """Return a change of one resource of each kind, and the deletion of another."""
    disk, collection = example_disk(2), example_collection(4)
    point = example_point(collection, 5)
    record = PointRecord(point=point, disks=(example_disk_point(point, 6), example_disk_point(point, 7, disk="data", lun=0)))
    body: JsonObject = {"name": "default", "location": "eastus", "tags": {"team": "web"}}
    group = DirectoryRecord(kind="group", path="/resourceGroups/default", version=3, origin=RegionId(guid(9)), body=body)
    vm = example_vm(3, disks=(disk,))
    snapshot, network = example_snapshot(point, 10), example_description(11)
    network_path = f"{group.path}/providers/{network.type}/net"
    compute = f"{group.path}/providers/Microsoft.Compute"
    return (
        ResourceChange(kind=ResourceKind.DIRECTORY, guid=group.guid, arm_path=group.path, resource=group),
        ResourceChange(kind=ResourceKind.DISK, guid=disk.id, arm_path=f"{compute}/disks/os", resource=disk),
        ResourceChange(kind=ResourceKind.VIRTUAL_MACHINE, guid=vm.id, arm_path=f"{compute}/virtualMachines/web", resource=vm),
        ResourceChange(
            kind=ResourceKind.COLLECTION, guid=collection.id, arm_path=f"{compute}/restorePointCollections/web", resource=collection
        ),
        ResourceChange(
            kind=ResourceKind.POINT, guid=point.id, arm_path=f"{compute}/restorePointCollections/web/restorePoints/p1", resource=record
        ),
        ResourceChange(kind=ResourceKind.SNAPSHOT, guid=snapshot.id, arm_path=f"{compute}/snapshots/s1", resource=snapshot),
        ResourceChange(kind=ResourceKind.DESCRIPTION, guid=network.id, arm_path=network_path, resource=network),
        ResourceChange(kind=ResourceKind.DISK, guid=guid(8), arm_path=f"{compute}/disks/gone", resource=None),
    )
