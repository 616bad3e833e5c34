"""Restore points as ARM JSON: the table of azure-wire.md §3, state by state, and the order of keys."""

import datetime as dt
import uuid

from attrs import evolve

from farpoint.api.views.disk_points import disk_point_view
from farpoint.api.views.points import point_view
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.documents import JsonObject
from farpoint.model.ids import ManifestId, NodeId
from farpoint.model.manifest import CaptureMode, ChangeDetection, Consistency, WhyFull
from farpoint.model.operations import DiskProgress, Failure, OperationKind, Progress
from farpoint.model.resources import CopyState, DiskRestorePoint, ProvisioningState, RestorePoint
from farpoint.services.json_reading import object_at, objects_at
from farpoint.services.point_details import PointDetails
from farpoint.testing.example_rows import MOMENT, example_collection, example_disk_point, example_operation, example_point

S = "/subscriptions/s"
COMPUTE = f"{S}/resourceGroups/default/providers/Microsoft.Compute"
POINT_ID = f"{COMPUTE}/restorePointCollections/web/restorePoints/p1"
SOURCE_ID = f"{COMPUTE}/restorePointCollections/src/restorePoints/p1"
KEY = {"type": "EncryptionAtRestWithPlatformKey"}
#: As the database gives it back: keys sorted.
SOURCE_METADATA: JsonObject = {
    "hardwareProfile": {"vmSize": "Standard_B1s"},
    "hyperVGeneration": "V2",
    "location": "eastus",
    "osProfile": {"computerName": "web"},
    "storageProfile": {
        "dataDisks": [
            {
                "caching": "None",
                "diskSizeGB": 8,
                "lun": 0,
                "managedDisk": {"id": f"{COMPUTE}/disks/data", "storageAccountType": "S"},
                "name": "data",
            }
        ],
        "osDisk": {
            "caching": "ReadWrite",
            "diskSizeGB": 8,
            "managedDisk": {"id": f"{COMPUTE}/disks/os", "storageAccountType": "S"},
            "name": "os",
            "osType": "Linux",
        },
    },
    "vmId": "0a",
}


def local(*, state: ProvisioningState, complete: bool = False) -> PointDetails:
    """Return a local point with two disks."""
    point = evolve(
        example_point(example_collection()),
        provisioning_state=state,
        source_metadata=SOURCE_METADATA,
        consistency=Consistency.CRASH if complete else None,
        manifest=ManifestId(uuid.UUID(int=9)) if complete else None,
        source_time_created=MOMENT + dt.timedelta(seconds=1) if complete else None,
    )
    return PointDetails(point=point, disks=disks_of(point, complete=complete), operation=example_operation())


def copied(*, state: ProvisioningState, complete: bool = False) -> PointDetails:
    """Return a copied point with two disks."""
    point = evolve(
        local(state=state, complete=complete).point,
        source_point_id=SOURCE_ID,
        consistency=Consistency.CRASH,
        copy_state=CopyState.SUCCEEDED if complete else CopyState.REPLICATING,
        source_time_created=MOMENT - dt.timedelta(days=1),
    )
    disks = tuple(
        evolve(disk, source_disk_point_id=f"{SOURCE_ID}/diskRestorePoints/{disk.disk_name}_x")
        for disk in disks_of(point, complete=complete)
    )
    return PointDetails(point=point, disks=disks, operation=example_operation(kind=OperationKind.COPY_POINT))


def disks_of(point: RestorePoint, *, complete: bool) -> tuple[DiskRestorePoint, ...]:
    rows = (example_disk_point(point, 1, disk="os"), example_disk_point(point, 2, disk="data", lun=0))
    if not complete:
        return rows
    root = NodeId(bytes(32))
    return tuple(
        evolve(
            row,
            state=DiskState(geometry=Geometry(size_bytes=row.size_bytes, block_bytes=row.block_bytes), root=root),
            mode=CaptureMode.FULL,
            why_full=WhyFull.FIRST,
            change_detection=ChangeDetection.FILE_TIMES,
            read_bytes=4096,
            stored_bytes=512,
        )
        for row in rows
    )


