"""Snapshots and networks as every region's endpoint serves them, with two linked regions: owners, lists, replicas, names, groups."""

import pytest
from tests.integration.api.arm_client import Arm, compute
from tests.integration.api.test_group_deletion_api import GROUP, clear

from farpoint.metadata import snapshots
from farpoint.metadata.replicas import list_replicas
from farpoint.model.operations import Failure
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.catalogue_fold import check_log
from farpoint.testing.played_work import play_end, play_point_failure, play_whole_operation

S1 = compute("snapshots", "s1")
ALL_SNAPSHOTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/snapshots"
NET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
ALL_NETWORKS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks"


def body(source: str, *, location: str = "eastus") -> dict[str, object]:
    return {"location": location, "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": source}, "incremental": True}}


def network(location: str) -> dict[str, object]:
    return {"location": location, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}


def play(arm: Arm) -> None:
    for operation in arm.region.launched:
        play_whole_operation(arm.region.context, operation, source=arm.region.context)
    arm.region.launched.clear()


@pytest.fixture
def snapshot(east: Arm, west: Arm) -> str:
    """Make a snapshot in the east, asked for in the west; return its id."""
    disk = east.attach("os")
    assert west.send("PUT", S1, body(disk)).status_code == 202
    play(east)
    west.region.follow()
    return S1


# Owners and replicas.


def test_a_snapshot_is_made_read_changed_and_deleted_by_its_region_whichever_is_asked(east: Arm, west: Arm, snapshot: str) -> None:
    assert west.send("GET", snapshot).json() == east.send("GET", snapshot).json()
    assert west.send("PATCH", snapshot, {"tags": {"a": "b"}}).json()["tags"] == {"a": "b"}
    answer = west.send("DELETE", snapshot)
    assert answer.status_code == 202
    assert answer.headers["location"].startswith(west.region.context.endpoint)
    play(east)
    assert west.send("GET", answer.headers["location"]).status_code == 200
    assert west.send("GET", snapshot).status_code == 404


def test_a_silent_regions_snapshot_is_shown_as_it_last_was(east: Arm, west: Arm, snapshot: str) -> None:
    west.region.peers.down = {"eastus"}
    answer = west.send("GET", snapshot)
    assert (answer.status_code, answer.headers["age"]) == (200, "0")
    document = answer.json()
    assert document["properties"]["farpoint"].pop("replica")["region"] == "eastus"
    assert document == east.send("GET", snapshot).json()
    assert document["properties"]["provisioningState"] == "Succeeded", "the point behind it was published after the snapshot was made"
    refused = west.send("DELETE", snapshot)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "PeerUnavailable")


@pytest.mark.usefixtures("snapshot")
def test_a_failure_of_the_point_behind_it_reaches_the_other_region(east: Arm, west: Arm) -> None:
    east.send("PUT", compute("snapshots", "s2"), body(compute("disks", "os")))
    with east.region.context.database.read() as conn:
        found = snapshots.get_snapshot(conn, group="default", name="s2")
    assert found is not None
    play_point_failure(east.region.context, found.point, Failure(code="IntegrityError", message="bits have flipped"))
    west.region.follow()
    west.region.peers.down = {"eastus"}
    assert west.send("GET", compute("snapshots", "s2")).json()["properties"]["provisioningState"] == "Failed"


@pytest.mark.usefixtures("snapshot")
def test_what_holds_a_snapshot_reaches_no_other_region(west: Arm) -> None:
    context = west.region.context
    kind = "Microsoft.Compute/restorePointCollections"
    with context.database.read() as conn:
        for type_name in (kind, f"{kind}/restorePoints", f"{kind}/restorePoints/diskRestorePoints"):
            regions = tuple(context.peer_catalogues.names())
            assert list_replicas(conn, type_name, regions=regions, group=None, after=None, limit=10) == []


@pytest.mark.usefixtures("snapshot")
def test_the_log_tells_of_snapshots_what_holds_them_and_networks(east: Arm) -> None:
    east.send("PUT", NET, network("eastus"))
    east.region.context.catalogue.settle()
    check_log(east.region.log, east.region.context.database)
    east.send("DELETE", NET)
    east.send("DELETE", S1)
    east.region.context.catalogue.settle()
    check_log(east.region.log, east.region.context.database)


def test_a_network_belongs_to_the_region_of_its_location(east: Arm, west: Arm) -> None:
    assert west.send("PUT", NET, network("eastus")).status_code == 201
    assert east.send("GET", NET).json() == west.send("GET", NET).json()
    assert west.send("PATCH", NET, {"tags": {"a": "b"}}).status_code == 200
    west.region.peers.down = {"eastus"}
    shown = west.send("GET", NET).json()
    assert (shown["tags"], shown["properties"]["farpoint"]["replica"]["region"]) == ({"a": "b"}, "eastus")
    assert west.send("DELETE", NET).status_code == 503
    west.region.peers.down = set()
    assert west.send("DELETE", NET).status_code == 200
    assert east.send("GET", NET).status_code == 404


