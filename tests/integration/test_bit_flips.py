"""Damage to a small vault: flipped bits, cut, grown, removed and exchanged objects. Each is detected, and none gives wrong bytes.

The vault holds every kind of object: identity, epochs, wrapped keys, data and node packs, manifests (one of a copy, with the
source's statement in it), a tombstone, receipts, entries of the catalogue log. It is opened anew for every damage, so nothing is
remembered.
"""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from functools import cache

import pytest
from attrs import frozen

from farpoint.bucket.names import CATALOGUE, MANIFESTS, PACKS, RECEIPTS, entry_name, epoch_name, manifest_name, pack_name, tombstone_name
from farpoint.codec.frame import FRAME_HEADER_BYTES
from farpoint.errors import Code, FarpointError, IntegrityError, RefusedError
from farpoint.model.disk import BLOCK_BYTES_MIN
from farpoint.model.manifest import Manifest
from farpoint.testing.example_rows import example_changes
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.identity import claim_epoch

KIB = 1 << 10
VAULT_BYTES_MAX = 256 * KIB
JSON_KINDS = ("identity/", "epochs/", "keys/", "tombstones/", "receipts/")
KINDS = (*JSON_KINDS, PACKS, MANIFESTS, CATALOGUE)


@frozen(kw_only=True)
class Stored:
    """A vault with what must come out of it."""

    west: SmallVault
    #: Every restorable point, with the bytes of its disks.
    points: Sequence[tuple[Manifest, dict[str, bytes]]]
    #: A point that was deleted: manifest and tombstone are both there.
    deleted: Manifest
    #: (first byte, byte after the last, number) of every frame of each pack.
    frames: dict[str, list[tuple[int, int, int]]]

    @property
    def objects(self) -> dict[str, bytes]:
        return self.west.memory.objects

    def frame_at(self, name: str, offset: int) -> int | None:
        return next((number for first, end, number in self.frames.get(name, []) if first <= offset < end), None)


@frozen(kw_only=True)
class Outcome:
    """What a vault says after damage."""

    check: FarpointError | None
    #: By (point, disk): the error of a restore.
    restores: dict[tuple[int, str], FarpointError]
    #: Disks that came back as other bytes than were captured, silently.
    wrong: list[tuple[int, str]]


def disk(seed: int, blocks: int, *, noise: Sequence[int], text: Sequence[int], tail: int = 0) -> bytes:
    """Return a disk of zeros with some blocks that do not compress and some that do."""
    source = random.Random(seed)
    data = bytearray(blocks * BLOCK_BYTES_MIN + tail)
    for block in noise:
        data[block * BLOCK_BYTES_MIN : block * BLOCK_BYTES_MIN + 6 * KIB] = source.randbytes(6 * KIB)
    for block in text:
        words = f"block {block} of {seed} ".encode() * 400
        data[block * BLOCK_BYTES_MIN : block * BLOCK_BYTES_MIN + len(words)] = words
    data[len(data) - tail :] = b"t" * tail
    return bytes(data)


@cache
def stored() -> Stored:
    east, west = SmallVault("eastus", seed=1), SmallVault("westus", seed=2)
    west.memory.objects.pop(epoch_name(1))
    claim_epoch(west.bucket, claimant=west.entropy.guid(), signer=west.signer)
    claim_epoch(west.bucket, claimant=west.entropy.guid(), signer=west.signer)
    os_disk = disk(1, 5, noise=[0], text=[1, 3])
    data_disk = disk(2, 66, noise=[64], text=[2, 63, 65], tail=512)
    later = disk(3, 66, noise=[], text=[5]) + data_disk[66 * BLOCK_BYTES_MIN :]
    first = {"os": os_disk, "data": data_disk}
    second = {"os": os_disk, "data": later}
    points: list[tuple[Manifest, dict[str, bytes]]] = []
    for contents in (first, second):
        original = east.publish({name: east.capture(data).state for name, data in contents.items()})
        points.append((west.copy(east, original), contents))
    local = {"own": disk(4, 3, noise=[1], text=[0, 2])}
    points.append((west.publish({name: west.capture(data).state for name, data in local.items()}), local))
    deleted = west.publish({"own": west.capture(local["own"]).state})
    west.vault.manifests.bury(deleted.id, point_id=deleted.point_id)
    for change in example_changes()[:3]:
        west.tell(change)
    frames = {}
    for record in west.index.packs():
        entries = enumerate(west.vault.packs.check_pack(record))
        frames[pack_name(record.id)] = [
            (entry.offset_bytes, entry.offset_bytes + FRAME_HEADER_BYTES + entry.sealed_bytes, number) for number, entry in entries
        ]
    east.memory.objects.clear()
    return Stored(west=west, points=points, deleted=deleted, frames=frames)


def outcome(vault: Stored) -> Outcome:
    """Open the vault anew, check it, and restore everything."""
    vault.west.reopen()
    check: FarpointError | None = None
    try:
        vault.west.vault.check_bucket()
    except (IntegrityError, RefusedError) as error:
        check = error
    vault.west.reopen()
    restores: dict[tuple[int, str], FarpointError] = {}
    wrong = []
    for number, (point, contents) in enumerate(vault.points):
        for name, expected in contents.items():
            try:
                manifest = vault.west.vault.manifests.read(point.id)
                (entry,) = [one for one in manifest.disks if one.name == name]
                if vault.west.restore(entry.state, disk=name) != expected:
                    wrong.append((number, name))
            except (IntegrityError, RefusedError) as error:
                restores[number, name] = error
    return Outcome(check=check, restores=restores, wrong=wrong)


