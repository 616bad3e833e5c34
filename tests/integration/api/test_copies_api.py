"""Copies: a restore point of another region, made here; the source is found by asking the peers."""

import pytest
from attrs import evolve, frozen
from tests.integration.api.arm_client import Arm, compute

from farpoint.errors import Cause, Place
from farpoint.metadata import disk_points, operations, points
from farpoint.model.operations import DiskProgress, Failure, OperationKind, Progress
from farpoint.model.resources import CopyState, DiskRestorePoint, RestorePoint
from farpoint.testing.played_work import play_copy_start, play_point_failure, play_progress, play_publish


@frozen
class Pair:
    """A complete point in the east, and a copy collection in the west."""

    source: str
    target: str
    disks: tuple[DiskRestorePoint, ...]


def read(arm: Arm, collection: str, name: str) -> RestorePoint:
    with arm.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection=collection, name=name)
    assert point is not None
    return point


@pytest.fixture
def pair(east: Arm, west: Arm) -> Pair:
    vm = east.add_vm("web", os_disk=east.attach("os"), data_disks=(east.attach("data"),))
    collection = east.add_collection("web", source=vm)
    east.send("PUT", f"{collection}/restorePoints/rp1", {"properties": {"consistencyMode": "CrashConsistent"}})
    point = read(east, "web", "rp1")
    play_publish(east.region.context, point.id)
    with east.region.context.database.read() as conn:
        disks = tuple(disk_points.list_disk_points(conn, point.id))
    east.region.clock.advance(3600)
    west.region.clock.advance(3600)
    return Pair(f"{collection}/restorePoints/rp1", west.add_collection("web-westus", source=collection), disks)


def copy_body(source: str, **properties: object) -> dict[str, object]:
    return {"properties": {"sourceRestorePoint": {"id": source}, **properties}}


def start(west: Arm, pair: Pair) -> dict[str, dict[str, object]]:
    answer = west.send("PUT", f"{pair.target}/restorePoints/rp1", copy_body(pair.source))
    assert answer.status_code == 201, answer.text
    document: dict[str, dict[str, object]] = answer.json()
    return document


def begin(west: Arm, pair: Pair) -> RestorePoint:
    """Start a copy and let it run so far that ARM calls it started."""
    start(west, pair)
    point = read(west, "web-westus", "rp1")
    play_copy_start(west.region.context, point.id, pair.disks, source_point=pair.source)
    progress = Progress(
        step="transfer",
        planned=True,
        disks=(DiskProgress(disk="os", bytes_total=1000, bytes_done=250), DiskProgress(disk="data")),
        bytes_per_second=100.0,
        updated_at=west.region.clock.now(),
    )
    play_progress(west.region.context, point.operation, progress, answered=True)
    return point


def test_a_copy_answers_201_with_what_it_inherits(west: Arm, pair: Pair) -> None:
    properties = start(west, pair)["properties"]
    assert list(properties) == ["sourceMetadata", "provisioningState", "consistencyMode", "sourceRestorePoint", "timeCreated", "farpoint"]
    assert properties["sourceRestorePoint"] == {"id": pair.source}
    assert properties["consistencyMode"] == "CrashConsistent"
    assert "diskRestorePoint" not in str(properties["sourceMetadata"])
    assert compute("disks", "os") in str(properties["sourceMetadata"])
    assert properties["timeCreated"] == "2026-11-01T01:00:00+00:00"
    assert properties["farpoint"] == {"complete": False, "sourceTimeCreated": "2026-10-31T23:59:59.75+00:00"}
    assert west.send("GET", f"{pair.target}/restorePoints/rp1").json()["properties"] == properties


def test_the_copys_operation_belongs_to_the_target_region(west: Arm, pair: Pair) -> None:
    answer = west.send("PUT", f"{pair.target}/restorePoints/rp1", copy_body(pair.source))
    assert "/locations/westus/operations/" in answer.headers["azure-asyncoperation"]
    assert "location" not in answer.headers
    with west.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
    assert west.region.launched == [operation.id]
    assert (operation.kind, operation.request) == (OperationKind.COPY_POINT, {"sourcePointId": pair.source, "sourceRegion": "eastus"})


