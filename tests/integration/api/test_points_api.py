"""Creating local restore points: what is checked first, what is answered, what is written."""

import fcntl
import os
import struct
import uuid
from pathlib import Path

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.disks.inspect import DiskFacts, inspect_disk
from farpoint.metadata import disk_points, operations, points
from farpoint.model.ids import OperationId
from farpoint.model.operations import Failure, OperationKind
from farpoint.testing.played_work import play_end, play_point_failure, play_publish


@pytest.fixture
def collection(east: Arm) -> str:
    """Make a collection of a VM with an OS disk and a data disk."""
    vm = east.add_vm("web", os_disk=east.attach("os"), data_disks=(east.attach("data", size_bytes=3 << 20),))
    return east.add_collection("web", source=vm)


def publish(arm: Arm, path: str) -> None:
    """Let the capture of the point at *path* succeed."""
    with arm.region.context.database.read() as conn:
        *_, collection, _, name = path.split("/")
        point = points.get_point(conn, group="default", collection=collection, name=name)
    assert point is not None
    play_publish(arm.region.context, point.id)


def test_a_create_answers_201_with_an_operation_and_no_location(east: Arm, collection: str) -> None:
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", {})
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert "location" not in answer.headers
    assert answer.headers["azure-asyncnotification"] == "Enabled"
    assert answer.headers["retry-after"] == "1"
    url = answer.headers["azure-asyncoperation"]
    assert url.startswith("https://eastus.test:8443/subscriptions/")
    assert "/providers/Microsoft.Compute/locations/eastus/operations/" in url
    assert url.endswith("&api-version=2024-11-01")
    assert answer.headers["x-ms-request-id"] == str(east.region.launched[0])


def test_the_callers_api_version_is_echoed_in_the_operations_url(east: Arm, collection: str) -> None:
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", {}, version="2023-07-01")
    assert "api-version=2023-07-01" in answer.headers["azure-asyncoperation"]


def test_what_is_answered_is_what_a_get_shows(east: Arm, collection: str) -> None:
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", {"properties": {"consistencyMode": "CrashConsistent"}})
    assert east.send("GET", f"{collection}/restorePoints/rp1").json() == answer.json()


def test_point_disks_and_operation_are_written_together_then_launched(east: Arm, collection: str) -> None:
    body = {"properties": {"consistencyMode": "CrashConsistent", "farpoint": {"allowLive": True}}}
    east.send("PUT", f"{collection}/restorePoints/rp1", body)
    with east.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection="web", name="rp1")
        assert point is not None
        rows = disk_points.list_disk_points(conn, point.id)
        (operation,) = operations.live_operations(conn)
    assert east.region.launched == [operation.id] == [point.operation]
    assert (operation.kind, operation.subject, operation.resource_id) == (
        OperationKind.CREATE_POINT,
        str(point.id),
        f"{collection}/restorePoints/rp1",
    )
    vm_id = compute("virtualMachines", "web").lower()
    assert operation.request == {"virtualMachine": vm_id, "allowLive": True, "excludeDisks": [], "consistencyMode": "CrashConsistent"}
    assert [(row.disk_name, row.lun, row.size_bytes, row.state) for row in rows] == [
        ("os", None, 1 << 20, None),
        ("data", 0, 3 << 20, None),
    ]
    assert rows[0].name.startswith("os_")
    assert rows[0].name == f"os_{uuid.UUID(rows[0].name.removeprefix('os_'))}"


def test_a_finished_point_shows_disk_restore_points_that_can_be_read(east: Arm, collection: str) -> None:
    path = f"{collection}/restorePoints/rp1"
    started = east.send("PUT", path, {})
    publish(east, path)
    shown = east.send("GET", path).json()["properties"]
    assert (shown["provisioningState"], shown["farpoint"]["complete"]) == ("Succeeded", True)
    reference = shown["sourceMetadata"]["storageProfile"]["osDisk"]["diskRestorePoint"]["id"]
    listed = east.send("GET", f"{path}/diskRestorePoints").json()["value"]
    assert listed[0]["id"] == reference
    assert east.send("GET", reference).json() == listed[0]
    assert east.send("GET", started.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"


def test_the_disks_of_one_chain_share_a_family(east: Arm, collection: str) -> None:
    families = []
    for name in ("rp1", "rp2"):
        path = f"{collection}/restorePoints/{name}"
        east.send("PUT", path, {})
        publish(east, path)
        families.append([row["properties"]["familyId"] for row in east.send("GET", f"{path}/diskRestorePoints").json()["value"]])
    assert families[0] == families[1]
    assert families[0][0] != families[0][1]


def test_excluded_disks_are_left_out_and_listed_last(east: Arm, collection: str) -> None:
    body = {"properties": {"excludeDisks": [{"id": compute("disks", "DATA")}]}}
    properties = east.send("PUT", f"{collection}/restorePoints/rp1", body).json()["properties"]
    assert properties["sourceMetadata"]["storageProfile"]["dataDisks"] == []
    assert properties["excludeDisks"] == [{"id": compute("disks", "DATA")}]
    assert len(east.send("GET", f"{collection}/restorePoints/rp1/diskRestorePoints").json()["value"]) == 1


@pytest.mark.parametrize(
    ("excluded", "says"),
    [(["none"], "does not attach"), (["os", "data"], "Nothing")],
)
def test_excluding_strangers_or_everything_is_refused(east: Arm, collection: str, excluded: list[str], says: str) -> None:
    body = {"properties": {"excludeDisks": [{"id": compute("disks", name)} for name in excluded]}}
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", body)
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "properties.excludeDisks")
    assert says in answer.json()["error"]["message"]


