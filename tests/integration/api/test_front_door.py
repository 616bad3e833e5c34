"""Any region's endpoint serves the whole namespace: requests go to the region that has the resource, answers come back here."""

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata.disks import get_disk
from farpoint.metadata.points import get_point
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.played_work import play_publish

OPERATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations"


def attach_elsewhere(through: Arm, at: Arm, name: str) -> str:
    """Register a disk of one region through the endpoint of another; return its id."""
    path = str(at.region.disk_file(name))
    properties = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": path}}
    answer = through.send("PUT", compute("disks", name), {"location": at.region.context.name, "properties": properties})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def is_in(arm: Arm, name: str) -> bool:
    with arm.region.context.database.read() as conn:
        return get_disk(conn, group="default", name=name) is not None


def vm_body(disk: str) -> dict[str, object]:
    os_disk = {"createOption": "Attach", "osType": "Linux", "managedDisk": {"id": disk}}
    return {"location": "eastus", "properties": {"storageProfile": {"osDisk": os_disk}}}


@pytest.fixture
def story(east: Arm, west: Arm) -> str:
    """Make a disk, a VM, a collection and a complete point in the east, all through the west; return the point's id."""
    disk = attach_elsewhere(west, east, "os")
    vm = west.send("PUT", compute("virtualMachines", "web"), vm_body(disk)).json()["id"]
    body = {"location": "eastus", "properties": {"source": {"id": vm}}}
    collection = west.send("PUT", compute("restorePointCollections", "web"), body).json()["id"]
    point = f"{collection}/restorePoints/rp1"
    answer = west.send("PUT", point, {"properties": {"consistencyMode": "CrashConsistent"}})
    assert answer.status_code == 201, answer.text
    with east.region.context.database.read() as conn:
        row = get_point(conn, group="default", collection="web", name="rp1")
    assert row is not None
    play_publish(east.region.context, row.id)
    west.region.follow()
    return point


# Who answers.


def test_a_put_goes_to_the_region_its_location_names(east: Arm, west: Arm) -> None:
    attach_elsewhere(west, east, "os")
    assert is_in(east, "os")
    assert not is_in(west, "os")


def test_what_was_written_through_one_region_is_read_through_it_at_once(east: Arm, west: Arm) -> None:
    disk = attach_elsewhere(west, east, "os")
    assert west.send("GET", disk).json()["location"] == "eastus"
    assert [row["id"] for row in west.send("GET", compute("disks")).json()["value"]] == [disk]
    west.send("DELETE", disk)
    assert west.send("GET", disk).status_code == 404
    assert west.send("GET", compute("disks")).json()["value"] == []


def test_a_whole_story_runs_through_another_region(east: Arm, west: Arm, story: str) -> None:
    assert west.send("GET", story).json() == east.send("GET", story).json()
    expanded = west.send("GET", story, expand="instanceView").json()["properties"]
    assert expanded["instanceView"]["statuses"][0]["code"] == "ProvisioningState/succeeded"
    disks = west.send("GET", f"{story}/diskRestorePoints").json()["value"]
    assert disks == east.send("GET", f"{story}/diskRestorePoints").json()["value"]
    assert west.send("GET", disks[0]["id"]).status_code == 200


def test_an_operation_is_polled_through_any_region_at_the_endpoint_that_was_asked(east: Arm, west: Arm, story: str) -> None:
    answer = west.send("DELETE", story)
    assert answer.status_code == 202
    for header in ("azure-asyncoperation", "location"):
        assert answer.headers[header].startswith(f"https://westus.test:8443{OPERATION}/eastus/operations/")
    assert answer.headers["retry-after"] == "1"
    operation = answer.headers["azure-asyncoperation"]
    assert west.send("GET", operation).json()["name"] == answer.headers["x-ms-request-id"]
    assert east.send("GET", operation.replace("westus.test", "eastus.test")).json()["status"] == "InProgress"


def test_an_action_goes_to_the_region_that_has_the_resource(west: Arm, story: str) -> None:
    answer = west.send("POST", f"{story}/verify", {}, full="true")
    assert answer.status_code == 202
    assert "/locations/eastus/operations/" in answer.headers["location"]


