"""Restore point collections: local ones, copy targets, and the sources they may have."""

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.played_work import play_end


def body(source: str, location: str = "eastus", **more: object) -> dict[str, object]:
    return {"location": location, "properties": {"source": {"id": source}}, **more}


def put(arm: Arm, name: str, document: dict[str, object]) -> httpx.Response:
    return arm.send("PUT", compute("restorePointCollections", name), document)


@pytest.fixture
def vm(east: Arm) -> str:
    return east.add_vm("web", os_disk=east.attach("os"))


def test_a_collection_is_created_then_replaced_synchronously(east: Arm, vm: str) -> None:
    created = put(east, "web", body(vm))
    assert created.status_code == 201
    assert list(created.json()) == ["name", "id", "type", "location", "properties"]
    assert list(created.json()["properties"]) == ["source", "restorePointCollectionId", "provisioningState", "farpoint"]
    assert created.json()["properties"]["source"] == {"location": "eastus", "id": vm}
    assert created.json()["properties"]["farpoint"] == {"timeCreated": "2026-11-01T00:00:00+00:00"}
    again = put(east, "web", body(vm, tags={"a": "b"}))
    assert again.status_code == 200
    assert again.json()["tags"] == {"a": "b"}
    assert again.json()["properties"]["restorePointCollectionId"] == created.json()["properties"]["restorePointCollectionId"]


def test_a_copy_targets_source_location_is_found_by_asking_peers(east: Arm, west: Arm, vm: str) -> None:
    source = east.add_collection("web", source=vm)
    created = put(west, "web-westus", body(source, "westus"))
    assert created.status_code == 201
    assert created.json()["properties"]["source"] == {"location": "eastus", "id": source}


def test_nothing_is_created_when_no_peer_that_may_know_the_source_answers(east: Arm, west: Arm, vm: str) -> None:
    source = east.add_collection("web", source=vm)
    west.region.peers.down = {"eastus"}
    document = put(west, "web-westus", body(source, "westus"))
    assert (document.status_code, document.json()["error"]["code"]) == (503, "PeerUnavailable")
    assert west.send("GET", compute("restorePointCollections")).json() == {"value": []}


def test_a_replaced_copy_target_needs_no_peer(east: Arm, west: Arm, vm: str) -> None:
    source = east.add_collection("web", source=vm)
    put(west, "web-westus", body(source, "westus"))
    west.region.peers.down = {"eastus"}
    assert put(west, "web-westus", body(source, "westus", tags={"a": "b"})).status_code == 200