def test_an_excluded_id_that_is_no_disk_is_named_with_its_place(east: Arm, collection: str) -> None:
    body = {"properties": {"excludeDisks": [{"id": compute("disks", "data")}, {"id": "data"}]}}
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", body)
    assert answer.json()["error"]["target"] == "properties.excludeDisks[1].id"


def test_a_second_create_on_one_vm_is_refused_while_the_first_runs(east: Arm, collection: str) -> None:
    other = east.add_collection("other", source=compute("virtualMachines", "web"))
    east.send("PUT", f"{collection}/restorePoints/rp1", {})
    answer = east.send("PUT", f"{other}/restorePoints/rp1", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "VMRestorePointClientError")
    assert "a concurrent 'Create RestorePoint' operation was triggered on the VM." in answer.json()["error"]["message"]
    publish(east, f"{collection}/restorePoints/rp1")
    assert east.send("PUT", f"{other}/restorePoints/rp1", {}).status_code == 201


def test_captures_of_two_vms_may_run_side_by_side(east: Arm, collection: str) -> None:
    second = east.add_collection("two", source=east.add_vm("two", os_disk=east.attach("os2")))
    assert east.send("PUT", f"{collection}/restorePoints/rp1", {}).status_code == 201
    assert east.send("PUT", f"{second}/restorePoints/rp1", {}).status_code == 201


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (compute("restorePointCollections", "web", "restorePoints", "rp", group="none"), "ResourceGroupNotFound"),
        (compute("restorePointCollections", "none", "restorePoints", "rp"), "ResourceNotFound"),
    ],
)
def test_an_unknown_group_or_collection_is_not_found(east: Arm, collection: str, path: str, code: str) -> None:
    answer = east.send("PUT", path, {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_a_vm_that_is_gone_cannot_be_captured_but_its_points_stay(east: Arm, collection: str) -> None:
    east.send("PUT", f"{collection}/restorePoints/rp1", {})
    publish(east, f"{collection}/restorePoints/rp1")
    east.send("DELETE", compute("virtualMachines", "web"))
    assert east.send("GET", f"{collection}/restorePoints/rp1").status_code == 200
    answer = east.send("PUT", f"{collection}/restorePoints/rp2", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_a_disk_that_vanished_or_shrank_to_an_odd_size_is_refused_naming_it(east: Arm, collection: str) -> None:
    os.truncate(east.region.pool / "data.raw", 1000)
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "DiskUnsupported")
    assert answer.json()["error"]["message"].startswith("Disk 'data':")
    (east.region.pool / "os.raw").unlink()
    assert east.send("PUT", f"{collection}/restorePoints/rp1", {}).json()["error"]["code"] == "DiskNotFound"
    assert east.region.launched == []


def test_a_disk_that_has_grown_is_captured_at_its_new_size(east: Arm, collection: str) -> None:
    os.truncate(east.region.pool / "data.raw", 5 << 20)
    east.send("PUT", f"{collection}/restorePoints/rp1", {})
    assert east.send("GET", compute("disks", "data")).json()["properties"]["diskSizeBytes"] == 5 << 20
    rows = east.send("GET", f"{collection}/restorePoints/rp1/diskRestorePoints").json()["value"]
    assert rows[1]["properties"]["farpoint"]["sizeBytes"] == 5 << 20


def test_a_vm_that_changes_while_its_disks_are_looked_at_is_refused(east: Arm, collection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_while_somebody_detaches(path: Path) -> DiskFacts:
        profile = {"osDisk": {"managedDisk": {"id": compute("disks", "os")}}}
        changed = east.send("PUT", compute("virtualMachines", "web"), {"location": "eastus", "properties": {"storageProfile": profile}})
        assert changed.status_code == 200
        return inspect_disk(path)

    monkeypatch.setattr("farpoint.services.captures.inspect_disk", look_while_somebody_detaches)
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert answer.json()["error"]["message"].startswith("Changes were made to the Virtual Machine")
    assert east.region.launched == []


def test_a_disk_in_use_is_refused_unless_live_is_allowed(east: Arm, collection: str) -> None:
    with (east.region.pool / "data.raw").open("r+b") as used:
        fcntl.fcntl(used, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        answer = east.send("PUT", f"{collection}/restorePoints/rp1", {})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "DiskInUse")
        assert answer.json()["error"]["message"].startswith("Disk 'data':")
        excluded = {"properties": {"excludeDisks": [{"id": compute("disks", "data")}]}}
        assert east.send("PUT", f"{collection}/restorePoints/rp1", excluded).status_code == 201
        publish(east, f"{collection}/restorePoints/rp1")
        live = east.send("PUT", f"{collection}/restorePoints/rp2", {"properties": {"farpoint": {"allowLive": True}}})
        assert live.status_code == 201


def test_deleting_a_point_under_way_interrupts_its_capture(east: Arm, collection: str) -> None:
    path = f"{collection}/restorePoints/rp1"
    started = east.send("PUT", path, {})
    answer = east.send("DELETE", path)
    assert (answer.status_code, answer.content) == (202, b"")
    assert {"location", "azure-asyncoperation"} <= set(answer.headers)
    assert east.send("GET", path).json()["properties"]["provisioningState"] == "Deleting"
    assert east.send("GET", started.headers["azure-asyncoperation"]).json()["error"]["code"] == "Interrupted"
    assert east.send("DELETE", path).headers["azure-asyncoperation"] == answer.headers["azure-asyncoperation"]
    assert east.send("PUT", path, {}).status_code == 409
    assert len(east.region.launched) == 2


def test_deleting_a_point_that_is_not_there_is_done_already(east: Arm, collection: str) -> None:
    assert east.send("DELETE", f"{collection}/restorePoints/none").status_code == 204


def test_a_failed_point_is_in_the_way_until_it_is_deleted(east: Arm, collection: str) -> None:
    path = f"{collection}/restorePoints/rp1"
    started = east.send("PUT", path, {})
    with east.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection="web", name="rp1")
    assert point is not None
    play_point_failure(east.region.context, point.id, Failure(code="DiskUnreadable", message="bad sector", percent=12.5))
    assert east.send("GET", started.headers["azure-asyncoperation"]).json()["error"] == {"code": "DiskUnreadable", "message": "bad sector"}
    shown = east.send("GET", path, expand="instanceView").json()["properties"]
    assert (shown["provisioningState"], shown["farpoint"]["error"]["percent"]) == ("Failed", 12.5)
    assert shown["instanceView"]["statuses"][0]["code"] == "ProvisioningState/failed"
    answer = east.send("PUT", path, {})
    assert answer.status_code == 409
    assert "Delete it" in answer.json()["error"]["message"]


def test_verifying_needs_a_complete_point_and_runs_once_at_a_time(east: Arm, collection: str) -> None:
    path = f"{collection}/restorePoints/rp1"
    east.send("PUT", path, {})
    refused = east.send("POST", f"{path}/verify", {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "RestorePointNotReady")
    publish(east, path)
    first = east.send("POST", f"{path}/verify", {}, full="true")
    again = east.send("POST", f"{path}/verify", {}, full="true")
    assert (first.status_code, again.headers["location"]) == (202, first.headers["location"])
    other = east.send("POST", f"{path}/verify", {})
    assert other.headers["location"] != first.headers["location"]
    assert len(east.region.launched) == 3
    assert east.send("POST", f"{path}/verify", {}, full="maybe").json()["error"]["target"] == "full"
    assert east.send("POST", f"{collection}/restorePoints/none/verify", {}).status_code == 404


def test_operations_are_read_by_id_whatever_their_form(east: Arm, collection: str) -> None:
    answer = east.send("PUT", f"{collection}/restorePoints/rp1", {})
    url = answer.headers["azure-asyncoperation"]
    running = east.send("GET", url)
    assert running.headers["retry-after"] == "1"
    assert list(running.json()) == ["startTime", "status", "name", "percentComplete", "farpoint"]
    play_end(east.region.context, OperationId(uuid.UUID(running.json()["name"])))
    assert east.send("GET", url).json()["status"] == "Succeeded"
    for wrong in ("nonsense", str(uuid.UUID(int=1))):
        missing = east.send("GET", url.replace(running.json()["name"], wrong))
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NotFound")
