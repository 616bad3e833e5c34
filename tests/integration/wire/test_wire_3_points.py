"""azure-wire.md §3: restore points, field by field in each state of its table, and their instance view."""

from collections.abc import Mapping

import pytest
from tests.integration.api.arm_client import compute
from tests.integration.wire.documents import Guid, Time, azure_part, names_of, ordered
from tests.integration.wire.scene import COPIES, LOCAL, OS_PROFILE, Scene

from farpoint.model.documents import JsonObject
from farpoint.model.operations import Failure
from farpoint.testing.played_work import play_copy_start, play_point_failure

KEY = {"type": "EncryptionAtRestWithPlatformKey"}
REPLICATING: JsonObject = {"code": "ReplicationState/replicating", "level": "Info", "displayStatus": "Replicating"}
LOCAL_POINT, COPIED_POINT = f"{LOCAL}/restorePoints/rp1", f"{COPIES}/restorePoints/rp1"


def disk(name: str, first: Mapping[str, object], caching: str, reference: Mapping[str, object] | None, **last: object) -> dict[str, object]:
    """Return an entry of the storage profile."""
    managed = {"storageAccountType": "Premium_LRS", "id": compute("disks", name)}
    shown = {} if reference is None else {"diskRestorePoint": reference}
    return {**first, "name": name, "diskSizeGB": 1, "caching": caching, "managedDisk": managed, **shown, **last}


