"""Snapshots: of a disk here, from another region, and disks made of them; each shape field by field."""

import uuid

import pytest
from tests.integration.api.arm_client import Arm, compute
from tests.integration.api.snapshot_steps import COPY, S1, body, copy_start, disks_of, play, point_of, properties_of

from farpoint.metadata import operations, points, snapshots
from farpoint.model.operations import DiskProgress, Failure, OperationKind, Progress
from farpoint.testing.played_work import play_copy_start, play_point_failure, play_progress


@pytest.fixture
def snapshot(east: Arm) -> dict[str, object]:
    """Make snapshot s1 of disk os in eastus; return it as GET shows it."""
    east.send("PUT", S1, body(east.attach("os"), osType="Linux"))
    play(east, east)
    shown: dict[str, object] = east.send("GET", S1).json()
    return shown


def test_a_snapshot_of_a_disk_is_answered_202_and_shown_while_it_is_made(east: Arm) -> None:
    disk = east.send("GET", east.attach("os")).json()
    answer = east.send("PUT", S1, body(disk["id"]))
    assert answer.status_code == 202
    assert "/DiskOperations/" in answer.headers["azure-asyncoperation"]
    assert "/DiskOperations/" in answer.headers["location"]
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    with east.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
    assert (operation.kind, operation.subject) == (OperationKind.CREATE_SNAPSHOT, str(point_of(east)))
    assert operation.resource_id == S1


def test_a_finished_snapshot_has_azures_shape(east: Arm, snapshot: dict[str, object]) -> None:
    disk = properties_of(east.send("GET", compute("disks", "os")))
    assert list(snapshot) == ["name", "id", "type", "location", "sku", "properties"]
    assert (snapshot["id"], snapshot["type"], snapshot["sku"]) == (
        S1, "Microsoft.Compute/snapshots", {"name": "Standard_LRS", "tier": "Standard"},
    )  # fmt: skip
    properties = snapshot["properties"]
    assert isinstance(properties, dict)
    for moving in ("uniqueId", "incrementalSnapshotFamilyId", "timeCreated", "farpoint"):
        assert properties.pop(moving)
    assert properties == {
        "osType": "Linux",
        "creationData": {"createOption": "Copy", "sourceResourceId": compute("disks", "os"), "sourceUniqueId": disk["uniqueId"]},
        "diskSizeGB": 1,
        "diskSizeBytes": 1 << 20,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "incremental": True,
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "provisioningState": "Succeeded",
        "diskState": "Unattached",
    }


def test_operation_and_location_end_with_the_snapshot(east: Arm) -> None:
    answer = east.send("PUT", S1, body(east.attach("os")))
    assert east.send("GET", answer.headers["location"]).status_code == 202
    play(east, east)
    shown = east.send("GET", S1).json()
    assert east.send("GET", answer.headers["location"]).json() == shown
    assert east.send("GET", answer.headers["azure-asyncoperation"]).json()["properties"] == {"output": shown}


@pytest.mark.usefixtures("snapshot")
def test_what_holds_a_snapshot_is_shown_nowhere(east: Arm) -> None:
    assert east.send("GET", compute("restorePointCollections")).json()["value"] == []
    with east.region.context.database.read() as conn:
        found = points.get_point_by_guid(conn, point_of(east))
    assert found is not None
    hidden = compute("restorePointCollections", found.collection_name)
    assert east.send("GET", hidden).status_code == 404
    assert east.send("GET", f"{hidden}/restorePoints/s1").status_code == 404
    assert east.send("DELETE", hidden).status_code == 204
    assert east.send("DELETE", f"{hidden}/restorePoints/s1").status_code == 204


@pytest.mark.usefixtures("snapshot")
def test_snapshots_of_one_disk_are_one_family_and_those_of_another_are_not(east: Arm) -> None:
    for name, disk in (("s2", compute("disks", "os")), ("other", east.attach("data"))):
        east.send("PUT", compute("snapshots", name), body(disk))
        play(east, east)
    rows = {row["name"]: row["properties"]["incrementalSnapshotFamilyId"] for row in east.send("GET", compute("snapshots")).json()["value"]}
    assert sorted(rows) == ["other", "s1", "s2"]
    assert rows["s1"] == rows["s2"] != rows["other"]


@pytest.mark.usefixtures("snapshot")
def test_a_copy_from_another_region_counts_its_percent_as_a_float(east: Arm, west: Arm) -> None:
    there = properties_of(east.send("GET", S1))
    answer = copy_start(west)
    assert answer.status_code == 202
    begun = properties_of(answer)
    assert (begun["completionPercent"], begun["diskSizeBytes"], begun["provisioningState"]) == (0.0, 1 << 20, "Updating")
    with west.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
    assert (operation.kind, operation.request) == (OperationKind.COPY_SNAPSHOT, {"sourcePointId": S1, "sourceRegion": "eastus"})
    with east.region.context.database.read() as conn:
        found = snapshots.get_snapshot(conn, group="default", name="s1")
        assert found is not None
    sources = disks_of(east, found.point)
    play_copy_start(west.region.context, point_of(west), sources, source_point=S1)
    half = Progress(planned=True, disks=(DiskProgress(disk="os", bytes_total=1 << 20, bytes_done=1 << 19),))
    play_progress(west.region.context, operation.id, half, answered=True)
    assert west.send("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    copying = properties_of(west.send("GET", COPY))
    assert (copying["completionPercent"], copying["provisioningState"]) == (50.0, "Succeeded")
    assert isinstance(copying["completionPercent"], float)
    assert copying["creationData"] == {"createOption": "CopyStart", "sourceResourceId": S1, "sourceUniqueId": there["uniqueId"]}
    refused = west.send("PUT", compute("disks", "new"), {
        "location": "westus", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": COPY}},
    })  # fmt: skip
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "RestorePointNotReady")
    assert "50.0 %" in refused.json()["error"]["message"]