def test_a_running_copy_is_succeeded_to_arm_and_replicating_in_its_instance_view(west: Arm, pair: Pair) -> None:
    answer = west.send("PUT", f"{pair.target}/restorePoints/rp1", copy_body(pair.source))
    point = read(west, "web-westus", "rp1")
    assert west.send("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "InProgress"
    play_copy_start(west.region.context, point.id, pair.disks, source_point=pair.source)
    play_progress(west.region.context, point.operation, Progress(step="transfer"), answered=True)
    polled = west.send("GET", answer.headers["azure-asyncoperation"]).json()
    assert (polled["status"], polled["farpoint"]["state"]) == ("Succeeded", "Running")
    shown = west.send("GET", f"{pair.target}/restorePoints/rp1", expand="instanceView").json()["properties"]
    assert (shown["provisioningState"], shown["farpoint"]["complete"]) == ("Succeeded", False)
    assert shown["instanceView"]["statuses"][0]["code"] == "ReplicationState/replicating"
    reference = shown["sourceMetadata"]["storageProfile"]["osDisk"]["diskRestorePoint"]
    assert reference["sourceDiskRestorePoint"] == {"id": f"{pair.source}/diskRestorePoints/{pair.disks[0].name}"}


def test_progress_is_shown_per_disk_and_never_100_before_the_end(west: Arm, pair: Pair) -> None:
    begin(west, pair)
    path = f"{pair.target}/restorePoints/rp1"
    rows = west.send("GET", path, expand="instanceView").json()["properties"]["instanceView"]["diskRestorePoints"]
    assert [row["replicationStatus"]["completionPercent"] for row in rows] == [25, 99]
    facts = rows[0]["replicationStatus"]["farpoint"]
    assert (facts["bytesTotal"], facts["bytesDone"], facts["bytesPerSecond"], facts["etaSeconds"]) == (1000, 250, 100, 7.5)
    disk = west.send("GET", rows[0]["id"]).json()["properties"]
    assert (disk["completionPercent"], disk["replicationState"], disk["sourceResourceLocation"]) == (25.0, "Replicating", "eastus")


def test_a_complete_copy_shows_100_percent_and_succeeded(west: Arm, pair: Pair) -> None:
    point = begin(west, pair)
    play_publish(west.region.context, point.id)
    path = f"{pair.target}/restorePoints/rp1"
    shown = west.send("GET", path, expand="instanceView").json()["properties"]
    assert shown["farpoint"]["complete"] is True
    assert shown["instanceView"]["statuses"][0]["code"] == "ReplicationState/succeeded"
    assert {row["replicationStatus"]["completionPercent"] for row in shown["instanceView"]["diskRestorePoints"]} == {100}
    assert west.send("GET", f"{path}/diskRestorePoints").json()["value"][0]["properties"]["completionPercent"] == 100.0


def test_a_failed_copy_keeps_its_percent_and_cause(west: Arm, pair: Pair) -> None:
    point = begin(west, pair)
    place = Place(disk="os", offset_bytes=4096)
    failure = Failure(
        code="IntegrityError", message="bad frame", place=place, cause=Cause.DAMAGE, percent=25.0, attempts=2, bytes_safe=65536
    )
    play_point_failure(west.region.context, point.id, failure)
    shown = west.send("GET", f"{pair.target}/restorePoints/rp1", expand="instanceView").json()["properties"]
    assert shown["instanceView"]["statuses"][0] == {
        "code": "ReplicationState/failed",
        "level": "Error",
        "displayStatus": "Replication failed",
    }
    row = shown["instanceView"]["diskRestorePoints"][0]["replicationStatus"]
    assert row["completionPercent"] == 25
    told = {
        "code": "IntegrityError",
        "message": "bad frame",
        "disk": "os",
        "offsetBytes": 4096,
        "cause": "damage",
        "percent": 25.0,
        "attempts": 2,
        "bytesSafe": 65536,
    }
    assert row["farpoint"]["error"] == told
    assert shown["instanceView"]["farpoint"]["error"] == told
    disks = west.send("GET", f"{pair.target}/restorePoints/rp1/diskRestorePoints").json()["value"]
    assert [disk["properties"]["farpoint"]["error"] for disk in disks] == [told, told]


def test_a_source_that_is_not_complete_cannot_be_copied(east: Arm, west: Arm, pair: Pair) -> None:
    source = pair.source.replace("rp1", "rp2")
    east.send("PUT", source, {})
    answer = west.send("PUT", f"{pair.target}/restorePoints/rp2", copy_body(source))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "RestorePointNotReady")
    assert "is not complete: Creating. Wait" in answer.json()["error"]["message"]