def shown(details: PointDetails, *, expand: bool = False) -> JsonObject:
    return object_at(point_view(details, subscription="s", expand_instance_view=expand), "properties")


def os_disk(details: PointDetails) -> JsonObject:
    return object_at(shown(details), "sourceMetadata", "storageProfile", "osDisk")


def test_a_local_point_that_is_being_created_shows_the_vm_without_disk_restore_points() -> None:
    view = point_view(local(state=ProvisioningState.CREATING), subscription="s")
    assert list(view) == ["name", "id", "properties"]
    assert view["id"] == POINT_ID
    properties = object_at(view, "properties")
    assert list(properties) == ["sourceMetadata", "provisioningState", "timeCreated", "farpoint"]
    assert properties["provisioningState"] == "Creating"
    assert properties["timeCreated"] == "2026-05-09T07:35:25.123456+00:00"
    assert properties["farpoint"] == {"complete": False}
    assert list(os_disk(local(state=ProvisioningState.CREATING))) == ["osType", "name", "diskSizeGB", "caching", "managedDisk"]


def test_a_point_that_is_being_created_shows_the_consistency_that_was_asked_for() -> None:
    details = local(state=ProvisioningState.CREATING)
    asked = evolve(details, point=evolve(details.point, consistency=Consistency.CRASH))
    assert shown(asked)["consistencyMode"] == "CrashConsistent"
    assert object_at(shown(asked), "farpoint").get("consistencyAchieved") is None


def test_a_finished_local_point_shows_its_disk_restore_points() -> None:
    details = local(state=ProvisioningState.SUCCEEDED, complete=True)
    properties = shown(details)
    assert list(properties) == ["sourceMetadata", "provisioningState", "consistencyMode", "timeCreated", "farpoint"]
    assert properties["consistencyMode"] == "CrashConsistent"
    disk = os_disk(details)
    assert list(disk) == ["osType", "name", "diskSizeGB", "caching", "managedDisk", "diskRestorePoint"]
    assert list(object_at(disk, "managedDisk")) == ["storageAccountType", "id"]
    assert disk["diskRestorePoint"] == {"encryption": KEY, "id": f"{POINT_ID}/diskRestorePoints/{details.disks[0].name}"}
    data = objects_at(properties, "sourceMetadata", "storageProfile", "dataDisks")
    assert [row["lun"] for row in data] == [0]
    assert object_at(data[0], "diskRestorePoint")["id"] == f"{POINT_ID}/diskRestorePoints/{details.disks[1].name}"


def test_the_source_metadata_has_azures_order() -> None:
    metadata = object_at(shown(local(state=ProvisioningState.SUCCEEDED, complete=True)), "sourceMetadata")
    assert list(metadata) == ["vmId", "location", "hardwareProfile", "storageProfile", "osProfile", "hyperVGeneration"]


def test_a_finished_point_tells_how_each_disk_was_captured() -> None:
    details = local(state=ProvisioningState.SUCCEEDED, complete=True)
    farpoint = object_at(shown(details), "farpoint")
    assert farpoint["complete"] is True
    assert farpoint["sourceTimeCreated"] == "2026-05-09T07:35:26.123456+00:00"
    assert farpoint["consistencyAchieved"] == "CrashConsistent"
    assert details.disks[0].state is not None
    assert objects_at(farpoint, "disks")[0] == {
        "name": "os",
        "sizeBytes": 8 << 30,
        "blockSizeBytes": 256 << 10,
        "mode": "Full",
        "whyFull": "first",
        "changeDetection": "fileTimes",
        "readBytes": 4096,
        "storedBytes": 512,
        "digest": details.disks[0].state.digest,
    }


