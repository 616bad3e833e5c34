"""The same PUT twice is one thing made once; another PUT of the same name is refused, saying what differs.

azure-core and az repeat a PUT after a 5xx or a lost connection, so the first may well have been done.
"""

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import disks, operations, points
from farpoint.model.operations import Failure
from farpoint.model.resources import Disk, RestorePoint
from farpoint.testing.played_work import play_point_failure, play_publish, play_restore

CRASH = {"properties": {"consistencyMode": "CrashConsistent"}}


@pytest.fixture
def point(east: Arm) -> str:
    """Return the path of a point that may be created, of a VM with two disks."""
    vm = east.add_vm("web", os_disk=east.attach("os"), data_disks=(east.attach("data"),))
    return f"{east.add_collection('web', source=vm)}/restorePoints/rp1"


def row(arm: Arm, path: str) -> RestorePoint:
    *_, collection, _, name = path.split("/")
    with arm.region.context.database.read() as conn:
        found = points.get_point(conn, group="default", collection=collection, name=name)
    assert found is not None
    return found


def disk_row(arm: Arm, name: str) -> Disk:
    with arm.region.context.database.read() as conn:
        found = disks.get_disk(conn, group="default", name=name)
    assert found is not None
    return found


def same_operation(first: httpx.Response, second: httpx.Response) -> bool:
    return all(first.headers[name] == second.headers[name] for name in ("azure-asyncoperation", "x-ms-request-id"))


def refused(answer: httpx.Response, target: str) -> bool:
    error = answer.json()["error"]
    return (answer.status_code, error["code"], error.get("target")) == (409, "Conflict", target) and target in error["message"]


def test_an_equal_put_of_a_point_that_is_being_created_is_the_first_answer(east: Arm, point: str) -> None:
    first, second = east.send("PUT", point, CRASH), east.send("PUT", point, CRASH)
    assert (second.status_code, second.json()) == (201, first.json())
    assert same_operation(first, second)
    assert len(east.region.launched) == 1


def test_an_equal_put_of_a_finished_point_is_201_with_the_operation_that_made_it(east: Arm, point: str) -> None:
    first = east.send("PUT", point, {})
    play_publish(east.region.context, row(east, point).id)
    second = east.send("PUT", point, {})
    assert (second.status_code, second.json()) == (201, east.send("GET", point).json())
    assert same_operation(first, second)
    assert len(east.region.launched) == 1


def test_names_disks_and_absent_properties_are_equal_in_whatever_way_they_are_written(east: Arm, point: str) -> None:
    body = {"properties": {"excludeDisks": [{"id": compute("disks", "data")}]}}
    first = east.send("PUT", point, body)
    other_way = {"properties": {"excludeDisks": [{"id": compute("disks", "DATA")}], "farpoint": {"allowLive": False}}}
    second = east.send("PUT", point.replace("rp1", "RP1"), other_way)
    assert (second.status_code, second.json()["name"]) == (201, "rp1")
    assert same_operation(first, second)


def test_an_equal_put_needs_neither_the_vm_nor_its_disks_any_more(east: Arm, point: str) -> None:
    first = east.send("PUT", point, {})
    play_publish(east.region.context, row(east, point).id)
    east.send("DELETE", compute("virtualMachines", "web"))
    (east.region.pool / "os.raw").unlink()
    assert same_operation(first, east.send("PUT", point, {}))


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({"consistencyMode": "CrashConsistent"}, "properties.consistencyMode"),
        ({"excludeDisks": [{"id": compute("disks", "data")}]}, "properties.excludeDisks"),
        ({"farpoint": {"allowLive": True}}, "properties.farpoint.allowLive"),
    ],
)
def test_another_put_of_a_point_is_refused_naming_what_differs(east: Arm, point: str, properties: dict[str, object], target: str) -> None:
    east.send("PUT", point, {})
    assert refused(east.send("PUT", point, {"properties": properties}), target)
    assert len(east.region.launched) == 1


