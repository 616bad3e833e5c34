"""A region that does not answer: reads go on from what it last said, with the age of that; writes to what it has are refused."""

import datetime as dt
import json

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.errors import Code, RefusedError
from farpoint.metadata import collections, points, replicas
from farpoint.metadata.points import get_point
from farpoint.model.relay import CatalogueEntry, CataloguePage
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.played_work import play_publish

EVERYWHERE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"


@pytest.fixture
def point(east: Arm, west: Arm) -> str:
    """Make a complete point in the east, which the west has heard of before the east falls silent; an hour passes."""
    vm = east.add_vm("web", os_disk=east.attach("os"))
    collection = east.add_collection("web", source=vm)
    assert east.send("PUT", f"{collection}/restorePoints/rp1", {}).status_code == 201
    with east.region.context.database.read() as conn:
        row = get_point(conn, group="default", collection="web", name="rp1")
    assert row is not None
    play_publish(east.region.context, row.id)
    west.region.follow()
    west.region.peers.down = {"eastus"}
    west.region.clock.advance(3600)
    return f"{collection}/restorePoints/rp1"


def replica_facts(document: dict[str, dict[str, dict[str, object]]]) -> object:
    return document["properties"]["farpoint"]["replica"]


# Reading.


def test_a_get_is_answered_from_the_replica_with_its_age(east: Arm, west: Arm, point: str) -> None:
    answer = west.send("GET", point)
    assert answer.status_code == 200
    assert answer.headers["age"] == "3600"
    document = answer.json()
    assert replica_facts(document) == {"region": "eastus", "asOf": "2026-11-01T00:00:00+00:00", "ageSeconds": 3600}
    del document["properties"]["farpoint"]["replica"]
    # Names in Azure's order, too.
    assert json.dumps(document) == json.dumps(east.send("GET", point).json())


def test_what_can_be_expanded_is_shown_when_it_is_asked_for(west: Arm, point: str) -> None:
    assert "instanceView" not in west.send("GET", point).json()["properties"]
    expanded = west.send("GET", point, expand="instanceView").json()["properties"]
    assert expanded["instanceView"]["statuses"][0]["code"] == "ProvisioningState/succeeded"
    collection = point.rpartition("/restorePoints/")[0]
    assert "restorePoints" not in west.send("GET", collection).json()["properties"]
    shown = west.send("GET", collection, expand="restorePoints").json()["properties"]["restorePoints"]
    assert [row["id"] for row in shown] == [point]
    vm = west.send("GET", compute("virtualMachines", "web"), expand="instanceView").json()["properties"]
    assert vm["instanceView"]["statuses"][0]["code"] == "ProvisioningState/succeeded"


def test_every_document_is_what_the_region_itself_shows_and_how_old_it_is(east: Arm, west: Arm, point: str) -> None:
    collection, vm = point.rpartition("/restorePoints/")[0], compute("virtualMachines", "web")
    (disk_point,) = east.send("GET", f"{point}/diskRestorePoints").json()["value"]
    for path in (collection, vm, point, disk_point["id"], compute("disks", "os")):
        document = west.send("GET", path).json()
        del document["properties"]["farpoint"]["replica"]
        if not document["properties"]["farpoint"]:
            del document["properties"]["farpoint"]
        assert json.dumps(document) == json.dumps(east.send("GET", path).json())


def test_the_instance_view_of_a_vm_is_shown_alone(east: Arm, west: Arm, point: str) -> None:
    assert point
    path = f"{compute('virtualMachines', 'web')}/instanceView"
    answer = west.send("GET", path)
    assert (answer.status_code, answer.headers["age"]) == (200, "3600")
    assert answer.json() == east.send("GET", path).json()


def test_an_unknown_expansion_is_refused_as_by_the_region_itself(east: Arm, west: Arm, point: str) -> None:
    for path in (point, point.rpartition("/restorePoints/")[0], compute("virtualMachines", "web")):
        refused = west.send("GET", path, expand="everything")
        assert (refused.status_code, refused.json()) == (400, east.send("GET", path, expand="everything").json())


def test_disk_restore_points_are_listed_and_shown(west: Arm, point: str) -> None:
    (disk,) = west.send("GET", f"{point}/diskRestorePoints").json()["value"]
    assert (disk["properties"]["sourceResourceId"], disk["properties"]["farpoint"]["replica"]["region"]) == (
        compute("disks", "os"),
        "eastus",
    )
    assert west.send("GET", disk["id"]).json() == disk


def test_what_the_silent_region_did_not_have_is_missing(east: Arm, west: Arm, point: str) -> None:
    collection = point.rpartition("/restorePoints/")[0]
    for below in ("none", "none/diskRestorePoints", "none/diskRestorePoints/d", "rp1/diskRestorePoints/d"):
        path = f"{collection}/restorePoints/{below}"
        missing = west.send("GET", path)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NotFound")
        assert missing.json() == east.send("GET", path).json()
    gone = west.send("GET", compute("disks", "none"))
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_lists_show_what_all_regions_have_with_the_age_of_what_others_said(west: Arm, point: str) -> None:
    assert point
    west.attach("mine")
    for path in (compute("disks"), f"{EVERYWHERE}/disks"):
        own, other = west.send("GET", path).json()["value"]
        assert (own["name"], "replica" in own["properties"]["farpoint"]) == ("mine", False)
        assert (other["name"], other["properties"]["farpoint"]["replica"]["ageSeconds"]) == ("os", 3600)


