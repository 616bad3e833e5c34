"""The target's bucket is full: the copy fails saying how much is needed, shows nothing half, and goes on after room is made."""

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import MakeRegions
from tests.e2e.dev_regions import WEST, DevRegions, at
from tests.e2e.images import are_identical, make_image

from farpoint.units import MIB

pytestmark = [pytest.mark.e2e, pytest.mark.root, pytest.mark.needs_tool("mount", "umount")]

SIZE = 96 * MIB
ROOM = 64 * MIB


@pytest.fixture
def cramped(new_regions: MakeRegions) -> Iterator[DevRegions]:
    """Regions of which westus's bucket is a small filesystem of its own."""
    regions = new_regions()
    bucket = regions.folder.region(WEST) / "bucket"
    bucket.mkdir(parents=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "farpoint-test", str(bucket)], check=True)
    try:
        regions.up()
        regions.interpose()
        yield regions
    finally:
        regions.down()
        subprocess.run(["umount", str(bucket)], check=True)


def stored_bytes(bucket: Path) -> int:
    return sum(path.stat().st_size for path in (bucket / "packs").rglob("*") if path.is_file())


def test_a_copy_into_a_full_bucket_fails_and_goes_on_after_room_is_made(cramped: DevRegions, dice: random.Random) -> None:
    disk = make_image(cramped.pool / "wide.raw", SIZE, dice)
    cramped.add_vm("wide", disk)
    cramped.capture("wide/rp1")
    bucket = cramped.folder.region(WEST) / "bucket"

    ran = cramped.run("point", "copy", "wide/rp1", "--to", WEST, "--wait", expect=1)
    error = at(cramped.point("wide-westus/rp1"), "properties", "farpoint", "error")
    assert (at(error, "code"), "InsufficientSpace" in ran.errors) == ("InsufficientSpace", True)
    assert "delete what failed" in str(at(error, "hint"))
    numbers = re.search(r"needed: (\d+) bytes, free: (\d+) bytes", str(at(error, "message")))
    assert numbers is not None, error
    assert int(numbers[1]) > int(numbers[2])
    assert cramped.run("disk", "restore", "wide-westus/rp1", "--into", "wide-out", expect=None).status != 0
    assert list((bucket / "manifests").rglob("*-*")) == []

    subprocess.run(["mount", "-o", f"remount,size={4 * SIZE}", str(bucket)], check=True)
    kept = stored_bytes(bucket)
    # Not a little: four streams fill packs of 16 MiB, and each holds on to at most one that is not full.
    assert kept > 8 * MIB
    cramped.run("point", "delete", "wide-westus/rp1", "--wait")
    before = cramped.wire_bytes()
    cramped.copy("wide/rp1")
    assert cramped.wire_bytes() - before <= 1.02 * (SIZE - kept) + 2 * MIB
    [restored] = cramped.restore("wide-westus/rp1", "wide-out")
    assert are_identical(disk, restored)