def test_a_resource_made_a_moment_ago_is_found(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    assert west.send("GET", disk).status_code == 200
    assert west.send("PATCH", compute("restorePointCollections", "none"), {}).status_code == 404


def test_a_refusal_of_the_other_region_comes_back_as_it_is(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    east.add_vm("web", os_disk=disk)
    answer = west.send("DELETE", disk)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert "is attached to" in answer.json()["error"]["message"]


def test_a_request_is_handed_over_once(east: Arm, west: Arm) -> None:
    """The east was told of a disk in the west that is gone: it asks the west, which answers by what it has itself."""
    disk = west.attach("os")
    east.region.follow()
    west.region.peers.down = {"eastus"}
    west.send("DELETE", disk)
    east.send("GET", disk)
    assert [method for _, method, _ in east.region.peers.forwarded] == ["GET"]
    assert west.region.peers.forwarded == []
    assert east.send("GET", disk).status_code == 404


# Who may ask.


def test_the_token_is_checked_before_anybody_else_is_asked(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    west.region.follow()
    for method, path in (("GET", disk), ("DELETE", disk), ("PUT", compute("disks", "new")), ("GET", compute("disks", "none"))):
        answer = west.send(method, path, {"location": "eastus"} if method == "PUT" else None, headers={"Authorization": "Bearer no"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")
        assert "authorization_uri" in answer.headers["www-authenticate"]
    assert west.region.peers.forwarded == []


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_nobodys_body_is_read_for_another_region(east: Arm, west: Arm, method: str) -> None:
    disk = east.attach("os")
    west.region.follow()
    path = disk if method == "PATCH" else f"{disk}/beginGetAccess"
    too_large = b"x" * (4 * 1024 * 1024 + 1)
    assert west.send(method, path, too_large, headers={"Authorization": "Bearer no"}).status_code == 401
    assert west.send(method, path, too_large).status_code == 413


def test_the_region_that_answers_checks_the_token_itself(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    west.region.follow()
    del east.region.keys[west.region.issuer.region_id]
    answer = west.send("DELETE", disk)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert is_in(east, "os")


def test_a_client_cannot_pass_for_a_peer(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    west.region.follow()
    assert west.send("GET", disk, headers={"farpoint.forwarded": "true", "x-farpoint-forwarded": "true"}).status_code == 200
    assert len(west.region.peers.forwarded) == 1


def test_what_a_client_says_of_itself_is_carried_on(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    correlation = "6b7d7f6e-2d3c-4c44-9d7b-0a4b5f4f2a10"
    answer = west.send("GET", disk, headers={"x-ms-correlation-request-id": correlation})
    assert answer.headers["x-ms-correlation-request-id"] == correlation
    assert answer.headers["x-ms-routing-request-id"].startswith("EASTUS:")


def test_a_body_that_is_too_large_is_refused_at_the_door(east: Arm, west: Arm) -> None:
    east.attach("os")
    answer = west.send("PUT", compute("disks", "os"), b"x" * (4 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestContentTooLarge")
    assert west.region.peers.forwarded == []


# Names.


def test_a_name_that_another_region_uses_is_refused_naming_it(east: Arm, west: Arm) -> None:
    east.attach("os")
    path = str(west.region.disk_file("os"))
    body = {"location": "westus", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": path}}}
    answer = west.send("PUT", compute("disks", "OS"), body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    assert "in region 'eastus'" in answer.json()["error"]["message"]
    assert not is_in(west, "os")


def test_a_name_is_free_again_when_its_resource_is_gone(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    west.region.follow()
    east.send("DELETE", disk)
    west.attach("os")
    assert is_in(west, "os")


def test_a_silent_region_keeps_the_names_it_was_known_to_use(east: Arm, west: Arm) -> None:
    east.attach("os")
    west.region.follow()
    west.region.peers.down = {"eastus"}
    properties = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(west.region.disk_file("os"))}}
    answer = west.send("PUT", compute("disks", "os"), {"location": "westus", "properties": properties})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    west.attach("other")


def test_a_resource_does_not_change_its_region(east: Arm, west: Arm) -> None:
    east.attach("os")
    answer = east.send("PUT", compute("disks", "os"), {"location": "westus", "properties": {"creationData": {"createOption": "Attach"}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
    assert "in region 'eastus'" in answer.json()["error"]["message"]
