"""Resource groups: known everywhere, asked of peers when unknown here."""

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import groups
from farpoint.testing.arm_region import SUBSCRIPTION

GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"


def test_group_default_exists_from_birth(east: Arm) -> None:
    answer = east.send("GET", f"{GROUPS}/Default")
    assert answer.status_code == 200
    assert list(answer.json()) == ["id", "name", "type", "location", "tags", "properties"]
    assert answer.json()["properties"] == {"provisioningState": "Succeeded"}
    assert answer.json()["location"] == "eastus"


def test_a_group_is_created_once_then_updated(east: Arm) -> None:
    assert east.send("PUT", f"{GROUPS}/rg", {"location": "eastus"}).status_code == 201
    again = east.send("PUT", f"{GROUPS}/RG", {"location": "eastus", "tags": {"a": "b"}})
    assert again.status_code == 200
    assert (again.json()["name"], again.json()["tags"]) == ("rg", {"a": "b"})
    assert [row["name"] for row in east.send("GET", GROUPS).json()["value"]] == ["default", "rg"]


def test_a_group_put_here_is_known_at_the_peer_at_once(east: Arm, west: Arm) -> None:
    east.send("PUT", f"{GROUPS}/rg", {"location": "westus", "tags": {"a": "b"}})
    assert west.send("GET", f"{GROUPS}/rg").json()["tags"] == {"a": "b"}


def test_a_group_can_be_put_while_a_peer_is_down_which_pulls_it_later(east: Arm, west: Arm) -> None:
    east.region.peers.down = {"westus"}
    answer = east.send("PUT", f"{GROUPS}/rg", {"location": "eastus"})
    assert answer.status_code == 201
    assert answer.json()["properties"]["farpoint"] == {"unreachable": ["westus"]}
    assert [row["name"] for row in west.send("GET", GROUPS).json()["value"]] == ["default"]
    assert west.send("GET", f"{GROUPS}/rg").status_code == 200
    assert [row["name"] for row in west.send("GET", GROUPS).json()["value"]] == ["default", "rg"]


def test_a_group_nobody_knows_is_not_found(east: Arm) -> None:
    answer = east.send("GET", f"{GROUPS}/none")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_group_that_only_a_silent_peer_could_know_is_not_called_missing(east: Arm, method: str) -> None:
    east.region.peers.down = {"westus"}
    assert east.send(method, f"{GROUPS}/none").status_code == 503


def test_a_group_that_was_deleted_is_missing_whoever_is_silent(east: Arm) -> None:
    with east.region.context.database.write() as conn:
        groups.bury_group(conn, "default", origin=east.region.context.region_id)
    east.region.peers.down = {"westus"}
    assert east.send("HEAD", f"{GROUPS}/default").status_code == 404


def test_nothing_is_created_in_a_group_that_only_a_silent_peer_could_know(east: Arm, west: Arm) -> None:
    west.region.peers.down = {"eastus"}
    west.send("PUT", f"{GROUPS}/rg", {"location": "westus"})
    east.region.peers.down = {"westus"}
    creation = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(east.region.disk_file("os"))}}
    disk = {"location": "eastus", "properties": creation}
    refused = east.send("PUT", compute("disks", "os", group="rg"), disk)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "PeerUnavailable")
    assert "'rg' is not known here, and no other region answers that might know it: westus" in refused.json()["error"]["message"]
    assert east.send("GET", f"/subscriptions/{SUBSCRIPTION}/resources").json()["value"] == []
    assert [row["name"] for row in east.send("GET", GROUPS).json()["value"]] == ["default"]

    east.region.peers.down = set()
    assert east.send("PUT", compute("disks", "os", group="rg"), disk).status_code == 200


def test_a_group_is_missing_when_a_peer_that_answers_does_not_know_it(three: tuple[Arm, Arm, Arm]) -> None:
    three[0].region.peers.down = {"westus"}
    assert three[0].send("GET", f"{GROUPS}/none").json()["error"]["code"] == "ResourceGroupNotFound"


def test_head_tells_whether_a_group_exists(east: Arm) -> None:
    assert east.send("HEAD", f"{GROUPS}/default").status_code == 204
    assert east.send("HEAD", f"{GROUPS}/none").status_code == 404


def test_an_unknown_location_is_refused_with_the_known_ones(east: Arm) -> None:
    answer = east.send("PUT", f"{GROUPS}/rg", {"location": "atlantis"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "LocationNotAvailableForResourceType")
    assert "eastus, westus" in answer.json()["error"]["message"]


def test_a_group_does_not_move(east: Arm) -> None:
    answer = east.send("PUT", f"{GROUPS}/default", {"location": "westus"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")


def test_locations_are_compared_as_azure_does(east: Arm) -> None:
    answer = east.send("PUT", f"{GROUPS}/rg", {"location": "East US"})
    assert (answer.status_code, answer.json()["location"]) == (201, "East US")
