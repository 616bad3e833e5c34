"""Deleting a resource group: one operation, in all regions; refused while a region that has something in it is silent."""

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.errors import RefusedError
from farpoint.metadata import collections, groups
from farpoint.model.operations import Failure, OperationKind
from farpoint.services.group_deletion import GroupDeletion
from farpoint.services.operations import get_operation
from farpoint.testing.arm_region import CLIENT, SUBSCRIPTION
from farpoint.testing.played_work import play_end

GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
GROUP = f"{GROUPS}/default"


def clear(arm: Arm) -> int:
    """Do once what the operation's first step does until nothing is left."""
    deletion = GroupDeletion(context=arm.region.context)
    return deletion.clear("default", operation=arm.region.launched[0], principal=CLIENT)


@pytest.fixture
def furnished(east: Arm, west: Arm) -> Arm:
    """Make a VM with a disk and a collection in the east, a disk in the west; ask in the west, which has heard of it."""
    vm = east.add_vm("web", os_disk=east.attach("os"))
    east.add_collection("web", source=vm)
    west.attach("data")
    west.region.follow()
    east.region.follow()
    return west


def test_a_deletion_is_an_operation_with_both_urls(furnished: Arm) -> None:
    answer = furnished.send("DELETE", GROUP)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["retry-after"] == "1"
    assert furnished.send("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "InProgress"
    polled = furnished.send("GET", answer.headers["location"])
    assert (polled.status_code, "location" in polled.headers) == (202, True)
    operation = get_operation(furnished.region.context, answer.headers["x-ms-request-id"])
    assert (operation.kind, operation.request, operation.resource_id) == (OperationKind.DELETE_GROUP, {"group": "default"}, GROUP)


def test_a_second_request_is_answered_with_the_running_operation(furnished: Arm) -> None:
    first, second = furnished.send("DELETE", GROUP), furnished.send("DELETE", GROUP)
    assert first.headers["azure-asyncoperation"] == second.headers["azure-asyncoperation"]
    assert len(furnished.region.launched) == 1


def test_a_group_that_is_being_deleted_takes_nothing_new_in_any_region(east: Arm, furnished: Arm) -> None:
    furnished.send("DELETE", GROUP)
    for arm in (east, furnished):
        assert arm.send("GET", GROUP).json()["properties"]["provisioningState"] == "Deleting"
        path = str(arm.region.disk_file("new"))
        body = {"location": arm.region.context.name, "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": path}}}
        for method, where, document in (
            ("PUT", compute("disks", "new"), body),
            ("PUT", GROUP, {"location": "eastus"}),
            ("PATCH", GROUP, {}),
        ):
            answer = arm.send(method, where, document)
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ResourceGroupBeingDeleted")


def test_resources_go_in_every_region_until_none_is_left(east: Arm, furnished: Arm) -> None:
    furnished.send("DELETE", GROUP)
    assert clear(furnished) == 1
    for path in (compute("virtualMachines", "web"), compute("disks", "os"), compute("disks", "data")):
        assert furnished.send("GET", path).status_code == 404
    (deletion,) = east.region.launched
    assert clear(furnished) == 1, "asking again starts nothing again"
    assert east.region.launched == [deletion]
    play_collection_gone(east)
    assert clear(furnished) == 0


def play_collection_gone(arm: Arm) -> None:
    """Do what the deletion of the collection does in the end."""
    with arm.region.context.database.write() as conn:
        (collection,) = collections.list_collections(conn)
        collections.delete_collection(conn, collection.id)


def test_a_failed_deletion_of_a_collection_ends_the_groups(east: Arm, furnished: Arm) -> None:
    furnished.send("DELETE", GROUP)
    clear(furnished)
    play_end(east.region.context, east.region.launched[0], failure=Failure(code="IntegrityError", message="bits have flipped"))
    with pytest.raises(RefusedError, match="collection web in region eastus could not be deleted: bits have flipped"):
        clear(furnished)


def test_a_url_in_any_region_keeps_the_whole_group(east: Arm, furnished: Arm) -> None:
    vm_less = east.attach("shared")
    begun = east.send("POST", f"{vm_less}/beginGetAccess", {"access": "Read", "durationInSeconds": 3600})
    assert begun.status_code == 202
    furnished.send("DELETE", GROUP)
    deletion = GroupDeletion(context=furnished.region.context)
    with pytest.raises(RefusedError, match="active shared access signature"):
        deletion.look("default", operation=furnished.region.launched[0], principal=CLIENT)
    assert east.send("POST", f"{vm_less}/endGetAccess").status_code == 202
    deletion.look("default", operation=furnished.region.launched[0], principal=CLIENT)
    for path in (compute("virtualMachines", "web"), compute("disks", "os"), compute("disks", "data")):
        assert furnished.send("GET", path).status_code == 200, "looking deletes nothing"


def test_bytes_that_a_url_shows_are_not_deleted_before_the_url_is_revoked(furnished: Arm) -> None:
    access = {"access": "Read", "durationInSeconds": 60}
    assert furnished.send("POST", compute("disks", "data", "beginGetAccess"), access).status_code == 202
    furnished.send("DELETE", GROUP)
    with pytest.raises(RefusedError, match="shared access signature"):
        clear(furnished)
    assert furnished.send("POST", compute("disks", "data", "endGetAccess")).status_code == 202
    assert clear(furnished) == 1
    assert furnished.send("GET", compute("disks", "data")).status_code == 404


def test_a_deletion_is_refused_while_a_region_with_something_in_the_group_is_silent(furnished: Arm) -> None:
    furnished.region.peers.down = {"eastus"}
    answer = furnished.send("DELETE", GROUP)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "PeerUnavailable")
    assert "region 'eastus'" in answer.json()["error"]["message"]
    assert furnished.region.launched == []
    assert furnished.send("GET", GROUP).json()["properties"]["provisioningState"] == "Succeeded"


def test_a_silent_region_without_anything_in_the_group_keeps_nobody_waiting(west: Arm) -> None:
    west.send("PUT", f"{GROUPS}/rg", {"location": "westus"})
    west.region.peers.down = {"eastus"}
    assert west.send("DELETE", f"{GROUPS}/rg").status_code == 202
    assert GroupDeletion(context=west.region.context).clear("rg", operation=west.region.launched[0], principal=CLIENT) == 0


def test_a_missing_group_cannot_be_deleted(east: Arm) -> None:
    answer = east.send("DELETE", f"{GROUPS}/none")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceGroupNotFound")


def test_a_tombstone_reaches_a_region_that_was_silent(east: Arm, west: Arm) -> None:
    east.send("PUT", f"{GROUPS}/rg", {"location": "eastus"})
    with east.region.context.database.write() as conn:
        groups.bury_group(conn, "rg", origin=east.region.context.region_id)
    west.region.follow()
    assert west.send("HEAD", f"{GROUPS}/rg").status_code == 404
    assert west.send("PUT", f"{GROUPS}/rg", {"location": "westus"}).status_code == 201
    assert east.send("GET", f"{GROUPS}/rg").json()["location"] == "westus"


def test_a_patch_changes_a_groups_tags_everywhere(east: Arm, west: Arm) -> None:
    assert east.send("PATCH", GROUP, {"tags": {"a": "b"}}).json()["tags"] == {"a": "b"}
    assert west.send("GET", GROUP).json()["tags"] == {"a": "b"}
    assert east.send("PATCH", GROUP, {}).json()["tags"] == {"a": "b"}
    assert east.send("PATCH", f"{GROUPS}/none", {}).status_code == 404