def test_a_source_that_nobody_has_is_not_found(east: Arm) -> None:
    document = put(east, "c", body(compute("virtualMachines", "none")))
    assert (document.status_code, document.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert document.json()["error"]["target"] == "properties.source.id"


def test_a_vm_of_another_region_is_refused_saying_what_to_do(east: Arm, west: Arm, vm: str) -> None:
    document = put(west, "c", body(vm, "westus"))
    assert (document.status_code, document.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert "'eastus'" in document.json()["error"]["message"]


def test_a_collection_of_the_same_region_is_no_source(east: Arm, vm: str) -> None:
    source = east.add_collection("web", source=vm)
    document = put(east, "copy", body(source))
    assert (document.status_code, document.json()["error"]["code"], document.json()["error"]["target"]) == (
        400,
        "InvalidParameter",
        "properties.source.id",
    )


def test_only_vms_and_collections_are_sources(east: Arm) -> None:
    document = put(east, "c", body(compute("disks", "d")))
    assert (document.status_code, document.json()["error"]["code"]) == (400, "InvalidParameter")


def test_location_and_source_never_change(east: Arm, west: Arm, vm: str) -> None:
    other = east.add_vm("other", os_disk=east.attach("other"))
    path = east.add_collection("web", source=vm)
    refused = [
        ("properties.source.id", put(east, "web", body(other))),
        ("properties.source.id", east.send("PATCH", path, {"properties": {"source": {"id": other}}})),
        ("properties.source.location", east.send("PATCH", path, {"properties": {"source": {"id": vm, "location": "westus"}}})),
        ("location", east.send("PATCH", path, {"location": "westus"})),
        ("location", west.send("PATCH", path, {"location": "westus"})),
    ]
    for target, answer in refused:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["target"]) == (409, "PropertyChangeNotAllowed", target)
        assert error["message"].startswith(f"Changing property '{target}' is not allowed.")


def test_a_patch_changes_tags_and_may_repeat_what_is_fixed(east: Arm, vm: str) -> None:
    path = east.add_collection("web", source=vm)
    shown = east.send("GET", path).json()
    answer = east.send("PATCH", path, {**shown, "tags": {"a": "b"}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})
    assert east.send("PATCH", path, {"location": "East US", "properties": {"source": {"id": vm.upper()}}}).status_code == 200
    assert east.send("PATCH", path, {}).json()["tags"] == {"a": "b"}
    assert "tags" not in east.send("PATCH", path, {"tags": {}}).json()
    assert east.send("PATCH", compute("restorePointCollections", "none"), {}).status_code == 404


def test_collections_are_listed_by_group_and_for_all_and_expanded_on_request(east: Arm, vm: str) -> None:
    path = east.add_collection("web", source=vm)
    assert [row["id"] for row in east.send("GET", compute("restorePointCollections")).json()["value"]] == [path]
    everything = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/restorePointCollections"
    assert [row["id"] for row in east.send("GET", everything).json()["value"]] == [path]
    east.send("PUT", f"{path}/restorePoints/rp1", {})
    assert "restorePoints" not in east.send("GET", path).json()["properties"]
    expanded = east.send("GET", path, expand="restorepoints").json()["properties"]
    assert list(expanded) == ["source", "restorePointCollectionId", "restorePoints", "provisioningState", "farpoint"]
    assert expanded["restorePoints"] == [east.send("GET", f"{path}/restorePoints/rp1").json()]


def test_deleting_a_collection_takes_its_points_and_ends_what_makes_them(east: Arm, vm: str) -> None:
    path = east.add_collection("web", source=vm)
    started = east.send("PUT", f"{path}/restorePoints/rp1", {})
    answer = east.send("DELETE", path)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["azure-asyncnotification"] == "Enabled"
    assert len(east.region.launched) == 2
    assert str(east.region.launched[1]) in answer.headers["azure-asyncoperation"]
    assert east.send("GET", f"{path}/restorePoints/rp1").json()["properties"]["provisioningState"] == "Deleting"
    interrupted = east.send("GET", started.headers["azure-asyncoperation"]).json()
    assert (interrupted["status"], interrupted["error"]["code"]) == ("Failed", "Interrupted")


def test_deleting_again_leads_to_the_same_operation_and_nothing_new_is_made_meanwhile(east: Arm, vm: str) -> None:
    path = east.add_collection("web", source=vm)
    first, second = east.send("DELETE", path), east.send("DELETE", path)
    assert second.headers["azure-asyncoperation"] == first.headers["azure-asyncoperation"]
    assert len(east.region.launched) == 1
    assert east.send("PUT", f"{path}/restorePoints/rp1", {}).status_code == 409
    assert put(east, "web", body(vm)).status_code == 409


def test_deleting_what_is_not_there_is_done_already(east: Arm) -> None:
    assert east.send("DELETE", compute("restorePointCollections", "none")).status_code == 204


def test_both_forms_of_the_deletes_operation_end_as_clients_expect(east: Arm, vm: str) -> None:
    answer = east.send("DELETE", east.add_collection("web", source=vm))
    location, operation = answer.headers["location"], answer.headers["azure-asyncoperation"]
    assert "&monitor=true&" in location
    waiting = east.send("GET", location)
    assert (waiting.status_code, waiting.headers["location"], waiting.headers["retry-after"]) == (202, location, "1")
    play_end(east.region.context, east.region.launched[0])
    assert east.send("GET", operation).json()["status"] == "Succeeded"
    done = east.send("GET", location)
    assert (done.status_code, done.content) == (200, b"")
