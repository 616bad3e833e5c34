"""Restoring disks: only from what is complete, never over what is there, and the same question twice is one restore."""

from pathlib import Path

import httpx
import pytest
from attrs import frozen
from tests.integration.api.arm_client import Arm, compute

from farpoint.disks.restoring_file import restoring_path
from farpoint.metadata import disks, operations, points
from farpoint.model.operations import Failure, OperationKind
from farpoint.model.resources import Disk
from farpoint.testing.played_work import play_point_failure, play_publish, play_restore


@frozen
class Source:
    """A complete point and the disk restore points in it."""

    point: str
    os: str
    data: str


@pytest.fixture
def source(east: Arm) -> Source:
    vm = east.add_vm("web", os_disk=east.attach("os"), data_disks=(east.attach("data"),))
    path = f"{east.add_collection('web', source=vm)}/restorePoints/rp1"
    east.send("PUT", path, {})
    publish(east, "rp1")
    os_id, data_id = (row["id"] for row in east.send("GET", f"{path}/diskRestorePoints").json()["value"])
    east.region.launched.clear()
    return Source(path, os_id, data_id)


def publish(arm: Arm, name: str) -> None:
    with arm.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection="web", name=name)
    assert point is not None
    play_publish(arm.region.context, point.id)


def body(source: str, *, path: Path | None = None, **farpoint: object) -> dict[str, object]:
    given = {} if path is None else {"path": str(path)}
    creation = {"createOption": "Restore", "sourceResourceId": source}
    return {
        "location": "eastus",
        "sku": {"name": "Standard_LRS"},
        "properties": {"creationData": creation, "farpoint": {**given, **farpoint}},
    }


def put(arm: Arm, name: str, document: dict[str, object]) -> httpx.Response:
    return arm.send("PUT", compute("disks", name), document)


def row(arm: Arm, name: str) -> Disk:
    with arm.region.context.database.read() as conn:
        disk = disks.get_disk(conn, group="default", name=name)
    assert disk is not None
    return disk


def test_a_restore_answers_202_with_both_forms_of_its_operation(east: Arm, source: Source) -> None:
    answer = put(east, "new", body(source.os))
    assert answer.status_code == 202
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert answer.json()["properties"]["creationData"] == {"createOption": "Restore", "sourceResourceId": source.os}
    assert "uniqueId" not in answer.json()["properties"]
    assert "/locations/eastus/DiskOperations/" in answer.headers["azure-asyncoperation"]
    assert "&monitor=true&" in answer.headers["location"]
    assert answer.headers["retry-after"] == "1"


def test_the_row_says_what_is_to_be_written_where(east: Arm, source: Source) -> None:
    put(east, "new", body(source.data, overwrite=True))
    disk = row(east, "new")
    assert disk.path == str(east.region.pool / "eastus" / "default" / "new.raw")
    assert (disk.size_bytes, disk.os_type, disk.sku) == (1 << 20, None, "Standard_LRS")
    with east.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
    assert east.region.launched == [operation.id] == [disk.operation]
    assert (operation.kind, operation.subject) == (OperationKind.RESTORE_DISK, str(disk.id))
    assert (operation.request["path"], operation.request["overwrite"]) == (disk.path, True)


def test_a_finished_restore_is_answered_by_operation_location_and_resource_alike(east: Arm, source: Source) -> None:
    headers = put(east, "new", body(source.os))
    assert east.send("GET", headers.headers["location"]).status_code == 202
    play_restore(east.region.context, row(east, "new").id)
    disk = east.send("GET", compute("disks", "new")).json()
    assert disk["properties"]["provisioningState"] == "Succeeded"
    assert disk["properties"]["farpoint"]["digest"].startswith("1048576-262144-")
    assert disk["properties"]["osType"] == "Linux"
    polled = east.send("GET", headers.headers["azure-asyncoperation"]).json()
    assert (polled["status"], polled["properties"]["output"]) == ("Succeeded", disk)
    located = east.send("GET", headers.headers["location"])
    assert (located.status_code, located.json()) == (200, disk)


def test_a_failed_restore_tells_both_pollers_why(east: Arm, source: Source) -> None:
    headers = put(east, "new", body(source.os))
    play_restore(east.region.context, row(east, "new").id, failure=Failure(code="InsufficientSpace", message="full", hint="Make room."))
    assert east.send("GET", headers.headers["azure-asyncoperation"]).json()["error"] == {
        "code": "InsufficientSpace",
        "message": "full. Make room.",
    }
    located = east.send("GET", headers.headers["location"])
    assert (located.status_code, located.json()["error"]["code"]) == (409, "InsufficientSpace")
    shown = east.send("GET", compute("disks", "new")).json()["properties"]
    assert (shown["provisioningState"], shown["farpoint"]["error"]["code"]) == ("Failed", "InsufficientSpace")


