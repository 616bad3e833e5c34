"""Copies whose regions are killed with -9 while bytes travel: they end by themselves, right, and little is sent twice."""

import random
import sys
import time

import pytest
from tests.e2e.arm_http import ArmHttp
from tests.e2e.conftest import MakeRegions
from tests.e2e.dev_regions import EAST, WEST, DevRegions, until
from tests.e2e.images import are_identical, make_image
from tests.e2e.watching import Sample, sample, until_ended

from farpoint.units import GIB, MIB

pytestmark = pytest.mark.e2e

#: The target three times, then the source three times.
KILLS = (WEST, WEST, WEST, EAST, EAST, EAST)
#: What a kill may cost, per stream (design §8, promise 3).
WINDOW_BYTES = 32 * MIB
#: TLS, HTTP, frame headers, map nodes, polls: on top of the payload.
OVERHEAD = 1.02


def kill_during(regions: DevRegions, point: str, name: str, *, wire_bytes: int) -> Sample:
    """Kill *name* once this many more bytes have passed; return what the copy looked like just before."""
    collection, restore_point = point.split("/")
    start = regions.wire_bytes()
    until(lambda: regions.wire_bytes() >= start + wire_bytes, f"{wire_bytes} more bytes have passed", step=0.002)
    with ArmHttp(regions.environment, WEST) as west:
        before = sample(west, "restorePointCollections", collection, "restorePoints", restore_point)
    assert before is not None
    regions.kill(name)
    sys.stdout.write(f"{time.time():.1f} killed {name} after {regions.wire_bytes() - start} more bytes on the wire: {before}\n")
    return before


def copy_under_fire(regions: DevRegions, vm: str, size_bytes: int, *, rate: float, dice: random.Random) -> int:
    """Copy a new disk while its regions are killed; return the bytes on the wire. The copy is restored and compared."""
    disk = make_image(regions.pool / f"{vm}.raw", size_bytes, dice)
    regions.add_vm(vm, disk)
    regions.capture(f"{vm}/rp1")
    before = regions.wire_bytes()
    regions.limit(rate)
    try:
        regions.copy(f"{vm}/rp1", wait=False)
        # Together less than the disk, even if nothing were ever sent twice: each kill falls into the transfer.
        steps = [dice.randint(size_bytes // 64, size_bytes // 8) for _ in KILLS]
        seen = [kill_during(regions, f"{vm}-westus/rp1", name, wire_bytes=step) for name, step in zip(KILLS, steps, strict=True)]
    finally:
        regions.limit(None)
    assert [(one.runs, one.step) for one in seen] == [(True, "transfer")] * len(KILLS)
    with ArmHttp(regions.environment, WEST) as west:
        end = until_ended(west, "restorePointCollections", f"{vm}-westus", "restorePoints", "rp1", seconds=300)
    passed = regions.wire_bytes() - before
    sys.stdout.write(f"{passed} bytes on the wire for a disk of {size_bytes}, with {len(KILLS)} kills\n")
    assert (end.state, end.percent) == ("Succeeded", 100)
    [restored] = regions.restore(f"{vm}-westus/rp1", f"{vm}-out")
    assert are_identical(disk, restored)
    for file in (disk, restored):
        file.unlink()
    return passed


def test_a_copy_survives_three_kills_of_each_region(victims: DevRegions, dice: random.Random) -> None:
    size = 64 * MIB
    passed = copy_under_fire(victims, "fired64", size, rate=24 * MIB, dice=dice)
    # One stream: see the fixture.
    assert passed <= size * OVERHEAD + WINDOW_BYTES * len(KILLS)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", [2 * GIB, 4 * GIB], ids=["2GiB", "4GiB"])
def test_a_big_copy_over_four_streams_survives_three_kills_of_each_region(new_regions: MakeRegions, size: int, dice: random.Random) -> None:
    regions = new_regions()
    regions.command_seconds = 300
    regions.up()
    regions.interpose(streams=4)
    passed = copy_under_fire(regions, "big", size, rate=80 * MIB, dice=dice)
    assert passed <= size * OVERHEAD + WINDOW_BYTES * 4 * len(KILLS)
