"""azure-wire.md §5.2: snapshots of a disk, and snapshots brought from another region."""

import pytest
from tests.integration.api.arm_client import compute
from tests.integration.api.snapshot_steps import COPY, S1, body, copy_start, disks_of, play, point_of, properties_of
from tests.integration.wire.documents import Guid, Time, azure_part, ordered
from tests.integration.wire.scene import Scene

from farpoint.metadata.points import get_point_by_guid
from farpoint.model.documents import JsonObject
from farpoint.model.operations import DiskProgress, Failure, Progress
from farpoint.testing.played_work import play_copy_start, play_point_failure, play_progress

SKU: JsonObject = {"name": "Standard_LRS", "tier": "Standard"}
FROM_THE_DISK: JsonObject = {"createOption": "Copy", "sourceResourceId": compute("disks", "os")}
FROM_THE_SNAPSHOT: JsonObject = {"createOption": "CopyStart", "sourceResourceId": S1}


def taken(scene: Scene) -> JsonObject:
    """Take snapshot s1 of disk os; return it."""
    scene.east.send("PUT", S1, body(compute("disks", "os"), osType="Linux"))
    play(scene.east, scene.east)
    shown: JsonObject = scene.east.send("GET", S1).json()
    return shown


def half_copied(scene: Scene) -> str:
    """Begin to bring s1 to westus and move half of it; return the operation's URL."""
    taken(scene)
    url = copy_start(scene.west).headers["azure-asyncoperation"]
    context = scene.west.region.context
    play_copy_start(context, point_of(scene.west), disks_of(scene.east, point_of(scene.east)), source_point=S1)
    with context.database.read() as conn:
        point = get_point_by_guid(conn, point_of(scene.west))
    assert point is not None
    half = Progress(planned=True, disks=(DiskProgress(disk="os", bytes_total=1 << 20, bytes_done=1 << 19),))
    play_progress(context, point.operation, half, answered=True)
    return url


def document(name: str, location: str, creation: JsonObject, **copying: object) -> object:
    """Return a snapshot as GET shows it; *copying* is what only a copy from another region has."""
    properties = {
        "osType": "Linux",
        "creationData": {**creation, "sourceUniqueId": Guid()},
        "diskSizeGB": 1,
        "diskSizeBytes": 1 << 20,
        "uniqueId": Guid(),
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "incremental": True,
        "incrementalSnapshotFamilyId": Guid(),
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        **copying,
        "timeCreated": Time(),
        "provisioningState": "Succeeded",
        "diskState": "Unattached",
    }
    whole = {"name": name, "id": compute("snapshots", name), "type": "Microsoft.Compute/snapshots", "location": location, "sku": SKU}
    return ordered({**whole, "properties": properties})


def test_a_snapshot_is_202_and_updating(scene: Scene) -> None:
    answer = scene.east.send("PUT", S1, body(compute("disks", "os"), osType="Linux"))
    assert answer.status_code == 202
    assert answer.headers["azure-asyncoperation"]
    assert answer.headers["location"]
    properties = properties_of(answer)
    assert (properties["provisioningState"], "completionPercent" in properties) == ("Updating", False)


def test_a_finished_snapshot(scene: Scene) -> None:
    taken(scene)
    assert azure_part(scene.east.send("GET", S1)) == document("s1", "eastus", FROM_THE_DISK)


def test_a_copy_under_way_has_succeeded_and_tells_its_percent_as_a_float(scene: Scene) -> None:
    half_copied(scene)
    assert azure_part(scene.west.send("GET", COPY)) == document("s1-west", "westus", FROM_THE_SNAPSHOT, completionPercent=50.0)


def test_a_copy_names_the_source_by_its_unique_id_and_is_of_another_family(scene: Scene) -> None:
    half_copied(scene)
    source, copy = properties_of(scene.east.send("GET", S1)), properties_of(scene.west.send("GET", COPY))
    creation = copy["creationData"]
    assert isinstance(creation, dict)
    assert creation["sourceUniqueId"] == source["uniqueId"] != copy["uniqueId"]
    assert copy["incrementalSnapshotFamilyId"] != source["incrementalSnapshotFamilyId"]


def test_the_operation_of_a_copy_ends_when_the_copy_has_started(scene: Scene) -> None:
    assert scene.west.send("GET", half_copied(scene)).json()["status"] == "Succeeded"


def test_the_output_of_a_snapshot_copy_has_its_percent(scene: Scene) -> None:
    """A deviation: Azure leaves it out there."""
    polled = scene.west.send("GET", half_copied(scene)).json()
    assert polled["properties"]["output"]["properties"]["completionPercent"] == 50.0


def test_a_copy_whose_source_was_deleted_says_so(scene: Scene) -> None:
    half_copied(scene)
    failure = Failure(code="CopySourceNotFound", message="the source snapshot was deleted while the copy was in progress")
    play_point_failure(scene.west.region.context, point_of(scene.west), failure)
    error = properties_of(scene.west.send("GET", COPY))["copyCompletionError"]
    assert isinstance(error, dict)
    assert (list(error), error["errorCode"]) == (["errorCode", "errorMessage"], "CopySourceNotFound")
    assert "source snapshot was deleted while the copy was in progress" in str(error["errorMessage"])


@pytest.mark.parametrize("speed", ["None", "Enhanced"])
def test_the_speed_of_a_copy_may_be_asked_for_and_means_nothing(scene: Scene, speed: str) -> None:
    taken(scene)
    asked = body(S1, "CopyStart", location="westus")
    properties = asked["properties"]
    assert isinstance(properties, dict)
    properties["creationData"]["provisionedBandwidthCopySpeed"] = speed
    assert scene.west.send("PUT", COPY, asked).status_code == 202