def source_metadata(references: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return §3's sourceMetadata; *references* has each disk's diskRestorePoint, if it has one."""
    return {
        "vmId": Guid(),
        "location": "eastus",
        "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
        "storageProfile": {
            "osDisk": disk("os", {"osType": "Linux"}, "ReadWrite", references.get("os"), writeAcceleratorEnabled=True),
            "dataDisks": [disk("data", {"lun": 0}, "None", references.get("data"))],
        },
        "osProfile": OS_PROFILE,
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "hyperVGeneration": "V2",
    }


def point(path: str, references: Mapping[str, Mapping[str, object]], **properties: object) -> object:
    """Return §3's document."""
    return ordered({"name": "rp1", "id": path, "properties": {"sourceMetadata": source_metadata(references), **properties}})


def local_references() -> dict[str, dict[str, object]]:
    return {name: {"encryption": KEY, "id": Guid(f"{LOCAL_POINT}/diskRestorePoints/{name}_")} for name in ("os", "data")}


def copied_references() -> dict[str, dict[str, object]]:
    return {
        name: {
            "sourceDiskRestorePoint": {"id": Guid(f"{LOCAL_POINT}/diskRestorePoints/{name}_")},
            "encryption": KEY,
            "id": Guid(f"{COPIED_POINT}/diskRestorePoints/{name}_"),
        }
        for name in ("os", "data")
    }


def test_a_local_point_that_is_being_created(scene: Scene) -> None:
    expected = point(LOCAL_POINT, {}, provisioningState="Creating", timeCreated=Time())
    answer = scene.create()
    assert (answer.status_code, azure_part(answer)) == (201, expected)
    assert azure_part(scene.east.send("GET", LOCAL_POINT)) == expected


def test_a_local_point_that_is_being_created_echoes_the_mode_that_was_asked_for(scene: Scene) -> None:
    expected = point(LOCAL_POINT, {}, provisioningState="Creating", consistencyMode="CrashConsistent", timeCreated=Time())
    assert azure_part(scene.create(consistencyMode="CrashConsistent")) == expected


def test_a_finished_local_point(scene: Scene) -> None:
    scene.finish()
    expected = point(LOCAL_POINT, local_references(), provisioningState="Succeeded", consistencyMode="CrashConsistent", timeCreated=Time())
    assert azure_part(scene.east.send("GET", LOCAL_POINT)) == expected


def test_an_excluded_disk_is_absent_from_the_vm_and_listed_last(scene: Scene) -> None:
    excluded = [{"id": compute("disks", "data")}]
    assert names_of(scene.create(excludeDisks=excluded).json()["properties"])[-1] == "excludeDisks"


def test_the_excluded_disks_of_a_finished_point(scene: Scene) -> None:
    excluded = [{"id": compute("disks", "data")}]
    scene.finish(excludeDisks=excluded)
    properties = scene.east.send("GET", LOCAL_POINT).json()["properties"]
    assert (names_of(properties)[-1], properties["excludeDisks"]) == ("excludeDisks", excluded)
    assert properties["sourceMetadata"]["storageProfile"]["dataDisks"] == []


def test_a_copy_that_is_being_created(scene: Scene) -> None:
    answer = scene.copy()
    expected = point(
        COPIED_POINT,
        {},
        provisioningState="Creating",
        consistencyMode="CrashConsistent",
        sourceRestorePoint={"id": LOCAL_POINT},
        timeCreated=Time(),
    )
    assert (answer.status_code, azure_part(answer)) == (201, expected)


@pytest.mark.parametrize("state", ["copy_running", "copy_finished"])
def test_a_copy_that_has_started_and_one_that_is_complete(scene: Scene, state: str) -> None:
    getattr(scene, state)()
    expected = point(
        COPIED_POINT,
        copied_references(),
        provisioningState="Succeeded",
        consistencyMode="CrashConsistent",
        sourceRestorePoint={"id": LOCAL_POINT},
        timeCreated=Time(),
    )
    assert azure_part(scene.west.send("GET", COPIED_POINT)) == expected


def test_a_copy_does_not_inherit_the_list_of_excluded_disks(scene: Scene) -> None:
    scene.finish(excludeDisks=[{"id": compute("disks", "data")}])
    body = {"properties": {"sourceRestorePoint": {"id": LOCAL_POINT}}}
    copied = scene.west.send("PUT", COPIED_POINT, body)
    row = scene.row(scene.west, COPIES, "rp1")
    play_copy_start(scene.west.region.context, row.id, scene.disks(scene.east, LOCAL, "rp1"), source_point=LOCAL_POINT)
    for answer in (copied, scene.west.send("GET", COPIED_POINT)):
        assert "excludeDisks" not in answer.json()["properties"]
        assert answer.json()["properties"]["sourceMetadata"]["storageProfile"]["dataDisks"] == []


def test_the_disk_restore_points_of_a_copy_keep_the_disks_name_and_have_a_guid_of_their_own(scene: Scene) -> None:
    scene.copy_finished()
    names = [[row.name for row in scene.disks(arm, place, "rp1")] for arm, place in ((scene.east, LOCAL), (scene.west, COPIES))]
    assert names == [[Guid("os_"), Guid("data_")]] * 2
    assert not set(names[0]) & set(names[1])


def test_a_body_without_properties_creates_a_point_of_the_default_kind(scene: Scene) -> None:
    assert scene.create().status_code == 201


def test_a_point_that_is_being_deleted_says_so(scene: Scene) -> None:
    scene.finish()
    assert scene.east.send("DELETE", LOCAL_POINT).status_code == 202
    assert scene.east.send("GET", LOCAL_POINT).json()["properties"]["provisioningState"] == "Deleting"


def test_a_source_point_may_be_deleted_while_it_is_copied(scene: Scene) -> None:
    scene.copy_running()
    assert scene.east.send("DELETE", LOCAL_POINT).status_code == 202


def test_deleting_a_missing_point_is_204(scene: Scene) -> None:
    answer = scene.east.send("DELETE", LOCAL_POINT)
    assert (answer.status_code, answer.content) == (204, b"")


def view_of(scene: Scene) -> object:
    properties = scene.west.send("GET", COPIED_POINT, expand="instanceView").json()["properties"]
    assert names_of(properties).index("instanceView") == names_of(properties).index("timeCreated") - 1
    return ordered(properties["instanceView"])


def view(status: JsonObject, percents: tuple[int, int]) -> object:
    rows = [
        {
            "id": Guid(f"{COPIED_POINT}/diskRestorePoints/{name}_"),
            "replicationStatus": {"status": status, "completionPercent": percent},
        }
        for name, percent in zip(("os", "data"), percents, strict=True)
    ]
    return ordered({"diskRestorePoints": rows, "statuses": [status]})


def test_the_instance_view_of_a_running_copy(scene: Scene) -> None:
    scene.copy_running()
    assert view_of(scene) == view(REPLICATING, (25, 0))


def test_the_instance_view_of_a_finished_copy(scene: Scene) -> None:
    scene.copy_finished()
    status = {"code": "ReplicationState/succeeded", "level": "Info", "displayStatus": "Replication succeeded"}
    assert view_of(scene) == view(status, (100, 100))


def test_the_instance_view_of_a_failed_copy(scene: Scene) -> None:
    scene.copy_failed()
    status = {"code": "ReplicationState/failed", "level": "Error", "displayStatus": "Replication failed"}
    assert view_of(scene) == view(status, (25, 0))


@pytest.mark.parametrize("state", ["create", "finish", "copy", "copy_running", "copy_finished"])
def test_there_is_no_instance_view_unless_it_is_asked_for(scene: Scene, state: str) -> None:
    answer = getattr(scene, state)()
    arm, path = (scene.west, COPIED_POINT) if state.startswith("copy") else (scene.east, LOCAL_POINT)
    assert "instanceView" not in answer.json()["properties"]
    assert "instanceView" not in arm.send("GET", path).json()["properties"]


def test_a_failed_capture_says_failed_and_has_no_disk_restore_points(scene: Scene) -> None:
    scene.create()
    play_point_failure(scene.east.region.context, scene.row(scene.east, LOCAL, "rp1").id, Failure(code="DiskUnreadable", message="bad"))
    assert azure_part(scene.east.send("GET", LOCAL_POINT)) == point(LOCAL_POINT, {}, provisioningState="Failed", timeCreated=Time())
