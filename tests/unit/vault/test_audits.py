"""An audit checks the packs that a disk leans on whole, and what it finds decides whether they are relied on."""

import random

import pytest

from farpoint.bucket.names import pack_name
from farpoint.codec.frame import FRAME_HEADER_BYTES
from farpoint.codec.pack_format import PACK_HEADER_BYTES, decode_pack_header
from farpoint.model.disk import BLOCK_BYTES_MIN, DiskState
from farpoint.model.index import PackKind
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.verify import VerifyReport


def audit(vault: SmallVault, state: DiskState) -> VerifyReport:
    return vault.reopen().audit(vault.scope, state, disk="os", on_bytes=lambda _: None)


def pack_of(vault: SmallVault, kind: PackKind) -> str:
    names = [pack_name(record.id) for record in vault.index.packs()]
    (name,) = [name for name in names if decode_pack_header(vault.memory.objects[name]).kind is kind]
    return name


def relied_on(vault: SmallVault) -> set[str]:
    return {pack_name(record.id) for record in vault.index.packs()}


def flip(vault: SmallVault, name: str, place: int) -> None:
    data = bytearray(vault.memory.objects[name])
    data[place] ^= 1
    vault.memory.objects[name] = bytes(data)


@pytest.mark.parametrize("kind", [PackKind.DATA, PackKind.NODES])
@pytest.mark.parametrize("place", [5, PACK_HEADER_BYTES + 2, -40], ids=["header", "frame header", "trailer"])
def test_damage_that_no_chunk_or_node_shows_is_found_and_a_mended_pack_is_relied_on_again(kind: PackKind, place: int) -> None:
    vault = SmallVault("eastus", seed=1)
    state = vault.capture(random.Random(1).randbytes(3 * BLOCK_BYTES_MIN)).state
    name = pack_of(vault, kind)
    assert audit(vault, state).damage == ()

    flip(vault, name, place)
    assert audit(vault, state).bad_packs == {name}
    assert name not in relied_on(vault)

    flip(vault, name, place)
    assert audit(vault, state).damage == ()
    assert name in relied_on(vault)


def test_what_was_stored_again_is_no_damage_of_the_disk_that_needs_the_rest_of_the_pack() -> None:
    vault = SmallVault("eastus", seed=1)
    data = random.Random(1).randbytes(3 * BLOCK_BYTES_MIN)
    first = vault.capture(data).state
    name, frame = pack_of(vault, PackKind.DATA), 0
    flip(vault, name, PACK_HEADER_BYTES + FRAME_HEADER_BYTES + 7)
    found = audit(vault, first)
    assert [one.place.frame for one in found.damage] == [frame]
    assert (found.spare, found.bad_packs) == ((), frozenset({name}))

    # The disk still has what the damaged frame held, and no more what the last one holds.
    second = vault.capture(data[: 2 * BLOCK_BYTES_MIN] + bytes(BLOCK_BYTES_MIN)).state
    mended = audit(vault, first)
    assert (mended.damage, [(one.place.pack, one.place.frame) for one in mended.spare]) == ((), [(name, frame)])
    assert name not in relied_on(vault)
    assert audit(vault, second).spare == ()


def test_beside_damage_that_a_disk_needs_nothing_counts_as_spare() -> None:
    vault = SmallVault("eastus", seed=1)
    data = random.Random(1).randbytes(3 * BLOCK_BYTES_MIN)
    vault.capture(data)
    name = pack_of(vault, PackKind.DATA)
    later = vault.capture(data[BLOCK_BYTES_MIN:]).state
    flip(vault, name, PACK_HEADER_BYTES + FRAME_HEADER_BYTES + 7)
    assert [one.place.frame for one in audit(vault, later).spare] == [0]
    flip(vault, name, PACK_HEADER_BYTES + 2 * FRAME_HEADER_BYTES + BLOCK_BYTES_MIN + 100)
    both = audit(vault, later)
    assert ({one.place.frame for one in both.damage}, both.spare) == ({0, 1}, ())