# Lists and names.


def test_lists_go_by_pages_over_all_regions(east: Arm, west: Arm, snapshot: str) -> None:
    west.send("PUT", compute("snapshots", "a"), body(west.attach("data"), location="westus"))
    west.send("PUT", NET, network("westus"))
    east.region.follow()
    for arm in (east, west):
        for path in (ALL_SNAPSHOTS, compute("snapshots")):
            first = arm.send("GET", path, top="1").json()
            assert [row["name"] for row in first["value"]] == ["a"]
            assert [row["id"] for row in arm.send("GET", first["nextLink"]).json()["value"]] == [snapshot]
        for path in (ALL_NETWORKS, f"{GROUP}/providers/Microsoft.Network/virtualNetworks"):
            assert [row["id"] for row in arm.send("GET", path).json()["value"]] == [NET]
        resources = arm.send("GET", f"/subscriptions/{SUBSCRIPTION}/resources").json()["value"]
        assert {row["type"] for row in resources} == {
            "Microsoft.Compute/disks", "Microsoft.Compute/snapshots", "Microsoft.Network/virtualNetworks",
        }  # fmt: skip


def test_a_name_of_another_region_is_refused(east: Arm, west: Arm, snapshot: str) -> None:
    assert east.send("PUT", NET, network("eastus")).status_code == 201
    for path, document in ((snapshot, body(west.attach("data"), location="westus")), (NET, network("westus"))):
        answer = west.send("PUT", path, document)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")
        assert "in region 'eastus'" in answer.json()["error"]["message"]
    assert west.region.launched == []


def test_a_name_taken_twice_while_cut_off_is_shown_by_both(east: Arm, west: Arm) -> None:
    east.region.peers.down, west.region.peers.down = {"westus"}, {"eastus"}
    for arm, disk in ((east, "os"), (west, "data")):
        name = arm.region.context.name
        assert arm.send("PUT", S1, body(arm.attach(disk), location=name)).status_code == 202
        assert arm.send("PUT", NET, network(name)).status_code == 201
    east.region.peers.down, west.region.peers.down = set(), set()
    east.region.follow()
    west.region.follow()
    for arm in (east, west):
        for path in (S1, NET):
            shown = arm.send("GET", path).json()
            assert (shown["location"], shown["properties"]["farpoint"]["nameConflict"]) == (arm.region.context.name, ["eastus", "westus"])


def test_an_empty_disk_does_not_take_a_name_of_another_region(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    properties = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}
    answer = west.send("PUT", disk, {"location": "westus", "properties": properties})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Conflict")


# Groups.


def test_a_group_that_is_being_deleted_takes_no_snapshot_no_network_and_no_empty_disk(east: Arm, west: Arm, snapshot: str) -> None:
    west.send("DELETE", GROUP)
    assert east.send("GET", snapshot).status_code == 200
    empty = {"location": "eastus", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
    for path, document in (
        (compute("snapshots", "s2"), body(compute("disks", "os"))),
        (NET, network("eastus")),
        (compute("disks", "empty"), empty),
    ):
        answer = east.send("PUT", path, document)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ResourceGroupBeingDeleted")


def test_snapshots_and_networks_go_with_their_group(east: Arm, west: Arm, snapshot: str) -> None:
    east.send("PUT", NET, network("eastus"))
    west.region.follow()
    west.send("DELETE", GROUP)
    assert clear(west) == 1
    assert west.send("GET", NET).status_code == 404
    assert west.send("GET", snapshot).json()["properties"]["provisioningState"] == "Deleting"
    assert (clear(west), len(east.region.launched)) == (1, 1), "asking again starts nothing again"
    play(east)
    assert clear(west) == 0
    assert east.send("GET", snapshot).status_code == 404


@pytest.mark.usefixtures("snapshot")
def test_a_snapshot_that_cannot_be_deleted_ends_the_groups_deletion(east: Arm, west: Arm) -> None:
    west.send("DELETE", GROUP)
    clear(west)
    play_end(east.region.context, east.region.launched[0], failure=Failure(code="IntegrityError", message="bits have flipped"))
    with pytest.raises(Exception, match="snapshot s1 in region eastus could not be deleted: bits have flipped"):
        clear(west)


def test_a_shared_snapshot_keeps_its_group(east: Arm, west: Arm, snapshot: str) -> None:
    assert west.send("POST", f"{snapshot}/beginGetAccess", {"access": "Read", "durationInSeconds": 3600}).status_code == 202
    west.send("DELETE", GROUP)
    with pytest.raises(Exception, match="active shared access signature outstanding for snapshot"):
        clear(west)
    assert east.region.launched == []
