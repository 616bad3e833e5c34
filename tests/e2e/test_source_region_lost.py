"""The source region is gone for good, folder and all: the copy needs nothing of it."""

import random
from collections.abc import Iterator

import pytest
from attrs import frozen
from tests.e2e.dev_regions import EAST, WEST, DevRegions
from tests.e2e.images import are_identical, change_blocks, make_image

from farpoint.units import MIB

pytestmark = pytest.mark.e2e

SEED = 20261123


@frozen
class Survivor:
    """Regions of which eastus is lost, and what its disks held."""

    regions: DevRegions
    originals: "tuple[bytes, bytes]"


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survivor]:
    """Two points of a VM with two disks, copied to westus; then eastus and its disks are lost."""
    dice = random.Random(SEED)
    regions = DevRegions(tmp_path_factory.mktemp("survivor") / "dev")
    try:
        regions.up()
        disks = [make_image(regions.pool / f"{name}.raw", 12 * MIB + 512, dice) for name in ("root", "data")]
        regions.add_vm("web01", *disks)
        for point in ("rp1", "rp2"):
            regions.capture(f"web01/{point}")
            regions.copy(f"web01/{point}")
            if point == "rp1":
                change_blocks(disks[1], 0.1, dice)
        originals = (disks[0].read_bytes(), disks[1].read_bytes())
        regions.lose(EAST)
        for disk in disks:
            disk.unlink()
        yield Survivor(regions, originals)
    finally:
        regions.down()


def test_the_disks_are_restored_identical(survivor: Survivor) -> None:
    regions = survivor.regions
    data, root = regions.restore("web01-westus/rp2", "out")
    assert (root.name, data.name) == ("root.raw", "data.raw")
    originals = [regions.folder.path / "root.original", regions.folder.path / "data.original"]
    for path, held in zip(originals, survivor.originals, strict=True):
        path.write_bytes(held)
    assert [are_identical(restored, original) for restored, original in zip((root, data), originals, strict=True)] == [True, True]


def test_a_restored_disk_and_the_point_are_verified(survivor: Survivor) -> None:
    regions = survivor.regions
    regions.run("disk", "restore", "web01-westus/rp1", "--into", "verified", "--wait")
    regions.run("disk", "verify", "root-rp1")
    regions.run("verify", "web01-westus/rp1", "--full")
    regions.run("verify", "web01-westus/rp1")


COMMANDS = [
    ["point", "list"],
    ["point", "list", "web01-westus"],
    ["point", "show", "web01-westus/rp2"],
    ["point", "watch", "web01-westus/rp2"],
    ["collection", "list"],
    ["collection", "show", "web01-westus"],
    ["vm", "list"],
    ["disk", "list"],
    ["region", "list"],
    ["region", "show", WEST],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_command_about_the_live_region_works_and_warns_of_the_dead_one(survivor: Survivor, words: list[str], form: str) -> None:
    ran = survivor.regions.run(*words, "-o", form)
    assert ran.output.strip() or words == ["vm", "list"]
    if words[:2] != ["region", "show"]:
        assert EAST in ran.errors + ran.output
    if form == "json":
        assert ran.document if ran.output.lstrip().startswith("{") else isinstance(ran.documents, list)


def test_the_live_region_captures_and_deletes_on_its_own(survivor: Survivor) -> None:
    regions = survivor.regions
    disk = make_image(regions.pool / "local.raw", 2 * MIB, random.Random(SEED + 1))
    regions.run("vm", "add", "local", "--region", WEST, "--os-disk", str(disk))
    regions.run("point", "create", "local/rp1", "--region", WEST, "--wait")
    [restored] = regions.restore("local/rp1", "local-out")
    assert are_identical(disk, restored)
    regions.run("point", "delete", "local/rp1", "--wait")
    assert regions.run("point", "list", "local", "-o", "json").documents == []
