"""What $expand=instanceView shows of copies and local points, and what a poll of an operation shows."""

import datetime as dt
import uuid

import pytest
from attrs import evolve

from farpoint.api.views.instance_view import instance_view
from farpoint.api.views.operations import status_view
from farpoint.errors import Cause, Place
from farpoint.model.arm_id import compute_id
from farpoint.model.documents import JsonObject
from farpoint.model.ids import ManifestId
from farpoint.model.operations import DiskProgress, Failure, Operation, OperationKind, OperationState, Progress
from farpoint.model.resources import CopyState, ProvisioningState
from farpoint.services.json_reading import object_at, objects_at
from farpoint.services.point_details import PointDetails
from farpoint.testing.example_rows import MOMENT, example_collection, example_disk_point, example_operation, example_point

POINT_ID = compute_id(subscription="s", group="default", path=(("restorePointCollections", "web"), ("restorePoints", "p1")))
PROGRESS = Progress(
    step="transfer",
    planned=True,
    disks=(DiskProgress(disk="os", bytes_total=3000, bytes_done=1000), DiskProgress(disk="data", bytes_total=1000, bytes_done=1000)),
    bytes_per_second=500.0,
    wire_bytes=2000,
    stored_bytes=1900,
    updated_at=MOMENT,
)
FAILURE = Failure(
    code="IntegrityError",
    message="bad frame",
    hint="Repair it.",
    place=Place(disk="os", offset_bytes=4096, length_bytes=512),
    cause=Cause.DAMAGE,
    percent=50.0,
    attempts=2,
    bytes_safe=1024,
)


def copy(*, operation: Operation | None, state: CopyState = CopyState.REPLICATING) -> PointDetails:
    point = evolve(
        example_point(example_collection()),
        provisioning_state=ProvisioningState.SUCCEEDED,
        source_point_id="/source",
        copy_state=state,
        manifest=ManifestId(uuid.UUID(int=1)) if state is CopyState.SUCCEEDED else None,
        failure=FAILURE if state is CopyState.FAILED else None,
    )
    disks = (example_disk_point(point, 1, disk="os"), example_disk_point(point, 2, disk="data", lun=0))
    return PointDetails(point=point, disks=disks, operation=operation)


def running(progress: Progress = PROGRESS) -> Operation:
    return evolve(example_operation(kind=OperationKind.COPY_POINT), progress=progress, answered=True)


def disk_rows(view: JsonObject) -> list[JsonObject]:
    return [object_at(row, "replicationStatus") for row in objects_at(view, "diskRestorePoints")]


def test_a_running_copy_shows_each_disk_in_azures_words() -> None:
    view = instance_view(copy(operation=running()), POINT_ID)
    status = {"code": "ReplicationState/replicating", "level": "Info", "displayStatus": "Replicating"}
    assert view["statuses"] == [status]
    assert [row["status"] for row in disk_rows(view)] == [status, status]
    assert [row["id"] for row in objects_at(view, "diskRestorePoints")] == [
        f"{POINT_ID}/diskRestorePoints/{disk.name}" for disk in copy(operation=None).disks
    ]


def test_a_disk_that_has_arrived_shows_99_percent_until_the_whole_copy_is_verified() -> None:
    view = instance_view(copy(operation=running()), POINT_ID)
    assert [row["completionPercent"] for row in disk_rows(view)] == [33, 99]


def test_a_complete_copy_shows_100_percent_whole() -> None:
    done = evolve(running(), state=OperationState.SUCCEEDED)
    view = instance_view(copy(operation=done, state=CopyState.SUCCEEDED), POINT_ID)
    percents = [row["completionPercent"] for row in disk_rows(view)]
    assert percents == [100, 100]
    assert all(isinstance(percent, int) for percent in percents)
    assert objects_at(view, "statuses")[0]["code"] == "ReplicationState/succeeded"