def test_what_a_failed_restore_had_written_goes_with_its_disk(east: Arm, source: Source) -> None:
    put(east, "new", body(source.os))
    play_restore(east.region.context, row(east, "new").id, failure=Failure(code="InsufficientSpace", message="full"))
    path = Path(row(east, "new").path)
    unfinished = restoring_path(path)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_bytes(b"half")
    assert east.send("DELETE", compute("disks", "new")).is_success
    assert not unfinished.exists()


def test_asking_again_is_one_restore_while_it_runs_and_a_new_run_after_a_failure(east: Arm, source: Source) -> None:
    first = put(east, "new", body(source.os))
    second = put(east, "new", body(source.os))
    assert (second.status_code, second.headers["azure-asyncoperation"]) == (202, first.headers["azure-asyncoperation"])
    assert len(east.region.launched) == 1
    play_restore(east.region.context, row(east, "new").id, failure=Failure(code="InsufficientSpace", message="full"))
    answer = put(east, "new", body(source.os))
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (202, "Updating")
    assert answer.headers["azure-asyncoperation"] != first.headers["azure-asyncoperation"]
    assert "error" not in answer.json()["properties"]["farpoint"]
    play_restore(east.region.context, row(east, "new").id)
    assert put(east, "new", body(source.os)).status_code == 200
    assert len(east.region.launched) == 2


def test_a_name_that_is_taken_by_anything_else_is_refused(east: Arm, source: Source) -> None:
    put(east, "new", body(source.os))
    assert put(east, "new", body(source.data)).status_code == 409
    assert put(east, "new", body(source.os, path=east.region.pool / "elsewhere.raw")).status_code == 409
    assert put(east, "os", body(source.os)).status_code == 409


def test_a_point_that_is_not_complete_is_refused_saying_how_far_it_is(east: Arm, source: Source) -> None:
    path = source.point.replace("rp1", "rp2")
    east.send("PUT", path, {})
    (first, _) = east.send("GET", f"{path}/diskRestorePoints").json()["value"]
    document = put(east, "new", body(first["id"]))
    assert (document.status_code, document.json()["error"]["code"]) == (409, "RestorePointNotReady")
    assert "0.0 %" in document.json()["error"]["message"]
    assert east.send("GET", compute("disks", "new")).status_code == 404


