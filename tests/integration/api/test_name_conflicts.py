"""A name used twice because regions were cut off from each other: both resources stay, and whoever looks is told."""

import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import SUBSCRIPTION

EVERYWHERE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/disks"
BOTH = ["eastus", "westus"]


@pytest.fixture
def disk(three: tuple[Arm, Arm, Arm]) -> str:
    """Make a disk in the west, and an hour later one of the same name in the east, which does not hear the west."""
    east, west, north = three
    disk = west.attach("os")
    east.region.peers.down = {"westus"}
    east.region.clock.advance(3600)
    assert east.attach("os") == disk
    east.region.peers.down = set()
    for arm in three:
        arm.region.follow()
    assert north.region.launched == []
    return disk


def conflict_in(document: dict[str, dict[str, dict[str, object]]]) -> object:
    return document["properties"]["farpoint"].get("nameConflict")


def place_of(document: dict[str, dict[str, dict[str, object]]]) -> str:
    return str(document["location"])


def test_each_region_shows_its_own_and_says_so(three: tuple[Arm, Arm, Arm], disk: str) -> None:
    east, west, _ = three
    for arm, name in ((east, "eastus"), (west, "westus")):
        shown = arm.send("GET", disk).json()
        assert (place_of(shown), conflict_in(shown)) == (name, BOTH)


def test_other_regions_show_the_older(three: tuple[Arm, Arm, Arm], disk: str) -> None:
    shown = three[2].send("GET", disk).json()
    assert (place_of(shown), conflict_in(shown)) == ("westus", BOTH)


def test_other_regions_show_the_older_from_their_replica_too(three: tuple[Arm, Arm, Arm], disk: str) -> None:
    three[2].region.peers.down = {"eastus", "westus"}
    shown = three[2].send("GET", disk).json()
    assert (place_of(shown), conflict_in(shown)) == ("westus", BOTH)


def test_lists_show_both(three: tuple[Arm, Arm, Arm], disk: str) -> None:
    for arm in three:
        for path in (compute("disks"), EVERYWHERE):
            rows = arm.send("GET", path).json()["value"]
            assert [row["id"] for row in rows] == [disk, disk]
            assert sorted(place_of(row) for row in rows) == BOTH
            assert [conflict_in(row) for row in rows] == [BOTH, BOTH]


def test_lists_of_pages_of_one_show_both(three: tuple[Arm, Arm, Arm], disk: str) -> None:
    assert disk
    for arm in three:
        first = arm.send("GET", EVERYWHERE, top="1").json()
        second = arm.send("GET", first["nextLink"]).json()
        rows = [*first["value"], *second["value"]]
        assert sorted(place_of(row) for row in rows) == BOTH
        assert [conflict_in(row) for row in rows] == [BOTH, BOTH]
        assert "nextLink" not in second


def test_deleting_one_ends_the_conflict(three: tuple[Arm, Arm, Arm], disk: str) -> None:
    east, west, north = three
    east.send("DELETE", disk)
    for arm in (west, north):
        arm.region.follow()
        shown = arm.send("GET", disk).json()
        assert (place_of(shown), conflict_in(shown)) == ("westus", None)