def test_a_failed_point_is_not_made_again_by_the_same_put(east: Arm, point: str) -> None:
    east.send("PUT", point, {})
    play_point_failure(east.region.context, row(east, point).id, Failure(code="DiskUnreadable", message="bad sector"))
    answer = east.send("PUT", point, {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    assert "Delete it, then create it again" in answer.json()["error"]["message"]


def test_a_put_over_a_running_deletion_is_refused(east: Arm, point: str) -> None:
    east.send("PUT", point, {})
    east.send("DELETE", point)
    answer = east.send("PUT", point, {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    assert "Wait until it is gone" in answer.json()["error"]["message"]


def test_a_put_into_a_collection_that_is_being_deleted_is_refused(east: Arm, point: str) -> None:
    east.send("DELETE", compute("restorePointCollections", "web"))
    answer = east.send("PUT", point, {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    source = {"location": "eastus", "properties": {"source": {"id": compute("virtualMachines", "web")}}}
    assert east.send("PUT", compute("restorePointCollections", "web"), source).status_code == 409


def test_a_point_cannot_be_patched(east: Arm, point: str) -> None:
    east.send("PUT", point, {})
    answer = east.send("PATCH", point, {"properties": {"consistencyMode": "CrashConsistent"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "MethodNotAllowed")


def test_an_equal_put_of_a_copy_is_the_first_answer_and_asks_no_peer(east: Arm, west: Arm, point: str) -> None:
    east.send("PUT", point, {})
    play_publish(east.region.context, row(east, point).id)
    target = f"{west.add_collection('copies', source=point.rpartition('/restorePoints/')[0])}/restorePoints/rp1"
    body = {"properties": {"sourceRestorePoint": {"id": point}}}
    first = west.send("PUT", target, body)
    west.region.peers.down = {"eastus"}
    second = west.send("PUT", target, body)
    assert (second.status_code, second.json()) == (201, first.json())
    assert same_operation(first, second)
    play_publish(west.region.context, row(west, target).id)
    assert same_operation(first, west.send("PUT", target, body))


def test_a_copy_of_another_point_under_the_same_name_is_refused(east: Arm, west: Arm, point: str) -> None:
    other = point.replace("rp1", "rp2")
    for path in (point, other):
        east.send("PUT", path, {})
        play_publish(east.region.context, row(east, path).id)
    target = f"{west.add_collection('copies', source=point.rpartition('/restorePoints/')[0])}/restorePoints/rp1"
    west.send("PUT", target, {"properties": {"sourceRestorePoint": {"id": point}}})
    answer = west.send("PUT", target, {"properties": {"sourceRestorePoint": {"id": other}}})
    assert refused(answer, "properties.sourceRestorePoint.id")


def test_a_point_without_the_record_of_its_operation_is_still_answered_201(east: Arm, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    east.send("PUT", point, {})
    play_publish(east.region.context, row(east, point).id)
    monkeypatch.setattr(operations, "get_operation", lambda *_: None)
    answer = east.send("PUT", point, {})
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Succeeded")
    assert "azure-asyncoperation" not in answer.headers


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({"osType": "Windows"}, "properties.osType"),
        ({"farpoint": {"blockSizeBytes": 1 << 20}}, "properties.farpoint.blockSizeBytes"),
    ],
)
def test_another_restore_to_the_same_name_is_refused_naming_what_differs(
    east: Arm, point: str, properties: dict[str, object], target: str
) -> None:
    east.send("PUT", point, {})
    play_publish(east.region.context, row(east, point).id)
    source = east.send("GET", f"{point}/diskRestorePoints").json()["value"][0]["id"]
    creation = {"createOption": "Restore", "sourceResourceId": source}
    restore = {"location": "eastus", "properties": {"creationData": creation}}
    assert east.send("PUT", compute("disks", "new"), restore).status_code == 202
    play_restore(east.region.context, disk_row(east, "new").id)
    assert refused(east.send("PUT", compute("disks", "new"), {**restore, "properties": {"creationData": creation, **properties}}), target)
    assert east.send("PUT", compute("disks", "new"), restore).status_code == 200


def test_a_vm_a_collection_and_a_disk_put_twice_are_one_and_the_same(east: Arm, point: str) -> None:
    vm, collection, disk = compute("virtualMachines", "web"), compute("restorePointCollections", "web"), compute("disks", "os")
    profile = {"osDisk": {"managedDisk": {"id": disk}}, "dataDisks": [{"lun": 0, "managedDisk": {"id": compute("disks", "data")}}]}
    bodies: dict[str, dict[str, object]] = {
        vm: {"location": "eastus", "properties": {"storageProfile": profile}},
        collection: {"location": "eastus", "properties": {"source": {"id": vm}}},
        disk: {
            "location": "eastus",
            "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(east.region.pool / "os.raw")}},
        },
    }
    for path, body in bodies.items():
        first, second = east.send("PUT", path, body), east.send("PUT", path, body)
        assert (first.status_code, second.status_code, second.json()) == (200, 200, first.json())