def test_a_copy_that_is_being_created_names_its_source_and_inherits_its_consistency() -> None:
    details = copied(state=ProvisioningState.CREATING)
    properties = shown(details)
    assert list(properties) == ["sourceMetadata", "provisioningState", "consistencyMode", "sourceRestorePoint", "timeCreated", "farpoint"]
    assert properties["sourceRestorePoint"] == {"id": SOURCE_ID}
    assert properties["consistencyMode"] == "CrashConsistent"
    assert "diskRestorePoint" not in os_disk(details)
    assert object_at(os_disk(details), "managedDisk")["id"] == f"{COMPUTE}/disks/os"


def test_a_finished_copy_names_the_source_of_each_disk_first() -> None:
    details = copied(state=ProvisioningState.SUCCEEDED, complete=True)
    reference = object_at(os_disk(details), "diskRestorePoint")
    assert list(reference) == ["sourceDiskRestorePoint", "encryption", "id"]
    assert reference["sourceDiskRestorePoint"] == {"id": f"{SOURCE_ID}/diskRestorePoints/os_x"}
    assert object_at(shown(details), "farpoint")["sourceTimeCreated"] == "2026-05-08T07:35:25.123456+00:00"


def test_excluded_disks_are_the_last_of_azures_properties() -> None:
    details = local(state=ProvisioningState.SUCCEEDED, complete=True)
    excluding = evolve(details, point=evolve(details.point, exclude_disks=(f"{COMPUTE}/disks/tmp",)))
    assert list(shown(excluding))[-2:] == ["excludeDisks", "farpoint"]
    assert shown(excluding)["excludeDisks"] == [{"id": f"{COMPUTE}/disks/tmp"}]


def test_a_capture_that_failed_shows_why_and_no_disk_restore_points() -> None:
    details = local(state=ProvisioningState.FAILED)
    failed = evolve(details, point=evolve(details.point, failure=Failure(code="DiskUnreadable", message="bad sector", percent=12.5)))
    assert "diskRestorePoint" not in os_disk(failed)
    assert object_at(shown(failed), "farpoint", "error") == {
        "code": "DiskUnreadable",
        "message": "bad sector",
        "cause": "fault",
        "percent": 12.5,
        "attempts": 1,
    }


def test_the_instance_view_stands_before_the_time_of_creation() -> None:
    keys = list(shown(copied(state=ProvisioningState.SUCCEEDED, complete=True), expand=True))
    assert keys.index("instanceView") == keys.index("timeCreated") - 1


def test_a_local_disk_restore_point_has_neither_type_nor_location_nor_replication() -> None:
    details = local(state=ProvisioningState.SUCCEEDED, complete=True)
    view = disk_point_view(details, details.disks[0], subscription="s")
    assert list(view) == ["name", "id", "properties"]
    assert list(object_at(view, "properties")) == [
        "timeCreated",
        "sourceResourceId",
        "osType",
        "hyperVGeneration",
        "supportsHibernation",
        "familyId",
        "sourceUniqueId",
        "encryption",
        "networkAccessPolicy",
        "publicNetworkAccess",
        "farpoint",
    ]


def test_a_copied_disk_restore_point_tells_how_far_it_is() -> None:
    details = copied(state=ProvisioningState.SUCCEEDED)
    progress = Progress(planned=True, disks=(DiskProgress(disk="os", bytes_total=1000, bytes_done=333),))
    running = evolve(details, operation=evolve(example_operation(kind=OperationKind.COPY_POINT), progress=progress, answered=True))
    properties = object_at(disk_point_view(running, running.disks[0], subscription="s"), "properties")
    assert properties["completionPercent"] == 33.3
    assert properties["replicationState"] == "Replicating"
    assert properties["sourceResourceLocation"] == "eastus"
    assert properties["sourceResourceId"] == f"{SOURCE_ID}/diskRestorePoints/os_x"
