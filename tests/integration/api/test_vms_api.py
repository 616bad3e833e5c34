"""Virtual machines and the disks they attach."""

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION


def body(os_disk: str, *data: str, **properties: object) -> dict[str, object]:
    rows = [{"lun": lun, "managedDisk": {"id": disk}} for lun, disk in enumerate(data)]
    profile = {"osDisk": {"managedDisk": {"id": os_disk}, "caching": "ReadWrite"}, "dataDisks": rows}
    return {"location": "eastus", "properties": {"storageProfile": profile, **properties}}


def put(arm: Arm, name: str, document: dict[str, object]) -> httpx.Response:
    return arm.send("PUT", compute("virtualMachines", name), document)


def state_of(arm: Arm, disk: str) -> str:
    return str(arm.send("GET", disk).json()["properties"]["diskState"])


def test_a_vm_is_created_then_updated_and_shown_complete(east: Arm) -> None:
    os_id, data_id = east.attach("os"), east.attach("data")
    created = put(east, "web", body(os_id, data_id, hardwareProfile={"vmSize": "S"}, userData="c2VjcmV0"))
    assert created.status_code == 201
    assert list(created.json()) == ["name", "id", "type", "location", "properties"]
    properties = east.send("GET", compute("virtualMachines", "web")).json()["properties"]
    assert properties == created.json()["properties"]
    assert list(properties)[:4] == ["vmId", "hardwareProfile", "provisioningState", "storageProfile"]
    assert "userData" not in properties
    os_disk = properties["storageProfile"]["osDisk"]
    assert (os_disk["name"], os_disk["osType"], os_disk["caching"], os_disk["managedDisk"]["id"]) == ("os", "Linux", "ReadWrite", os_id)
    assert [disk["lun"] for disk in properties["storageProfile"]["dataDisks"]] == [0]
    updated = put(east, "web", body(os_id))
    assert (updated.status_code, updated.json()["properties"]["vmId"]) == (200, properties["vmId"])


def test_attaching_and_detaching_shows_on_the_disks(east: Arm) -> None:
    os_id, data_id = east.attach("os"), east.attach("data")
    put(east, "web", body(os_id, data_id))
    assert east.send("GET", data_id).json()["managedBy"] == compute("virtualMachines", "web")
    assert state_of(east, data_id) == "Attached"
    put(east, "web", body(os_id))
    assert (state_of(east, os_id), state_of(east, data_id)) == ("Attached", "Unattached")
    assert east.send("DELETE", compute("virtualMachines", "web")).status_code == 200
    assert state_of(east, os_id) == "Unattached"
    assert east.send("DELETE", compute("virtualMachines", "web")).status_code == 204


def test_a_disk_in_two_vms_is_refused_and_nothing_is_left_behind(east: Arm) -> None:
    os_id, other = east.attach("os"), east.attach("other")
    put(east, "first", body(os_id))
    document = put(east, "second", body(other, os_id))
    assert (document.status_code, document.json()["error"]["code"]) == (409, "Conflict")
    assert document.json()["error"]["target"] == "properties.storageProfile.dataDisks[0].managedDisk.id"
    assert "'first'" in document.json()["error"]["message"]
    assert [row["name"] for row in east.send("GET", compute("virtualMachines")).json()["value"]] == ["first"]
    assert state_of(east, other) == "Unattached"


def test_a_disk_twice_in_one_vm_is_refused(east: Arm) -> None:
    os_id = east.attach("os")
    document = put(east, "web", body(os_id, os_id.upper().replace("/SUBSCRIPTIONS", "/subscriptions")))
    assert (document.status_code, document.json()["error"]["code"]) == (400, "InvalidParameter")
    assert "twice" in document.json()["error"]["message"]


