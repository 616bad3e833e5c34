"""The ARM resources of a region as rows see them: frozen values with the names people gave them."""

import datetime as dt
from enum import StrEnum

from attrs import Factory, frozen

from farpoint.model.disk import DiskState
from farpoint.model.documents import JsonObject
from farpoint.model.ids import CollectionId, DiskId, DiskPointId, GroupId, ManifestId, OperationId, PointId, ScopeId, VmId
from farpoint.model.manifest import CaptureMode, ChangeDetection, Consistency, WhyFull
from farpoint.model.operations import Failure


class ProvisioningState(StrEnum):
    """ARM's provisioning states, the ones we use."""

    CREATING = "Creating"
    UPDATING = "Updating"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    DELETING = "Deleting"


class CopyState(StrEnum):
    """How far a copied restore point is; shown as ``ReplicationState/…``."""

    REPLICATING = "replicating"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class CreateOption(StrEnum):
    """How a disk came to be (creationData.createOption)."""

    #: Registers what is there.
    ATTACH = "Attach"
    EMPTY = "Empty"
    #: Empty, and to be written over SAS before anything else.
    UPLOAD = "Upload"
    #: From a disk or a snapshot.
    COPY = "Copy"
    #: From a disk restore point.
    RESTORE = "Restore"


class GroupState(StrEnum):
    """Whether a resource group takes new resources."""

    SUCCEEDED = "Succeeded"
    DELETING = "Deleting"


@frozen(kw_only=True)
class ResourceGroup:
    """A resource group; every region knows all of them."""

    id: GroupId
    name: str
    location: str
    tags: JsonObject = Factory(dict)
    state: GroupState = GroupState.SUCCEEDED


@frozen(kw_only=True)
class Disk:
    """A managed disk: a raw file or block device inside one of the region's pools."""

    #: Also ARM's uniqueId.
    id: DiskId
    group: str
    name: str
    location: str
    tags: JsonObject
    sku: str
    os_type: str | None
    create_option: CreateOption
    #: ARM id of the disk restore point, snapshot or disk it was made from.
    source_resource_id: str | None
    #: Absolute path of the file or device, symlinks resolved.
    path: str
    size_bytes: int
    block_bytes: int
    provisioning_state: ProvisioningState
    time_created: dt.datetime
    #: ARM id of the VM it is attached to.
    managed_by: str | None = None
    #: ARM's uniqueId of the disk whose contents it was made from.
    source_unique_id: str | None = None
    hyper_v_generation: str | None = None
    #: True from the creation of an Upload disk until its contents have come and were checked: nobody may use it before.
    awaits_upload: bool = False
    #: Map root of a restored or copied disk, as published.
    state: DiskState | None = None
    operation: OperationId | None = None
    failure: Failure | None = None


@frozen(kw_only=True)
class AttachedDisk:
    """One disk attachment of a VM."""

    disk: DiskId
    #: ARM id of the disk resource.
    disk_id: str
    name: str
    #: None for the OS disk.
    lun: int | None


@frozen(kw_only=True)
class VirtualMachine:
    """A VM: its ARM properties as given, and the disks it attaches."""

    #: Also ARM's vmId.
    id: VmId
    group: str
    name: str
    location: str
    tags: JsonObject
    #: ARM ``properties`` as the client sent them (read-only ones removed).
    properties: JsonObject
    #: OS disk first, then data disks by lun.
    disks: tuple[AttachedDisk, ...]
    time_created: dt.datetime


@frozen(kw_only=True)
class Collection:
    """A restore point collection: local (source is a VM here) or a copy target (source is a collection elsewhere)."""

    #: Also ARM's restorePointCollectionId.
    id: CollectionId
    group: str
    name: str
    location: str
    tags: JsonObject
    #: ARM id of the source VM or source collection.
    source_id: str
    source_location: str
    time_created: dt.datetime
    #: True for the collections behind snapshots, which are shown nowhere: each has the points of one disk (snapshots.py).
    of_snapshots: bool = False


@frozen(kw_only=True)
class RestorePoint:
    """A restore point: captured here, or copied here from another region."""

    id: PointId
    collection: CollectionId
    group: str
    collection_name: str
    name: str
    provisioning_state: ProvisioningState
    #: When this resource was created; for a copy the copy's own time.
    time_created: dt.datetime
    operation: OperationId
    #: None on a copy until it is inherited from the source.
    consistency: Consistency | None = None
    #: ARM id of the source restore point; None for a local one.
    source_point_id: str | None = None
    copy_state: CopyState | None = None
    #: The instant the disks show (guest freeze), wherever it was captured.
    source_time_created: dt.datetime | None = None
    #: ARM ids of excluded disks, as requested.
    exclude_disks: tuple[str, ...] = ()
    #: ARM's sourceMetadata without disk restore point references.
    source_metadata: JsonObject = Factory(dict)
    #: Set by publish, and only then: the point is restorable.
    manifest: ManifestId | None = None
    failure: Failure | None = None


@frozen(kw_only=True)
class DiskRestorePoint:
    """One disk of a restore point."""

    id: DiskPointId
    point: PointId
    #: ``<disk name>_<guid>``.
    name: str
    disk_name: str
    lun: int | None
    os_type: str | None
    #: ARM id of the disk captured, and of the source disk restore point for a copy.
    source_disk_id: str
    source_disk_point_id: str | None
    source_location: str
    source_unique_id: str
    family_id: str
    time_created: dt.datetime
    size_bytes: int
    block_bytes: int
    #: Set by publish.
    state: DiskState | None = None
    scope: ScopeId | None = None
    mode: CaptureMode | None = None
    why_full: WhyFull | None = None
    change_detection: ChangeDetection | None = None
    read_bytes: int = 0
    stored_bytes: int = 0