def test_replication_status_shows_bytes_rate_and_time_left() -> None:
    facts = object_at(disk_rows(instance_view(copy(operation=running()), POINT_ID))[0], "farpoint")
    assert facts == {
        "bytesTotal": 3000,
        "bytesDone": 1000,
        "bytesPerSecond": 500,
        "etaSeconds": 4.0,
        "updatedAt": "2026-05-09T07:35:25.123456+00:00",
    }


def test_a_copy_that_waits_for_its_peer_says_so() -> None:
    view = instance_view(copy(operation=running(evolve(PROGRESS, waiting="region eastus does not answer"))), POINT_ID)
    assert object_at(disk_rows(view)[0], "farpoint")["waiting"] == "region eastus does not answer"


def test_totals_and_percent_are_unknown_before_the_plan() -> None:
    view = instance_view(copy(operation=running(Progress(step="plan"))), POINT_ID)
    assert disk_rows(view)[0]["completionPercent"] == 0
    assert "bytesTotal" not in object_at(disk_rows(view)[0], "farpoint")


def test_a_failed_copy_keeps_its_percent_and_says_where_and_why() -> None:
    failed = evolve(running(), state=OperationState.FAILED, failure=FAILURE)
    view = instance_view(copy(operation=failed, state=CopyState.FAILED), POINT_ID)
    assert view["statuses"] == [{"code": "ReplicationState/failed", "level": "Error", "displayStatus": "Replication failed"}]
    row = disk_rows(view)[0]
    assert row["completionPercent"] == 33
    assert object_at(row, "farpoint", "error") == {
        "code": "IntegrityError",
        "message": "bad frame",
        "hint": "Repair it.",
        "disk": "os",
        "offsetBytes": 4096,
        "lengthBytes": 512,
        "cause": "damage",
        "percent": 50.0,
        "attempts": 2,
        "bytesSafe": 1024,
    }


@pytest.mark.parametrize(
    ("state", "code"),
    [(ProvisioningState.CREATING, "creating"), (ProvisioningState.SUCCEEDED, "succeeded"), (ProvisioningState.FAILED, "failed")],
)
def test_a_local_point_shows_its_provisioning_state_and_no_replication(state: ProvisioningState, code: str) -> None:
    point = evolve(example_point(example_collection()), provisioning_state=state)
    view = instance_view(PointDetails(point=point, disks=(), operation=example_operation()), POINT_ID)
    assert [status["code"] for status in objects_at(view, "statuses")] == [f"ProvisioningState/{code}"]
    assert "diskRestorePoints" not in view


def test_a_running_operation_shows_azures_keys_in_order_then_progress() -> None:
    view = status_view(evolve(example_operation(), progress=PROGRESS), output=None)
    assert list(view) == ["startTime", "status", "name", "percentComplete", "farpoint"]
    assert view["status"] == "InProgress"
    assert view["percentComplete"] == 50.0
    assert object_at(view, "farpoint")["step"] == "transfer"
    assert object_at(view, "farpoint")["wireBytes"] == 2000


def test_a_finished_disk_operation_carries_its_output() -> None:
    ended = evolve(example_operation(), state=OperationState.SUCCEEDED, ended_at=MOMENT + dt.timedelta(seconds=2))
    view = status_view(ended, output={"name": "os"})
    assert list(view) == ["startTime", "endTime", "status", "properties", "name", "percentComplete", "farpoint"]
    assert view["properties"] == {"output": {"name": "os"}}
    assert view["percentComplete"] == 100.0


def test_a_failed_operation_carries_code_and_a_message_with_place_and_hint() -> None:
    failed = evolve(example_operation(), state=OperationState.FAILED, answered=True, ended_at=MOMENT, failure=FAILURE)
    view = status_view(failed, output=None)
    assert view["status"] == "Failed"
    assert view["error"] == {"code": "IntegrityError", "message": "bad frame (disk os, bytes 4096-4607). Repair it."}


def test_a_copy_counts_as_succeeded_once_it_has_started_but_its_true_state_is_shown() -> None:
    view = status_view(running(), output=None)
    assert view["status"] == "Succeeded"
    assert object_at(view, "farpoint")["state"] == "Running"
    assert view["percentComplete"] == 50.0
