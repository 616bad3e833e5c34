"""Reading everything back: what is damaged is listed with its place, and an index that lies gives nobody wrong bytes."""

import random

import pytest

from farpoint.bucket.names import pack_name
from farpoint.codec.digest import node_id
from farpoint.codec.frame import FRAME_HEADER_BYTES
from farpoint.errors import IntegrityError
from farpoint.model.disk import BLOCK_BYTES_MIN, DiskState
from farpoint.model.ids import ChunkId
from farpoint.model.index import Location, PackKind
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.verify import DAMAGE_LISTED_MAX, VerifyReport, verify_state

SIZE = 70 * BLOCK_BYTES_MIN - 512


@pytest.fixture
def vault() -> SmallVault:
    return SmallVault("eastus", seed=1)


@pytest.fixture
def state(vault: SmallVault) -> DiskState:
    noise = random.Random(1)
    data = b"".join(noise.randbytes(64).ljust(BLOCK_BYTES_MIN, b".") for _ in range(70))
    return vault.capture(data[:SIZE]).state


def verify(vault: SmallVault, state: DiskState, told: list[int] | None = None) -> VerifyReport:
    told = [] if told is None else told
    return verify_state(vault.reopen().reader(vault.scope), state, disk="os", on_bytes=told.append)


def location_of(vault: SmallVault, state: DiskState, block: int) -> tuple[ChunkId, Location]:
    (chunk,) = vault.vault.reader(vault.scope).chunk_ids(state, [block])
    assert chunk is not None
    return chunk, vault.index.find_chunks(vault.scope, [chunk])[chunk]


def damage(vault: SmallVault, location: Location) -> None:
    stored = bytearray(vault.memory.objects[pack_name(location.pack)])
    stored[location.offset_bytes + FRAME_HEADER_BYTES] ^= 1
    vault.memory.objects[pack_name(location.pack)] = bytes(stored)


def test_a_sound_disk_is_read_whole_and_progress_is_told(vault: SmallVault, state: DiskState) -> None:
    told = list[int]()
    report = verify(vault, state, told)
    assert report == VerifyReport(blocks=70, bytes_verified=SIZE, damage=(), bad_packs=frozenset())
    assert (told, told[-1]) == (sorted(told), SIZE)


def test_every_damaged_block_is_listed_with_range_pack_and_frame(vault: SmallVault, state: DiskState) -> None:
    places = {block: location_of(vault, state, block)[1] for block in (3, 64, 69)}
    for location in places.values():
        damage(vault, location)
    report = verify(vault, state)
    assert report.blocks == 70
    found = [(one.place.disk, one.place.offset_bytes, one.place.length_bytes, one.place.pack, one.place.frame) for one in report.damage]
    assert found == [
        ("os", block * BLOCK_BYTES_MIN, min(BLOCK_BYTES_MIN, SIZE - block * BLOCK_BYTES_MIN), pack_name(place.pack), place.frame)
        for block, place in places.items()
    ]


def test_a_damaged_map_stops_the_reading_and_names_the_range_below(vault: SmallVault, state: DiskState) -> None:
    (record,) = [record for record in vault.index.packs() if record.kind is PackKind.NODES]
    leaf = vault.vault.packs.check_pack(record)[1]
    damage(vault, Location(record.id, 1, leaf.offset_bytes, leaf.sealed_bytes, leaf.raw_bytes))
    report = verify(vault, state)
    (one,) = report.damage
    assert (one.place.disk, one.place.offset_bytes, one.place.length_bytes) == ("os", 64 * BLOCK_BYTES_MIN, SIZE - 64 * BLOCK_BYTES_MIN)
    assert (one.place.pack, one.place.frame) == (pack_name(record.id), 1)
    assert report.blocks == 64


def test_the_list_of_damage_is_bounded(vault: SmallVault) -> None:
    blocks = DAMAGE_LISTED_MAX + 20
    state = vault.capture(b"".join(str(number).encode().ljust(BLOCK_BYTES_MIN, b".") for number in range(blocks))).state
    for record in list(vault.index.packs()):
        if record.kind is PackKind.DATA:
            vault.memory.delete(pack_name(record.id))
    report = verify(vault, state)
    assert (report.blocks, len(report.damage)) == (blocks, DAMAGE_LISTED_MAX)


def test_an_index_that_lies_about_a_chunk_gives_nobody_wrong_bytes(
    vault: SmallVault, state: DiskState, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk, other = location_of(vault, state, 3)[0], location_of(vault, state, 4)[1]
    honest = vault.index.locate_chunks
    lie = {chunk: other}
    monkeypatch.setattr(
        vault.index, "locate_chunks", lambda scope, ids: {one: lie.get(one, place) for one, place in honest(scope, ids).items()}
    )
    (one,) = verify(vault, state).damage
    assert "does not hash to its id" in one.message
    with pytest.raises(IntegrityError, match="does not hash to its id") as caught:
        vault.restore(state, disk="os")
    place = caught.value.place
    assert (place.disk, place.offset_bytes, place.pack, place.frame) == ("os", 3 * BLOCK_BYTES_MIN, pack_name(other.pack), other.frame)


def test_an_index_that_lies_about_a_node_gives_nobody_wrong_bytes(
    vault: SmallVault, state: DiskState, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, honest = vault.vault.reader(vault.scope), vault.index.locate_nodes
    first, second = (reader.node_at(state, 0, index) for index in (0, 1))
    assert first is not None
    assert second is not None
    leaf, other = node_id(first.encoded), honest(vault.scope, [node_id(second.encoded)])[node_id(second.encoded)]
    monkeypatch.setattr(
        vault.index,
        "locate_nodes",
        lambda scope, ids: {one: other if one == leaf else row for one, row in honest(scope, ids).items()},
    )
    vault.reopen()
    with pytest.raises(IntegrityError, match="does not hash to its id") as caught:
        vault.restore(state, disk="os")
    place = caught.value.place
    assert (place.disk, place.offset_bytes, place.length_bytes) == ("os", 0, 64 * BLOCK_BYTES_MIN)
    assert (place.pack, place.frame) == (pack_name(other.location.pack), other.location.frame)