def test_an_unknown_disk_is_not_found_where_it_was_named(east: Arm) -> None:
    document = put(east, "web", body(compute("disks", "none")))
    assert (document.status_code, document.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert document.json()["error"]["target"] == "properties.storageProfile.osDisk.managedDisk.id"


def test_a_disk_of_another_region_is_refused_naming_that_region(east: Arm, west: Arm) -> None:
    disk = west.attach("far")
    east.region.follow()
    error = put(east, "web", body(disk)).json()["error"]
    assert (error["code"], error["target"]) == ("OperationNotAllowed", "properties.storageProfile.osDisk.managedDisk.id")
    assert error["message"].startswith("Disk 'far' is in region 'westus'; a VM attaches disks of its own region, here 'eastus'.")
    assert east.send("GET", compute("virtualMachines", "web")).status_code == 404


def test_an_id_of_another_kind_or_subscription_is_refused(east: Arm) -> None:
    foreign = compute("disks", "d").replace(SUBSCRIPTION, "00000000-0000-0000-0000-000000000000")
    for wrong, refused, says in [
        (compute("virtualMachines", "v"), (400, "InvalidParameter"), "Microsoft.Compute/disks"),
        ("os", (400, "InvalidParameter"), "not an ARM resource id"),
        (foreign, (403, "LinkedAuthorizationFailed"), foreign),
    ]:
        document = put(east, "web", body(wrong))
        assert (document.status_code, document.json()["error"]["code"]) == refused
        assert says in document.json()["error"]["message"]


def test_the_instance_view_is_there_when_asked_for(east: Arm) -> None:
    vm = east.add_vm("web", os_disk=east.attach("os"))
    assert "instanceView" not in east.send("GET", vm).json()["properties"]
    statuses = east.send("GET", vm, expand="instanceView").json()["properties"]["instanceView"]["statuses"]
    assert [status["code"] for status in statuses] == ["ProvisioningState/succeeded", "PowerState/unknown"]


def test_vms_are_listed_by_group_and_for_all(east: Arm) -> None:
    east.add_vm("web", os_disk=east.attach("os"))
    everything = east.send("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines").json()["value"]
    assert [vm["name"] for vm in everything] == ["web"]


def test_a_patch_changes_tags_and_nothing_else(east: Arm) -> None:
    path = east.add_vm("web", os_disk=east.attach("os"))
    answer = east.send("PATCH", path, {"tags": {"a": "b"}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})
    assert east.send("GET", path).json() == answer.json()
    refused = east.send("PATCH", path, {"properties": {"hardwareProfile": {"vmSize": "huge"}}})
    assert (refused.status_code, refused.json()["error"]["target"]) == (400, "properties")
    assert east.send("PATCH", compute("virtualMachines", "none"), {"tags": {}}).status_code == 404


def test_the_instance_view_can_be_asked_for_alone(east: Arm) -> None:
    path = east.add_vm("web", os_disk=east.attach("os"))
    alone = east.send("GET", f"{path}/instanceView").json()
    assert alone == east.send("GET", path, expand="instanceView").json()["properties"]["instanceView"]
    assert [row["code"] for row in alone["statuses"]] == ["ProvisioningState/succeeded", "PowerState/unknown"]


@pytest.mark.parametrize("action", ["start", "restart", "powerOff", "deallocate"])
def test_a_vm_that_runs_elsewhere_is_neither_started_nor_stopped_here(east: Arm, action: str) -> None:
    path = east.add_vm("web", os_disk=east.attach("os"))
    answer = east.send("POST", f"{path}/{action}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert "does not run VM 'web'" in answer.json()["error"]["message"]
    assert east.send("POST", compute("virtualMachines", "none", action)).status_code == 404


@pytest.mark.parametrize(("option", "advice"), [("Restore", "createOption Restore"), ("FromImage", "createOption Empty")])
def test_a_disk_is_made_before_it_is_attached(east: Arm, option: str, advice: str) -> None:
    os_disk = {"createOption": "Attach", "managedDisk": {"id": east.attach("os")}}
    data = [{"lun": 0, "createOption": option, "sourceResource": {"id": "/x"}}]
    body = {"location": "eastus", "properties": {"storageProfile": {"osDisk": os_disk, "dataDisks": data}}}
    answer = east.send("PUT", compute("virtualMachines", "web"), body)
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "properties.storageProfile.dataDisks[0].createOption")
    assert advice in answer.json()["error"]["message"]


def test_data_disks_are_attached_and_detached_in_one_call(east: Arm) -> None:
    path = east.add_vm("web", os_disk=east.attach("os"), data_disks=(east.attach("first"),))
    second, third = east.attach("second"), east.attach("third")
    moves = {"dataDisksToAttach": [{"diskId": second, "lun": 5, "caching": "ReadOnly"}, {"diskId": third}], "dataDisksToDetach": []}
    answer = east.send("POST", f"{path}/attachDetachDataDisks", moves)
    assert answer.status_code == 200
    assert [(disk["name"], disk["lun"], disk["caching"]) for disk in answer.json()["dataDisks"]] == [
        ("first", 0, "None"), ("third", 1, "None"), ("second", 5, "ReadOnly"),
    ]  # fmt: skip
    east.send("POST", f"{path}/attachDetachDataDisks", {"dataDisksToDetach": [{"diskId": second.upper()}]})
    profile = east.send("GET", path).json()["properties"]["storageProfile"]
    assert [disk["name"] for disk in profile["dataDisks"]] == ["first", "third"]
    assert east.send("GET", second).json()["properties"]["diskState"] == "Unattached"
    taken = east.send("POST", f"{path}/attachDetachDataDisks", {"dataDisksToAttach": [{"diskId": second, "lun": 1}]})
    assert (taken.status_code, taken.json()["error"]["target"]) == (400, "dataDisksToAttach[0].lun")
    stranger = east.send("POST", f"{path}/attachDetachDataDisks", {"dataDisksToDetach": [{"diskId": second}]})
    assert (stranger.status_code, stranger.json()["error"]["target"]) == (400, "dataDisksToDetach[0].diskId")