def test_a_point_that_failed_is_refused_with_its_cause_and_no_hope(east: Arm, source: Source) -> None:
    path = source.point.replace("rp1", "rp2")
    east.send("PUT", path, {})
    (first, _) = east.send("GET", f"{path}/diskRestorePoints").json()["value"]
    with east.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection="web", name="rp2")
    assert point is not None
    play_point_failure(east.region.context, point.id, Failure(code="DiskInUse", message="disk os is in use."))
    answer = put(east, "new", body(first["id"]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "RestorePointNotReady")
    assert "failed: DiskInUse, disk os is in use. Nothing can be read from it" in answer.json()["error"]["message"]


def test_a_point_that_is_being_deleted_is_refused(east: Arm, source: Source) -> None:
    east.send("DELETE", source.point)
    assert put(east, "new", body(source.os)).status_code == 409


def test_a_file_with_anything_in_it_is_not_overwritten_unless_told(east: Arm, source: Source) -> None:
    path = east.region.pool / "precious.raw"
    path.write_bytes(b"x" * 512)
    document = put(east, "new", body(source.os, path=path))
    assert (document.status_code, document.json()["error"]["code"]) == (409, "TargetNotEmpty")
    assert "properties.farpoint.overwrite" in document.json()["error"]["message"]
    assert east.region.launched == []
    assert put(east, "new", body(source.os, path=path, overwrite=True)).status_code == 202
    assert path.read_bytes() == b"x" * 512


def test_a_registered_disk_is_never_a_target_under_another_name(east: Arm, source: Source) -> None:
    document = put(east, "new", body(source.os, path=east.region.pool / "os.raw", overwrite=True))
    assert (document.status_code, document.json()["error"]["code"]) == (409, "Conflict")


def test_whose_path_it_is_comes_before_what_is_there(east: Arm, source: Source) -> None:
    (east.region.pool / "os.raw").write_bytes(b"x" * 512)
    document = put(east, "new", body(source.os, path=east.region.pool / "os.raw"))
    assert (document.status_code, document.json()["error"]["code"]) == (409, "Conflict")


def test_a_check_starts_and_registers_nothing(east: Arm, source: Source) -> None:
    answer = put(east, "new", body(source.os, checkOnly=True))
    assert (answer.status_code, answer.content, east.region.launched) == (204, b"", [])
    assert east.send("GET", compute("disks", "new")).status_code == 404


@pytest.mark.parametrize("path", ["precious.raw", "os.raw", "os.raw.restoring", "../outside.raw"])
def test_a_check_is_refused_as_the_restore_is(east: Arm, source: Source, path: str) -> None:
    (east.region.pool / "precious.raw").write_bytes(b"x" * 512)
    checked = put(east, "new", body(source.os, path=east.region.pool / path, checkOnly=True))
    refused = put(east, "new", body(source.os, path=east.region.pool / path))
    assert checked.is_client_error
    assert (checked.status_code, checked.json()) == (refused.status_code, refused.json())


def test_a_check_leaves_a_restore_that_runs_as_it_is(east: Arm, source: Source) -> None:
    put(east, "new", body(source.os))
    before = row(east, "new")
    assert put(east, "new", {**body(source.os, checkOnly=True), "tags": {"a": "b"}}).status_code == 204
    assert row(east, "new") == before
    assert put(east, "new", body(source.data, checkOnly=True)).status_code == 409


def test_a_target_outside_the_pools_is_refused(east: Arm, source: Source, tmp_path: Path) -> None:
    document = put(east, "new", body(source.os, path=tmp_path / "out.raw"))
    assert (document.status_code, document.json()["error"]["code"]) == (400, "DiskOutsidePools")


def test_a_target_named_like_a_restore_under_way_is_refused(east: Arm, source: Source) -> None:
    document = put(east, "new", body(source.os, path=east.region.pool / "os.raw.restoring"))
    assert (document.status_code, document.json()["error"]["target"]) == (400, "properties.farpoint.path")


@pytest.mark.parametrize(("size", "expected"), [(1, 202), (2, 400)])
def test_a_disk_is_restored_at_its_own_size(east: Arm, source: Source, size: int, expected: int) -> None:
    document = body(source.os)
    document["properties"] = {"creationData": {"createOption": "Restore", "sourceResourceId": source.os}, "diskSizeGB": size}
    assert put(east, "new", document).status_code == expected


def test_a_disk_restore_point_that_is_not_here_is_not_found_saying_where_to_ask(east: Arm, source: Source) -> None:
    document = put(east, "new", body(f"{source.point}/diskRestorePoints/none"))
    assert (document.status_code, document.json()["error"]["code"]) == (404, "NotFound")
    assert "in the region that has the restore point" in document.json()["error"]["message"]
    assert put(east, "new", body(source.point)).json()["error"]["target"] == "properties.creationData.sourceResourceId"


def test_a_disk_that_is_being_restored_is_neither_attached_nor_deleted(east: Arm, source: Source) -> None:
    put(east, "new", body(source.os))
    profile = {"osDisk": {"managedDisk": {"id": compute("disks", "new")}}}
    vm = east.send("PUT", compute("virtualMachines", "v"), {"location": "eastus", "properties": {"storageProfile": profile}})
    assert (vm.status_code, vm.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert east.send("DELETE", compute("disks", "new")).status_code == 409


def test_a_restored_disk_can_be_verified_and_an_attached_one_cannot(east: Arm, source: Source) -> None:
    put(east, "new", body(source.os))
    play_restore(east.region.context, row(east, "new").id)
    answer = east.send("POST", compute("disks", "new", "verify"), {})
    assert answer.status_code == 202
    assert "/DiskOperations/" in answer.headers["location"]
    assert len(east.region.launched) == 2
    refused = east.send("POST", compute("disks", "os", "verify"), {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert east.send("POST", compute("disks", "none", "verify"), {}).status_code == 404


def test_a_disk_that_is_restored_shows_how_far_that_is(east: Arm, source: Source) -> None:
    put(east, "new", body(source.os))
    under_way = east.send("GET", compute("disks", "new")).json()["properties"]["farpoint"]
    assert (under_way["restore"]["kind"], under_way["restore"]["state"]) == ("restoreDisk", "Running")
    play_restore(east.region.context, row(east, "new").id)
    assert "restore" not in east.send("GET", compute("disks", "new")).json()["properties"]["farpoint"]
