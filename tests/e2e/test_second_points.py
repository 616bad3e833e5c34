"""The second restore point of a disk: only what changed travels, and it needs nothing of the first."""

import random
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import MakeRegions
from tests.e2e.dev_regions import DevRegions
from tests.e2e.images import are_identical, change_blocks, make_image

from farpoint.units import GIB, MIB

pytestmark = pytest.mark.e2e

#: Of what the changed chunks take in store.
WIRE_SHARE = 1.1


def wire_bytes_of_a_second_copy(regions: DevRegions, vm: str, size_bytes: int, dice: random.Random) -> tuple[int, int]:
    """Copy a disk, change 1 % of it, copy that; return the wire bytes and the bytes of the changed chunks. Restores the second."""
    disk = make_image(regions.pool / f"{vm}.raw", size_bytes, dice)
    regions.add_vm(vm, disk)
    regions.capture(f"{vm}/rp1")
    regions.copy(f"{vm}/rp1")
    changed = change_blocks(disk, 0.01, dice)
    regions.capture(f"{vm}/rp2")
    before = regions.wire_bytes()
    regions.copy(f"{vm}/rp2")
    passed = regions.wire_bytes() - before
    restored_like(disk, regions, f"{vm}-westus/rp2")
    sys.stdout.write(f"{passed} bytes on the wire for {changed} changed: {passed / changed:.4f}\n")
    return passed, changed


def restored_like(disk: Path, regions: DevRegions, point: str) -> None:
    [restored] = regions.restore(point, f"{point.replace('/', '-')}-out")
    assert are_identical(disk, restored)
    restored.unlink()


def test_one_percent_changed_is_what_travels(pair: DevRegions, dice: random.Random) -> None:
    passed, changed = wire_bytes_of_a_second_copy(pair, "second64", 64 * MIB, dice)
    # Random bytes do not shrink: what the changed chunks take in store is their size.
    assert changed < passed <= WIRE_SHARE * changed


@pytest.mark.long
@pytest.mark.timeout(900)
def test_one_percent_of_4_gib_changed_is_what_travels(new_regions: MakeRegions, dice: random.Random) -> None:
    regions = new_regions()
    regions.command_seconds = 300
    regions.up()
    regions.interpose()
    passed, changed = wire_bytes_of_a_second_copy(regions, "second4096", 4 * GIB, dice)
    assert changed < passed <= WIRE_SHARE * changed


def test_the_second_point_can_be_copied_without_the_first_and_the_first_once_that_copy_is_gone(
    pair: DevRegions, dice: random.Random
) -> None:
    disk = make_image(pair.pool / "anyorder.raw", 24 * MIB, dice)
    first = pair.folder.path / "anyorder-rp1.raw"
    pair.add_vm("anyorder", disk)
    pair.capture("anyorder/rp1")
    first.write_bytes(disk.read_bytes())
    change_blocks(disk, 0.1, dice)
    pair.capture("anyorder/rp2")
    pair.copy("anyorder/rp2")
    restored_like(disk, pair, "anyorder-westus/rp2")
    # While a newer copy is there, Azure's order of copies refuses an older one.
    pair.run("point", "delete", "anyorder-westus/rp2", "--wait")
    pair.copy("anyorder/rp1")
    restored_like(first, pair, "anyorder-westus/rp1")
