"""Packs that were damaged on disk, at the source of a copy and under a restore: the failure names the place, nothing wrong comes out."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen
from tests.e2e.dev_regions import EAST, WEST, DevRegions, Ran, at
from tests.e2e.images import BLOCK_BYTES, are_identical, flip_bit, make_image

from farpoint.codec.frame import FRAME_HEADER_BYTES
from farpoint.codec.pack_format import PACK_HEADER_BYTES, decode_pack_header
from farpoint.model.index import PackKind
from farpoint.units import MIB

pytestmark = pytest.mark.e2e

#: Random blocks are stored as they are, each with a tag.
SEALED_BYTES = BLOCK_BYTES + 16
FRAME_BYTES = FRAME_HEADER_BYTES + SEALED_BYTES
#: The frame that is hurt.
FRAME = 5
SIZE = 6 * MIB


@frozen
class Damage:
    """A way to hurt a pack."""

    name: str
    do: Callable[[Path], None]

    def __str__(self) -> str:
        return self.name


def flip(pack: Path) -> None:
    flip_bit(pack, PACK_HEADER_BYTES + FRAME * FRAME_BYTES + FRAME_HEADER_BYTES + 1000)


def truncate(pack: Path) -> None:
    with pack.open("r+b") as file:
        file.truncate(PACK_HEADER_BYTES + FRAME * FRAME_BYTES + 1000)


#: Each is met once by a copy and once by a restore; all four pairs take their time.
FLIPPED, TRUNCATED = Damage("flipped", flip), Damage("truncated", truncate)


def data_packs(regions: DevRegions, region: str) -> set[Path]:
    packs = {path for path in (regions.folder.region(region) / "bucket" / "packs").rglob("*") if path.is_file()}
    return {path for path in packs if decode_pack_header(path.read_bytes()).kind is PackKind.DATA}


def biggest(packs: set[Path]) -> Path:
    return max(packs, key=lambda path: path.stat().st_size)


def check_failure(ran: Ran, error: object, pack: Path, disk: str) -> None:
    """See that a failure names pack, frame and disk range, to people and to programs."""
    assert ran.status == 5, ran.errors
    assert pack.name in ran.errors
    assert (at(error, "code"), at(error, "disk"), at(error, "frame")) == ("IntegrityError", disk, FRAME)
    assert pack.name in str(at(error, "pack"))
    offset, length = at(error, "offsetBytes"), at(error, "lengthBytes")
    assert isinstance(offset, int)
    assert (offset % BLOCK_BYTES, length) == (0, BLOCK_BYTES)
    assert offset < SIZE


@pytest.mark.parametrize("damage", [FLIPPED, pytest.param(TRUNCATED, marks=pytest.mark.long)], ids=str)
def test_a_copy_from_a_damaged_pack_fails_naming_the_place(pair: DevRegions, damage: Damage, dice: random.Random) -> None:
    vm = f"source-{damage}"
    before = data_packs(pair, EAST)
    pair.add_vm(vm, make_image(pair.pool / f"{vm}.raw", SIZE, dice))
    pair.capture(f"{vm}/rp1")
    pack = biggest(data_packs(pair, EAST) - before)
    whole = pack.read_bytes()
    pack.chmod(0o600)
    damage.do(pack)
    ran = pair.run("point", "copy", f"{vm}/rp1", "--to", WEST, "--wait", expect=None)
    failed = pair.point(f"{vm}-westus/rp1")
    check_failure(ran, at(failed, "properties", "farpoint", "error"), pack, vm)
    assert at(failed, "properties", "instanceView", "statuses", 0, "code") == "ReplicationState/failed"
    # Nothing of it can be restored; with the pack whole again, a new copy can.
    assert pair.run("disk", "restore", f"{vm}-westus/rp1", "--into", f"{vm}-out", expect=None).status != 0
    assert not list((pair.pool / f"{vm}-out").glob("*.raw"))
    pack.write_bytes(whole)
    pair.run("point", "delete", f"{vm}-westus/rp1", "--wait")
    pair.copy(f"{vm}/rp1")
    [restored] = pair.restore(f"{vm}-westus/rp1", f"{vm}-out")
    assert are_identical(pair.pool / f"{vm}.raw", restored)


@pytest.mark.parametrize("damage", [pytest.param(FLIPPED, marks=pytest.mark.long), TRUNCATED], ids=str)
def test_a_restore_from_a_damaged_pack_fails_and_publishes_nothing(pair: DevRegions, damage: Damage, dice: random.Random) -> None:
    vm = f"target-{damage}"
    pair.add_vm(vm, make_image(pair.pool / f"{vm}.raw", SIZE, dice))
    pair.capture(f"{vm}/rp1")
    before = data_packs(pair, WEST)
    pair.copy(f"{vm}/rp1")
    pack = biggest(data_packs(pair, WEST) - before)
    whole = pack.read_bytes()
    pack.chmod(0o600)
    damage.do(pack)
    ran = pair.run("disk", "restore", f"{vm}-westus/rp1", "--into", f"{vm}-out", "--wait", expect=None)
    disk = pair.show("disk", "show", f"{vm}-rp1")
    check_failure(ran, at(disk, "properties", "farpoint", "error"), pack, f"{vm}-rp1")
    assert at(disk, "properties", "provisioningState") == "Failed"
    assert not (pair.pool / f"{vm}-out" / f"{vm}.raw").exists()
    # Verifying says the same, and a pack that was mended is as good as ever.
    assert pack.name in pair.run("verify", f"{vm}-westus/rp1", "--full", expect=5).errors
    pack.write_bytes(whole)
    pair.run("verify", f"{vm}-westus/rp1", "--full")


def test_damage_that_was_found_is_mended_by_the_next_capture_and_the_next_copy(pair: DevRegions, dice: random.Random) -> None:
    vm = "mended"
    before = {region: data_packs(pair, region) for region in (EAST, WEST)}
    pair.add_vm(vm, make_image(pair.pool / f"{vm}.raw", SIZE, dice))
    pair.capture(f"{vm}/rp1")
    pair.copy(f"{vm}/rp1")
    for region in (EAST, WEST):
        pack = biggest(data_packs(pair, region) - before[region])
        pack.chmod(0o600)
        truncate(pack)
    for point in (f"{vm}/rp1", f"{vm}-westus/rp1"):
        pair.run("verify", point, "--full", expect=5)
        # Known damage is never called sound again, read anew or not.
        pair.run("verify", point, expect=5)
    # The disk still has the bytes: the next capture stores again what the damaged pack held, for the older point too.
    pair.capture(f"{vm}/rp2")
    pair.run("verify", f"{vm}/rp1", "--full")
    # And its region has them: the next copy brings what the target cannot rely on.
    pair.copy(f"{vm}/rp2")
    for point in (f"{vm}-westus/rp1", f"{vm}-westus/rp2"):
        pair.run("verify", point, "--full")
        [restored] = pair.restore(point, f"{vm}-out-{point[-1]}")
        assert are_identical(pair.pool / f"{vm}.raw", restored)


def test_a_point_is_sound_once_all_it_needs_is_stored_again_though_its_pack_is_not(pair: DevRegions, dice: random.Random) -> None:
    vm = "partly"
    before = data_packs(pair, EAST)
    image = make_image(pair.pool / f"{vm}.raw", SIZE, dice)
    pair.add_vm(vm, image)
    pair.capture(f"{vm}/rp1")
    pack = biggest(data_packs(pair, EAST) - before)
    pack.chmod(0o600)
    flip(pack)
    pair.run("verify", f"{vm}/rp1", "--full", expect=5)
    # What changed on the disk is needed from the old pack, beside the damage, which is stored again.
    with image.open("r+b") as file:
        file.write(dice.randbytes(BLOCK_BYTES))
    pair.capture(f"{vm}/rp2")
    ran = pair.run("verify", f"{vm}/rp1", "--full")
    assert f"disk {vm} is sound, and does not need what is damaged beside it" in ran.errors
    assert f"{pack.name}, frame {FRAME}" in ran.errors
    assert "damaged" not in pair.run("verify", f"{vm}/rp2", "--full").errors