def after(name: str, damaged: bytes | None) -> Outcome:
    """Return the outcome with one object replaced, or removed."""
    vault = stored()
    intact = vault.objects[name]
    try:
        if damaged is None:
            del vault.objects[name]
        else:
            vault.objects[name] = damaged
        return outcome(vault)
    finally:
        vault.objects[name] = intact


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def every_997th_bit() -> Iterator[tuple[str, int]]:
    """Count through all objects as through one stream of bits."""
    start = 0
    for name, data in sorted(stored().objects.items()):
        bits = len(data) * 8
        yield from ((name, bit) for bit in range(-start % 997, bits, 997))
        start += bits


def unsound(name: str, found: Outcome, *, frame: int | None) -> list[str]:
    """Return what is wrong with how the damage was reported."""
    problems = [f"restored wrong bytes of {one}" for one in found.wrong]
    if found.check is None:
        problems.append("the check found nothing")
    elif found.check.place.pack != name or found.check.place.frame != frame:
        problems.append(f"the check names {found.check.place}")
    if isinstance(found.check, RefusedError) and found.check.code is not Code.KEY_UNAVAILABLE:
        problems.append(f"the check fails with {found.check.code}")
    for (_, disk_name), error in found.restores.items():
        place = error.place
        if place.pack != name:
            problems.append(f"the restore names {place}")
        if name.startswith(PACKS) and (
            place.disk != disk_name or place.frame != frame or place.offset_bytes is None or not place.length_bytes
        ):
            problems.append(f"the restore does not name disk, range and frame: {place}")
    return [f"{name}: {problem}" for problem in problems]


def test_the_vault_under_test_is_small_and_has_every_kind_of_object() -> None:
    objects = stored().objects
    assert sum(map(len, objects.values())) <= VAULT_BYTES_MAX
    assert {kind for kind in KINDS for name in objects if name.startswith(kind)} == set(KINDS)
    assert {record.kind.value for record in stored().west.index.packs()} == {"data", "nodes"}
    assert stored().points[0][0].source_statement is not None


def test_the_intact_vault_is_sound_and_restores_every_disk() -> None:
    found = outcome(stored())
    assert (found.check, found.restores, found.wrong) == (None, {}, [])


@pytest.mark.parametrize("kind", KINDS)
def test_every_997th_flipped_bit_is_detected_and_none_gives_wrong_bytes(kind: str) -> None:
    problems = []
    for name, bit in every_997th_bit():
        if name.startswith(kind):
            found = after(name, flipped(stored().objects[name], bit))
            problems += unsound(name, found, frame=stored().frame_at(name, bit // 8))
    assert problems == []


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_json_objects_are_sound_down_to_the_spare_bits_of_their_base64(kind: str) -> None:
    problems = []
    for name, data in sorted(stored().objects.items()):
        if name.startswith(kind):
            # The last letters of base64 texts have bits to spare: they must count too.
            last_letters = [found.start() * 8 for found in re.finditer(rb'[^=]=+"', data)]
            for bit in (*range(0, len(data) * 8, 211), *(first + spare for first in last_letters for spare in range(8))):
                problems += unsound(name, after(name, flipped(data, bit)), frame=None)
    assert problems == []


def test_a_flip_in_a_frame_that_a_restore_reads_stops_that_restore_alone() -> None:
    frames = [(name, first, number) for name, ranges in stored().frames.items() for first, _, number in ranges]
    stopped = 0
    for name, first, number in frames:
        # The first byte of the ciphertext: restores authenticate it, whatever the header's hash says.
        found = after(name, flipped(stored().objects[name], (first + FRAME_HEADER_BYTES) * 8))
        assert unsound(name, found, frame=number) == []
        assert len(found.restores) < 5
        stopped += bool(found.restores)
    assert stopped == len(frames)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_or_grown_object_is_detected(kind: str) -> None:
    problems = []
    for name, data in sorted(stored().objects.items()):
        if name.startswith(kind):
            for damaged in (b"", data[:1], data[:40], data[: len(data) // 2], data[:-1], data + b"\0"):
                found = after(name, damaged)
                problems += [f"restored wrong bytes of {one}" for one in found.wrong]
                if found.check is None or found.check.place.pack != name:
                    problems.append(f"{name} cut to {len(damaged)}: {found.check!r}")
                problems += [f"{name}: {error}" for error in found.restores.values() if error.place.pack != name]
    assert problems == []


def test_a_removed_object_never_gives_wrong_bytes_and_only_what_nothing_refers_to_goes_unmissed() -> None:
    vault, unmissed = stored(), set()
    for name in sorted(vault.objects):
        found = after(name, None)
        assert found.wrong == []
        if found.check is None and not found.restores:
            unmissed.add(name)
    receipts = {name for name in vault.objects if name.startswith(RECEIPTS)}
    deleted = {manifest_name(vault.deleted.id), tombstone_name(vault.deleted.id)}
    # Only the database knows that these were there.
    assert unmissed == receipts | deleted | {epoch_name(2), entry_name(1, 3)}


@pytest.mark.parametrize("kind", KINDS)
def test_objects_under_each_others_names_are_detected(kind: str) -> None:
    objects = stored().objects
    names = sorted(name for name in objects if name.startswith(kind))
    for one, other in itertools.pairwise(names):
        objects[one], objects[other] = objects[other], objects[one]
        try:
            found = outcome(stored())
        finally:
            objects[one], objects[other] = objects[other], objects[one]
        assert found.wrong == []
        assert found.check is not None
        assert found.check.place.pack in (one, other)
