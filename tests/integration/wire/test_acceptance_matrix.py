"""azure-wire.md §9: the statuses that clients accept, call by call, and what replaying a real client showed."""

import pytest
from attrs import frozen
from tests.integration.api.arm_client import compute
from tests.integration.api.snapshot_steps import S1, play
from tests.integration.api.snapshot_steps import body as snapshot_body
from tests.integration.wire.scene import COPIES, LOCAL, VM, Scene, collection_body, copy_body


@frozen
class Call:
    """One row of the matrix."""

    name: str
    method: str
    path: str
    body: object
    accepted: frozenset[int]


POINT = f"{LOCAL}/restorePoints/rp1"
READ = {"access": "Read", "durationInSeconds": 60}
EMPTY = {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
SPARE_VM = {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": compute("disks", "spare")}}}}}
CALLS = [
    Call("collection PUT, new", "PUT", f"{LOCAL}-2", collection_body(compute("virtualMachines", "web"), "eastus"), frozenset({200, 201})),
    Call("collection PUT, existing", "PUT", LOCAL, collection_body(compute("virtualMachines", "web"), "eastus"), frozenset({200, 201})),
    Call("collection PATCH", "PATCH", LOCAL, {"tags": {"a": "b"}}, frozenset({200})),
    Call("collection DELETE", "DELETE", LOCAL, None, frozenset({200, 202, 204})),
    Call("collection DELETE, missing", "DELETE", f"{LOCAL}-no", None, frozenset({200, 202, 204})),
    Call("restore point PUT, new", "PUT", f"{LOCAL}/restorePoints/rp2", {}, frozenset({201})),
    Call("restore point PUT, repeated", "PUT", POINT, {}, frozenset({201})),
    Call("restore point DELETE", "DELETE", POINT, None, frozenset({200, 202, 204})),
    Call("restore point DELETE, missing", "DELETE", f"{POINT}-no", None, frozenset({200, 202, 204})),
    Call("snapshot PUT", "PUT", compute("snapshots", "s2"), snapshot_body(compute("disks", "spare")), frozenset({200, 202})),
    Call("snapshot PATCH", "PATCH", S1, {"tags": {"a": "b"}}, frozenset({200, 202})),
    Call("snapshot DELETE", "DELETE", S1, None, frozenset({200, 202, 204})),
    Call("snapshot DELETE, missing", "DELETE", f"{S1}-no", None, frozenset({200, 202, 204})),
    Call("disk restore point list", "GET", f"{POINT}/diskRestorePoints", None, frozenset({200})),
    Call("disk PUT, empty", "PUT", compute("disks", "e"), EMPTY, frozenset({200, 202})),
    Call("disk PATCH", "PATCH", compute("disks", "os"), {"tags": {"a": "b"}}, frozenset({200, 202})),
    Call("disk DELETE", "DELETE", compute("disks", "spare"), None, frozenset({200, 202, 204})),
    Call("disk beginGetAccess", "POST", f"{compute('disks', 'spare')}/beginGetAccess", READ, frozenset({200, 202})),
    Call("disk DELETE, missing", "DELETE", compute("disks", "no"), None, frozenset({200, 202, 204})),
    Call("virtual machine PUT, existing", "PUT", compute("virtualMachines", "web"), VM, frozenset({200, 201})),
    Call("virtual machine PUT, new", "PUT", compute("virtualMachines", "v2"), SPARE_VM, frozenset({200, 201})),
    Call("virtual machine PATCH", "PATCH", compute("virtualMachines", "web"), {"tags": {"a": "b"}}, frozenset({200})),
    Call("virtual machine DELETE", "DELETE", compute("virtualMachines", "web"), None, frozenset({200, 202, 204})),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_the_status_is_one_that_clients_accept(scene: Scene, call: Call) -> None:
    scene.east.attach("spare")
    scene.east.send("PUT", S1, snapshot_body(compute("disks", "spare")))
    play(scene.east, scene.east)
    scene.finish()
    answer = scene.east.send(call.method, call.path, call.body)  # type: ignore[arg-type]  # a body of any kind
    assert answer.status_code in call.accepted, answer.text


def test_a_disk_put_is_200_or_202(scene: Scene) -> None:
    assert scene.restore().status_code in {200, 202}


def test_a_disk_restore_point_is_200(scene: Scene) -> None:
    scene.finish()
    (row, _) = scene.east.send("GET", f"{POINT}/diskRestorePoints").json()["value"]
    assert scene.east.send("GET", row["id"]).status_code == 200


@pytest.mark.parametrize("verb", ["beginGetAccess", "endGetAccess"])
def test_access_to_a_disk_restore_point_is_granted_and_ended_with_200_or_202(scene: Scene, verb: str) -> None:
    scene.finish()
    (row, _) = scene.east.send("GET", f"{POINT}/diskRestorePoints").json()["value"]
    assert scene.east.send("POST", f"{row['id']}/beginGetAccess", READ).status_code in {200, 202}
    assert scene.east.send("POST", f"{row['id']}/{verb}", READ).status_code in {200, 202}


@pytest.mark.parametrize("verb", ["start", "powerOff", "deallocate"])
def test_what_only_whoever_runs_the_vm_can_do_is_a_clients_own_error(scene: Scene, verb: str) -> None:
    """A deviation: clients accept 200 and 202, and would believe it."""
    answer = scene.east.send("POST", f"{compute('virtualMachines', 'web')}/{verb}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")


def test_a_point_answered_without_a_location_is_finished_by_a_get_of_the_resource(scene: Scene) -> None:
    start = scene.copy_running()
    assert "location" not in start.headers
    assert scene.west.send("GET", start.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    assert scene.west.send("GET", f"{COPIES}/restorePoints/rp1").json()["properties"]["provisioningState"] == "Succeeded"


def test_unknown_fields_of_a_request_are_ignored(scene: Scene) -> None:
    body = {
        "location": "eastus",
        "zones": ["1"],
        "properties": {"internalData": {"isIncremental": True}, "instantAccessDurationMinutes": 60},
    }
    assert scene.east.send("PUT", POINT, body).status_code == 201


def test_what_cannot_be_had_now_is_answered_with_a_time_and_the_same_put_then_succeeds(scene: Scene) -> None:
    """A client waits Retry-After and repeats the PUT: nothing was started by the first."""
    scene.finish()
    path, body = f"{COPIES}/restorePoints/rp1", copy_body(POINT)
    scene.west.region.peers.down = {"eastus"}
    refused = scene.west.send("PUT", path, body)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    scene.west.region.peers.down = set()
    assert scene.west.send("PUT", path, body).status_code == 201


def test_the_first_poll_may_come_at_once(scene: Scene) -> None:
    start = scene.create()
    assert scene.east.send("GET", start.headers["azure-asyncoperation"]).json()["status"] == "InProgress"


@pytest.mark.parametrize("path", [LOCAL, compute("disks"), compute("virtualMachines"), f"{POINT}/diskRestorePoints"])
def test_a_list_has_a_value(scene: Scene, path: str) -> None:
    scene.finish()
    answer = scene.east.send("GET", path.removesuffix("/web") if path == LOCAL else path)
    assert isinstance(answer.json()["value"], list)