def test_a_source_that_failed_is_not_to_be_waited_for(east: Arm, west: Arm, pair: Pair) -> None:
    source = pair.source.replace("rp1", "rp2")
    east.send("PUT", source, {})
    play_point_failure(east.region.context, read(east, "web", "rp2").id, Failure(code="DiskInUse", message="disk os is in use."))
    message = west.send("PUT", f"{pair.target}/restorePoints/rp2", copy_body(source)).json()["error"]["message"]
    assert "is not complete: it failed. It never will be" in message


def test_a_source_nobody_has_is_not_found_and_a_silent_peer_makes_it_unavailable(west: Arm, pair: Pair) -> None:
    body = copy_body(pair.source.replace("rp1", "none"))
    path = f"{pair.target}/restorePoints/rp2"
    missing = west.send("PUT", path, body)
    assert (missing.status_code, missing.json()["error"]["target"]) == (404, "properties.sourceRestorePoint.id")
    west.region.peers.down = {"eastus"}
    silent = west.send("PUT", path, body)
    assert (silent.status_code, silent.json()["error"]["code"]) == (503, "PeerUnavailable")
    assert west.send("GET", path).status_code == 404


def test_a_point_of_another_collection_is_refused(east: Arm, west: Arm, pair: Pair) -> None:
    other = east.add_collection("other", source=compute("virtualMachines", "web"))
    answer = west.send("PUT", f"{pair.target}/restorePoints/rp2", copy_body(f"{other}/restorePoints/rp1"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")
    assert other in answer.json()["error"]["message"]


def test_a_local_create_in_a_copy_collection_and_a_copy_into_a_local_one_are_refused(east: Arm, west: Arm, pair: Pair) -> None:
    local_in_target = west.send("PUT", f"{pair.target}/restorePoints/x", {})
    assert (local_in_target.status_code, local_in_target.json()["error"]["target"]) == (400, "properties.sourceRestorePoint")
    own = compute("restorePointCollections", "web", "restorePoints", "x")
    copy_in_local = east.send("PUT", own, copy_body(pair.source))
    assert (copy_in_local.status_code, copy_in_local.json()["error"]["code"]) == (400, "InvalidParameter")


def test_the_copy_outlives_its_source(east: Arm, west: Arm, pair: Pair) -> None:
    point = begin(west, pair)
    play_publish(west.region.context, point.id)
    assert east.send("DELETE", pair.source).status_code == 202
    west.region.peers.down = {"eastus"}
    assert west.send("GET", f"{pair.target}/restorePoints/rp1").json()["properties"]["farpoint"]["complete"] is True


def test_deleting_a_running_copy_is_accepted_and_ends_it(west: Arm, pair: Pair) -> None:
    point = begin(west, pair)
    assert west.send("DELETE", f"{pair.target}/restorePoints/rp1").status_code == 202
    with west.region.context.database.read() as conn:
        ended = operations.get_operation(conn, point.operation)
    assert ended is not None
    assert ended.failure is not None
    assert ended.failure.code == "Interrupted"


def test_a_copy_whose_row_says_replicating_but_has_a_manifest_is_complete(west: Arm, pair: Pair) -> None:
    point = begin(west, pair)
    play_publish(west.region.context, point.id)
    with west.region.context.database.write() as conn:
        published = points.get_point_by_guid(conn, point.id)
        assert published is not None
        points.update_point(conn, evolve(published, copy_state=CopyState.REPLICATING))
    shown = west.send("GET", f"{pair.target}/restorePoints/rp1", expand="instanceView").json()["properties"]
    assert shown["instanceView"]["statuses"][0]["code"] == "ReplicationState/succeeded"
