"""The catalogue: which resources a region tells others and its own future about, and what it says of each."""

import uuid
from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from farpoint.model.descriptions import Description
from farpoint.model.directory import DirectoryRecord
from farpoint.model.resources import Collection, Disk, DiskRestorePoint, RestorePoint, VirtualMachine
from farpoint.model.snapshots import Snapshot


class ResourceKind(StrEnum):
    """The kinds of resources that the catalogue log records."""

    #: Resource groups, role assignments and whatever else all regions hold.
    DIRECTORY = "directoryRecord"
    DISK = "disk"
    VIRTUAL_MACHINE = "virtualMachine"
    COLLECTION = "restorePointCollection"
    POINT = "restorePoint"
    SNAPSHOT = "snapshot"
    #: A network, an interface, a deployment: what is kept as it was given.
    DESCRIPTION = "description"


@frozen(kw_only=True)
class PointRecord:
    """A restore point with its disks: one resource to the log, for neither is worth anything without the other."""

    point: RestorePoint
    disks: tuple[DiskRestorePoint, ...]


Resource = DirectoryRecord | Disk | VirtualMachine | Collection | PointRecord | Snapshot | Description

#: What the log keeps of each kind.
RECORD_TYPES: Mapping[ResourceKind, type[Resource]] = {
    ResourceKind.DIRECTORY: DirectoryRecord,
    ResourceKind.DISK: Disk,
    ResourceKind.VIRTUAL_MACHINE: VirtualMachine,
    ResourceKind.COLLECTION: Collection,
    ResourceKind.POINT: PointRecord,
    ResourceKind.SNAPSHOT: Snapshot,
    ResourceKind.DESCRIPTION: Description,
}


@frozen(kw_only=True)
class ResourceChange:
    """One record of the log: a resource as it is from here on."""

    kind: ResourceKind
    guid: uuid.UUID
    #: ARM id without ``/subscriptions/{s}``, as created.
    arm_path: str
    #: None: it was deleted.
    resource: Resource | None


@frozen(kw_only=True)
class Change:
    """The newest published change of one resource, without its record."""

    #: Number of the log's object that holds it.
    seq: int
    kind: ResourceKind
    guid: uuid.UUID
    #: ARM id without ``/subscriptions/{s}``, as created.
    arm_path: str
    deleted: bool