def test_groups_are_known_without_the_region_that_made_them(east: Arm, west: Arm) -> None:
    east.send("PUT", f"{GROUPS}/rg", {"location": "eastus", "tags": {"a": "b"}})
    west.region.peers.down = {"eastus"}
    assert west.send("GET", f"{GROUPS}/rg").json()["tags"] == {"a": "b"}
    assert west.send("HEAD", f"{GROUPS}/rg").status_code == 204
    assert west.send("PUT", f"{GROUPS}/rg", {"location": "eastus", "tags": {}}).status_code == 200


def test_the_silent_regions_own_state_is_shown_again_when_it_is_back(west: Arm, point: str) -> None:
    west.region.peers.down = set()
    answer = west.send("GET", point)
    assert "age" not in answer.headers
    assert "replica" not in answer.json()["properties"]["farpoint"]


# Writing.


@pytest.mark.parametrize(("method", "tail"), [("DELETE", ""), ("POST", "/verify"), ("PUT", "")])
def test_a_write_to_what_the_silent_region_has_is_refused_naming_it(west: Arm, point: str, method: str, tail: str) -> None:
    answer = west.send(method, f"{point}{tail}", {} if method != "DELETE" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "PeerUnavailable")
    assert "region 'eastus'" in answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "1"
    assert west.region.launched == []


def test_a_new_resource_of_the_silent_region_is_refused_naming_it(west: Arm, point: str) -> None:
    assert point
    answer = west.send("PUT", compute("disks", "new"), {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}}})
    assert (answer.status_code, "region 'eastus'" in answer.json()["error"]["message"]) == (503, True)


def test_an_operation_of_the_silent_region_cannot_be_polled(east: Arm, west: Arm, point: str) -> None:
    url = east.send("DELETE", point).headers["azure-asyncoperation"]
    answer = west.send("GET", url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "PeerUnavailable")


# Following.


def test_a_deleted_resource_leaves_the_replica_with_all_below_it(east: Arm, west: Arm, point: str) -> None:
    west.region.peers.down = set()
    with east.region.context.database.write() as conn:
        row = get_point(conn, group="default", collection="web", name="rp1")
        assert row is not None
        points.delete_point(conn, row.id)
        collections.delete_collection(conn, row.collection)
    west.region.follow()
    with west.region.context.database.read() as conn:
        assert replicas.find_replicas(conn, point.removeprefix(f"/subscriptions/{SUBSCRIPTION}")) == []
        everything = replicas.list_replicas(
            conn,
            "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints",
            regions=[east.region.context.region_id],
            group=None,
            after=None,
            limit=10,
        )
    assert everything == []


def test_another_epoch_is_read_from_its_start(east: Arm, west: Arm) -> None:
    first = east.attach("first")
    west.region.follow()
    with west.region.context.database.write() as conn:
        replicas.put_replica(
            conn, east.region.context.region_id, "/resourceGroups/g/providers/Microsoft.Compute/disks/ghost", [{"name": "ghost"}]
        )
    west.region.peers.epochs["eastus"] = 2
    west.region.follow()
    west.region.peers.down = {"eastus"}
    assert [row["id"] for row in west.send("GET", f"{EVERYWHERE}/disks").json()["value"]] == [first]


def test_a_lost_replica_is_pulled_again(east: Arm, west: Arm) -> None:
    disk = east.attach("os")
    west.region.follow()
    with west.region.context.database.write() as conn:
        replicas.delete_replicas(conn, east.region.context.region_id)
        replicas.put_feed(
            conn, east.region.context.region_id, replicas.Feed(epoch=9, seq=999, as_of=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        )
    west.region.follow()
    west.region.peers.down = {"eastus"}
    assert west.send("GET", disk).status_code == 200


def test_a_long_catalogue_is_read_page_by_page(east: Arm, west: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farpoint.services.serving_catalogue.CATALOGUE_MAX", 2)
    disks = [east.attach(f"disk{number}") for number in range(5)]
    west.region.follow()
    west.region.peers.down = {"eastus"}
    assert [row["id"] for row in west.send("GET", f"{EVERYWHERE}/disks").json()["value"]] == disks


def test_a_catalogue_that_goes_back_is_refused_instead_of_read_for_ever(east: Arm, west: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    east.attach("os")
    west.region.follow()
    entry = CatalogueEntry(seq=1, path="/resourceGroups/g/providers/Microsoft.Compute/disks/d")
    page = CataloguePage(epoch=1, head=99, entries=(entry,))
    monkeypatch.setattr(west.region.peers, "catalogue", lambda *_name, **_after: page)
    problem = west.region.context.peer_catalogues.try_pull("eastus")
    assert problem is not None
    assert problem.code is Code.PEER_REFUSED


def test_a_region_that_is_not_trusted_any_more_is_read_from_its_replica_and_not_written(
    east: Arm, west: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = east.attach("os")
    west.region.follow()

    def refuse(_name: str, _request: object) -> None:
        raise RefusedError(Code.PEER_UNTRUSTED, "eastus shows other keys than it did at first contact")

    monkeypatch.setattr(west.region.peers, "forward", refuse)
    assert west.send("GET", disk).json()["properties"]["farpoint"]["replica"]["region"] == "eastus"
    answer = west.send("DELETE", disk)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "PeerUntrusted")