@pytest.mark.usefixtures("snapshot")
def test_a_complete_copy_shows_100_and_makes_disks(east: Arm, west: Arm) -> None:
    copy_start(west)
    play(west, east)
    shown = properties_of(west.send("GET", COPY))
    assert (shown["completionPercent"], shown["provisioningState"]) == (100.0, "Succeeded")
    put = west.send("PUT", compute("disks", "new"), {
        "location": "westus", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": COPY}},
    })  # fmt: skip
    assert put.status_code == 202
    with west.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
    assert operation.kind is OperationKind.RESTORE_DISK
    play(west, east)
    made = properties_of(west.send("GET", compute("disks", "new")))
    assert made["creationData"] == {"createOption": "Copy", "sourceResourceId": COPY, "sourceUniqueId": shown["uniqueId"]}
    assert made["osType"] == "Linux"


@pytest.mark.usefixtures("snapshot")
def test_a_copy_whose_source_went_says_so_in_copy_completion_error(west: Arm) -> None:
    copy_start(west)
    failure = Failure(code="CopySourceNotFound", message="the snapshot was deleted", hint="Choose another.")
    play_point_failure(west.region.context, point_of(west), failure)
    shown = properties_of(west.send("GET", COPY))
    assert shown["copyCompletionError"] == {"errorCode": "CopySourceNotFound", "errorMessage": "the snapshot was deleted. Choose another."}
    assert shown["provisioningState"] == "Failed"
    assert copy_start(west).status_code == 409


@pytest.mark.usefixtures("snapshot")
def test_the_same_request_again_is_the_same_snapshot_and_another_is_refused(east: Arm) -> None:
    again = east.send("PUT", S1, {**body(compute("disks", "os")), "tags": {"a": "b"}})
    assert (again.status_code, again.json()["tags"]) == (200, {"a": "b"})
    assert east.region.launched == []
    other = east.send("PUT", S1, body(east.attach("data")))
    assert (other.status_code, other.json()["error"]["code"]) == (409, "Conflict")


@pytest.mark.usefixtures("snapshot")
def test_a_snapshot_stays_incremental_as_it_was_asked_for(east: Arm) -> None:
    asked = body(compute("disks", "os"), incremental=False)
    refused = east.send("PUT", S1, asked).json()["error"]
    assert (refused["code"], refused["target"]) == ("PropertyChangeNotAllowed", "properties.incremental")
    unsaid = {"location": "eastus", "properties": {"creationData": properties_of(east.send("GET", S1))["creationData"]}}
    again = east.send("PUT", S1, unsaid)
    assert (again.status_code, properties_of(again)["incremental"]) == (200, True)
    full = compute("snapshots", "full")
    assert properties_of(east.send("PUT", full, asked))["incremental"] is False
    assert east.send("PUT", full, body(compute("disks", "os"))).json()["error"]["code"] == "PropertyChangeNotAllowed"


@pytest.mark.usefixtures("snapshot")
def test_a_patch_changes_tags(east: Arm) -> None:
    answer = east.send("PATCH", S1, {"tags": {"a": "b"}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})
    assert east.send("GET", S1).json() == answer.json()


@pytest.mark.usefixtures("snapshot")
def test_a_snapshot_is_deleted_as_an_operation_and_deleting_nothing_is_204(east: Arm) -> None:
    answer = east.send("DELETE", S1)
    assert answer.status_code == 202
    assert "/DiskOperations/" in answer.headers["location"]
    assert properties_of(east.send("GET", S1))["provisioningState"] == "Deleting"
    play(east, east)
    assert (east.send("GET", answer.headers["location"]).status_code, east.send("GET", S1).status_code) == (200, 404)
    assert east.send("GET", S1).json()["error"]["code"] == "ResourceNotFound"
    assert east.send("DELETE", S1).status_code == 204


@pytest.mark.usefixtures("snapshot")
@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        ("n", body(compute("disks", "none")), (404, "ResourceNotFound")),
        ("n", body(S1), (400, "InvalidParameter")),
        ("n", body(compute("disks", "os"), "CopyStart"), (400, "InvalidParameter")),
        ("n", body(S1, "CopyStart"), (400, "InvalidParameter")),
        ("n", body(compute("disks", "os"), "Import"), (400, "InvalidParameter")),
        (
            "n",
            {**body(S1, "CopyStart"), "properties": {"creationData": {"createOption": "CopyStart", "sourceResourceId": S1}}},
            (400, "InvalidParameter"),
        ),
        ("-n", body(compute("disks", "os")), (400, "InvalidParameter")),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_started(
    east: Arm, name: str, document: dict[str, object], expected: tuple[int, str]
) -> None:
    answer = east.send("PUT", compute("snapshots", name), document)
    assert (answer.status_code, answer.json()["error"]["code"]) == expected
    assert east.region.launched == []


def test_a_disk_of_another_region_and_an_incomplete_snapshot_are_refused_saying_what_to_do(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    elsewhere = west.send("PUT", COPY, body(disk, location="westus"))
    assert elsewhere.status_code == 409
    assert "CopyStart" in elsewhere.json()["error"]["message"]
    east.send("PUT", S1, body(disk))
    incomplete = copy_start(west)
    assert (incomplete.status_code, incomplete.json()["error"]["code"]) == (409, "RestorePointNotReady")
    assert west.send("PUT", COPY, body(compute("snapshots", str(uuid.UUID(int=1))), "CopyStart", location="westus")).status_code == 404
