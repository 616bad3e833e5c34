"""Virtual machines and the disks they attach."""

import httpx
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


def test_an_id_of_another_kind_or_subscription_is_refused(east: Arm) -> None:
    foreign = compute("disks", "d").replace(SUBSCRIPTION, "00000000-0000-0000-0000-000000000000")
    for wrong, says in [
        (compute("virtualMachines", "v"), "Microsoft.Compute/disks"),
        ("os", "not an ARM resource id"),
        (foreign, "subscription"),
    ]:
        document = put(east, "web", body(wrong))
        assert (document.status_code, document.json()["error"]["code"]) == (400, "InvalidParameter")
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
