"""azure-wire.md §2: restore point collections."""

from tests.integration.api.arm_client import compute
from tests.integration.wire.documents import Guid, azure_part, ordered
from tests.integration.wire.scene import COPIES, LOCAL, Scene, collection_body

from farpoint.model.documents import JsonObject
from farpoint.testing.arm_region import SUBSCRIPTION


def document(name: str, location: str, source: JsonObject, **more: object) -> dict[str, object]:
    """Return §2's document."""
    return {
        "name": name,
        "id": compute("restorePointCollections", name),
        "type": "Microsoft.Compute/restorePointCollections",
        "location": location,
        "properties": {"source": source, "restorePointCollectionId": Guid(), **more, "provisioningState": "Succeeded"},
    }


OF_THE_VM: JsonObject = {"location": "eastus", "id": compute("virtualMachines", "web")}
OF_A_COLLECTION: JsonObject = {"location": "eastus", "id": LOCAL}


def test_a_new_collection_is_201_and_synchronous(scene: Scene) -> None:
    assert (scene.collection.status_code, azure_part(scene.collection)) == (201, ordered(document("web", "eastus", OF_THE_VM)))
    assert not {"location", "azure-asyncoperation", "retry-after"} & set(scene.collection.headers)


def test_a_copy_target_looks_the_same_and_its_source_location_is_the_source_collections(scene: Scene) -> None:
    assert (scene.copies.status_code, azure_part(scene.copies)) == (201, ordered(document("web-west", "westus", OF_A_COLLECTION)))


def test_a_replaced_collection_is_200_and_shows_its_tags_before_its_properties(scene: Scene) -> None:
    answer = scene.east.send("PUT", LOCAL, {**collection_body(compute("virtualMachines", "web"), "eastus"), "tags": {"a": "b"}})
    assert answer.status_code == 200
    assert list(answer.json()) == ["name", "id", "type", "location", "tags", "properties"]


def test_a_patch_is_200_and_takes_an_unchanged_source(scene: Scene) -> None:
    answer = scene.east.send("PATCH", LOCAL, {"tags": {"a": "b"}, "properties": {"source": {"id": compute("virtualMachines", "web")}}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})
    changed = scene.east.send("PATCH", LOCAL, {"properties": {"source": {"id": compute("virtualMachines", "other")}}})
    assert (changed.status_code, changed.json()["error"]["code"]) == (409, "PropertyChangeNotAllowed")


def test_a_get_and_both_lists_show_the_same_document(scene: Scene) -> None:
    expected = ordered(document("web", "eastus", OF_THE_VM))
    assert azure_part(scene.east.send("GET", LOCAL)) == expected
    subscription = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/restorePointCollections"
    for path in (compute("restorePointCollections"), subscription):
        (row,) = (row for row in scene.east.send("GET", path).json()["value"] if row["name"] == "web")
        assert ordered(row) == expected


def test_expanded_restore_points_stand_between_id_and_state_and_have_neither_type_nor_instance_view(scene: Scene) -> None:
    scene.finish()
    shown = scene.east.send("GET", LOCAL, expand="restorePoints").json()["properties"]
    assert list(shown) == ["source", "restorePointCollectionId", "restorePoints", "provisioningState", "farpoint"]
    assert shown["restorePoints"] == [scene.east.send("GET", f"{LOCAL}/restorePoints/rp1").json()]
    assert list(shown["restorePoints"][0]) == ["name", "id", "properties"]
    assert "instanceView" not in shown["restorePoints"][0]["properties"]


def test_the_location_is_echoed_as_it_was_sent_and_compared_without_case_and_spaces(scene: Scene) -> None:
    answer = scene.east.send("PUT", compute("restorePointCollections", "c"), collection_body(compute("virtualMachines", "web"), "East US"))
    assert (answer.status_code, answer.json()["location"]) == (201, "East US")


def test_each_instance_of_a_collection_has_an_id_of_its_own(scene: Scene) -> None:
    first, second = (answer.json()["properties"]["restorePointCollectionId"] for answer in (scene.collection, scene.copies))
    assert first != second


def test_deleting_a_collection_is_202_and_takes_its_points_along(scene: Scene) -> None:
    scene.finish()
    assert scene.east.send("DELETE", LOCAL).status_code == 202
    assert scene.east.send("GET", f"{LOCAL}/restorePoints/rp1").json()["properties"]["provisioningState"] == "Deleting"
    assert scene.west.send("DELETE", COPIES.replace("web-west", "none")).status_code == 204
