"""What a region says about itself and its peers, to clients and to peers."""

from tests.integration.api.arm_client import Arm, compute

from farpoint.api.resource_document import resource_document
from farpoint.testing.arm_region import SUBSCRIPTION

REGIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Farpoint/regions"


def test_a_region_lists_itself_with_its_peers(east: Arm, west: Arm) -> None:
    (region,) = east.send("GET", REGIONS).json()["value"]
    assert (region["name"], region["id"], region["location"]) == ("eastus", f"{REGIONS}/eastus", "eastus")
    assert region["properties"] == {
        "regionId": str(east.region.context.region_id),
        "endpoint": "https://eastus.test:8443",
        "peers": [
            {
                "name": "westus",
                "regionId": str(west.region.context.region_id),
                "endpoint": "https://westus.test:8443",
                "reachable": True,
            }
        ],
    }
    assert east.send("GET", f"{REGIONS}/EastUS").json() == region


def test_a_silent_peer_is_listed_as_unreachable_with_the_reason(east: Arm) -> None:
    east.region.peers.down = {"westus"}
    (peer,) = east.send("GET", REGIONS).json()["value"][0]["properties"]["peers"]
    assert (peer["reachable"], peer["problem"]) == (False, "it does not answer")
    assert "endpoint" not in peer


def test_another_region_describes_itself_through_any_endpoint(east: Arm, west: Arm) -> None:
    assert east.send("GET", f"{REGIONS}/WestUS").json() == west.send("GET", f"{REGIONS}/westus").json()
    assert east.send("GET", f"{REGIONS}/moon").status_code == 404
    east.region.peers.down = {"westus"}
    silent = east.send("GET", f"{REGIONS}/westus")
    assert (silent.status_code, silent.json()["error"]["code"]) == (503, "PeerUnavailable")


def test_peers_are_told_what_a_get_shows_with_its_instance_view(east: Arm) -> None:
    disk = east.attach("os")
    vm = east.add_vm("web", os_disk=disk)
    collection = east.add_collection("web", source=vm)
    point = f"{collection}/restorePoints/rp1"
    east.send("PUT", point, {})
    disk_point = east.send("GET", f"{point}/diskRestorePoints").json()["value"][0]["id"]
    for arm_id in (disk, vm, collection, point, disk_point):
        expanded = arm_id in {vm, point}
        shown = east.send("GET", arm_id, expand="instanceView") if expanded else east.send("GET", arm_id)
        assert resource_document(east.region.context, arm_id) == shown.json()
        assert resource_document(east.region.context, f"{arm_id}x") is None


def test_peers_are_told_nothing_about_what_is_not_ours(east: Arm) -> None:
    for arm_id in ("nonsense", "", compute("disks", "d").replace(SUBSCRIPTION, "other"), compute("galleries", "g")):
        assert resource_document(east.region.context, arm_id) is None
