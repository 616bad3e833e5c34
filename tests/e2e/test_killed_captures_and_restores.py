"""Captures, restores and publishing, killed with -9 in the middle: each ends by itself after the restart, with the right bytes."""

import os
import random
import sys
from pathlib import Path

import pytest
from tests.e2e.arm_http import ArmHttp
from tests.e2e.dev_regions import EAST, WEST, DevRegions, until
from tests.e2e.images import are_identical, make_image
from tests.e2e.watching import until_ended

from farpoint.units import MIB

pytestmark = pytest.mark.e2e

SIZE = 128 * MIB
#: Fine enough to see a state that lasts a few milliseconds.
STEP_SECONDS = 0.0005


def names_in(folder: Path) -> set[str]:
    """Return the names of the finished objects below a folder of a bucket."""
    return {name for _, _, names in os.walk(folder) for name in names if not name.startswith(".")}


def until_point_ended(regions: DevRegions, region: str, collection: str) -> str:
    with ArmHttp(regions.environment, region) as client:
        return until_ended(client, "restorePointCollections", collection, "restorePoints", "rp1").state


def test_a_capture_survives_two_kills(victims: DevRegions, dice: random.Random) -> None:
    disk = make_image(victims.pool / "capture.raw", SIZE, dice)
    victims.add_vm("capture", disk)
    bucket = victims.folder.region(EAST) / "bucket"
    published = names_in(bucket / "manifests")
    victims.run("point", "create", "capture/rp1")
    for _ in range(2):
        stored = len(names_in(bucket / "packs"))
        until(lambda before=stored: len(names_in(bucket / "packs")) > before, "a pack more is stored", step=STEP_SECONDS)  # type: ignore[misc]  # a default
        victims.kill(EAST)
        # The process is dead: it had not come to the point's end.
        assert names_in(bucket / "manifests") == published
    assert until_point_ended(victims, EAST, "capture") == "Succeeded"
    [restored] = victims.restore("capture/rp1", "capture-out")
    assert are_identical(disk, restored)


def test_a_restore_survives_two_kills(victims: DevRegions, dice: random.Random) -> None:
    disk = make_image(victims.pool / "restore.raw", SIZE, dice)
    victims.add_vm("restore", disk)
    victims.capture("restore/rp1")
    victims.run("disk", "restore", "restore/rp1", "--into", "restore-out")
    final = victims.pool / "restore-out" / "restore.raw"
    part = final.with_name(f"{final.name}.restoring")
    for _ in range(2):
        goal = written(part) + dice.randint(1 * MIB, SIZE // 8)
        until_written(part, goal)
        victims.kill(EAST)
        sys.stdout.write(f"killed when {written(part)} bytes were written; published: {final.exists()}\n")
        # What a killed restore wrote is under another name than the disk's.
        assert not final.exists()
    until(final.exists, "the disk has its name")
    assert are_identical(disk, final)
    assert not part.exists()


def until_written(part: Path, goal: int) -> None:
    until(lambda: written(part) >= goal, f"{goal} bytes are written", step=STEP_SECONDS)


def written(part: Path) -> int:
    """Return the bytes that a sparse file holds."""
    try:
        return part.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("region", [EAST, WEST])
def test_publishing_survives_a_kill_between_manifest_and_row(victims: DevRegions, region: str, dice: random.Random) -> None:
    name = f"publish{region}"
    disk = make_image(victims.pool / f"{name}.raw", 4 * MIB, dice)
    victims.add_vm(name, disk)
    if region == WEST:
        victims.capture(f"{name}/rp1")
    manifests = victims.folder.region(region) / "bucket" / "manifests"
    before = names_in(manifests)
    command = ["create", f"{name}/rp1"] if region == EAST else ["copy", f"{name}/rp1", "--to", WEST]
    collection = name if region == EAST else f"{name}-{WEST}"
    victims.run("point", *command)
    until(lambda: names_in(manifests) > before, "the manifest is there", step=STEP_SECONDS)
    victims.kill(region)
    assert until_point_ended(victims, region, collection) == "Succeeded"
    assert len(names_in(manifests) - before) == 1
    [restored] = victims.restore(f"{collection}/rp1", f"{name}-out")
    assert are_identical(disk, restored)
