"""Packs: frames open only where they were sealed, and a pack is written once or not at all."""

import itertools
import random
from collections.abc import Sequence

import pytest
from attrs import evolve, frozen

from farpoint.bucket.names import PACKS, pack_name
from farpoint.codec.compression import STORED
from farpoint.codec.digest import chunk_id
from farpoint.codec.frame import FRAME_HEADER_BYTES, TAG_BYTES, decode_frame_header
from farpoint.codec.pack_format import PACK_HEADER_BYTES
from farpoint.errors import Code, IntegrityError, OutOfSpaceError, RefusedError
from farpoint.model.ids import ChunkId, ScopeId
from farpoint.model.index import Location, PackKind, PackRecord
from farpoint.testing.memory_index import MemoryIndex
from farpoint.testing.small_vault import SmallVault
from farpoint.units import KIB, MIB
from farpoint.vault.pack_reader import PackReader
from farpoint.vault.pack_writer import DATA_PACK_BYTES, PackWriter

BLOCK = 64 * KIB


@pytest.fixture
def vault() -> SmallVault:
    return SmallVault("eastus", seed=1)


@frozen
class Written:
    """A pack of chunks, as the index records it."""

    record: PackRecord
    locations: list[Location]
    raws: list[bytes]

    @property
    def name(self) -> str:
        return pack_name(self.record.id)


def noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(BLOCK)


def write(vault: SmallVault, raws: Sequence[bytes], *, scope: ScopeId | None = None) -> Written:
    scope = scope or vault.scope
    known = {record.id for record in vault.index.packs()}
    writer = vault.vault.chunk_writer(scope, vault.claim, read_back=False)
    for raw in raws:
        writer.add(chunk_id(raw), compression=STORED, raw_bytes=len(raw), payload=raw)
    writer.flush()
    (record,) = [record for record in vault.index.packs() if record.id not in known]
    found = vault.index.find_chunks(scope, [chunk_id(raw) for raw in raws])
    return Written(record, [found[chunk_id(raw)] for raw in raws], list(raws))


def frame(vault: SmallVault, pack: Written, number: int) -> bytes:
    start = pack.locations[number].offset_bytes
    return vault.memory.objects[pack.name][start : start + FRAME_HEADER_BYTES + pack.locations[number].sealed_bytes]


def overwrite(vault: SmallVault, pack: Written, number: int, data: bytes) -> None:
    start, stored = pack.locations[number].offset_bytes, bytearray(vault.memory.objects[pack.name])
    stored[start : start + len(data)] = data
    vault.memory.objects[pack.name] = bytes(stored)


def renumbered(data: bytes, number: int) -> bytes:
    """Let a frame's plain header say another place, as somebody who knows the format would."""
    header = evolve(decode_frame_header(data), number=number)
    return header.encode() + data[FRAME_HEADER_BYTES:]


def opening(vault: SmallVault, pack: Written, number: int) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        list(vault.reopen().packs.open_frames([pack.locations[number]]))
    return caught.value


def test_frames_come_back_in_the_order_asked(vault: SmallVault) -> None:
    first, second = write(vault, [noise(1), noise(2), noise(3)]), write(vault, [noise(4)])
    wanted = [first.locations[2], second.locations[0], first.locations[0], first.locations[1], first.locations[2]]
    opened = [frame.payload for frame in vault.vault.packs.open_frames(wanted)]
    assert opened == [noise(3), noise(4), noise(1), noise(2), noise(3)]


def test_neighbours_are_read_in_one_go(vault: SmallVault) -> None:
    pack = write(vault, [noise(number) for number in range(6)])
    vault.memory.calls.clear()
    assert len(list(vault.vault.packs.open_frames(pack.locations))) == 6
    assert vault.memory.calls == {"read_into": 1}


@pytest.mark.parametrize("forged", [False, True], ids=["as it was", "with its header forged"])
def test_a_frame_at_another_place_of_its_pack_is_refused(vault: SmallVault, forged: bool) -> None:
    pack = write(vault, [noise(1), noise(2)])
    moved = frame(vault, pack, 1)
    overwrite(vault, pack, 0, renumbered(moved, 0) if forged else moved)
    error = opening(vault, pack, 0)
    assert (error.place.pack, error.place.frame) == (pack.name, 0)


@pytest.mark.parametrize("place", [0, 1])
def test_a_frame_of_another_pack_is_refused(vault: SmallVault, place: int) -> None:
    pack, other = write(vault, [noise(1), noise(2)]), write(vault, [noise(3), noise(4)])
    overwrite(vault, pack, place, frame(vault, other, place))
    error = opening(vault, pack, place)
    assert "fails authentication" in error.message
    assert (error.place.pack, error.place.frame) == (pack.name, place)


def test_a_whole_pack_under_another_one_s_name_is_refused(vault: SmallVault) -> None:
    pack, other = write(vault, [noise(1)]), write(vault, [noise(2)])
    objects = vault.memory.objects
    objects[pack.name], objects[other.name] = objects[other.name], objects[pack.name]
    assert "fails authentication" in opening(vault, pack, 0).message
    with pytest.raises(IntegrityError, match="not what the index says") as caught:
        vault.vault.packs.check_pack(pack.record)
    assert caught.value.place.pack == pack.name


def test_a_pack_of_another_scope_is_refused(vault: SmallVault) -> None:
    theirs = ScopeId(vault.entropy.guid())
    vault.vault.keyring.create_first(theirs)
    pack = write(vault, [noise(1)], scope=theirs)
    lie = evolve(pack.record, scope=vault.scope)
    index = MemoryIndex(vault.index.claims)
    index.begin_pack(lie, vault.claim)
    index.add_pack(lie, [(chunk_id(noise(1)), pack.locations[0])], vault.claim, checked_at=None)
    reader = PackReader(vault.bucket, index, vault.vault.keyring)
    with pytest.raises(IntegrityError, match="fails authentication"):
        list(reader.open_frames(pack.locations))
    with pytest.raises(IntegrityError, match="not what the index says"):
        reader.check_pack(lie)


def test_chunks_of_one_scope_are_unknown_in_another(vault: SmallVault) -> None:
    theirs = ScopeId(vault.entropy.guid())
    vault.vault.keyring.create_first(theirs)
    write(vault, [noise(1)], scope=theirs)
    assert vault.index.find_chunks(vault.scope, [chunk_id(noise(1))]) == {}


def test_a_data_frame_does_not_open_as_a_node(vault: SmallVault) -> None:
    pack = write(vault, [noise(1)])
    lie = evolve(pack.record, kind=PackKind.NODES)
    index = MemoryIndex(vault.index.claims)
    index.begin_pack(lie, vault.claim)
    index.add_pack(lie, [(chunk_id(noise(1)), pack.locations[0])], vault.claim, checked_at=None)
    reader = PackReader(vault.bucket, index, vault.vault.keyring)
    with pytest.raises(IntegrityError, match="not the one the index expects"):
        list(reader.open_frames(pack.locations))
    with pytest.raises(IntegrityError, match="not what the index says"):
        reader.check_pack(lie)


def test_a_pack_whose_frames_changed_places_fails_its_check_without_any_data_key(vault: SmallVault) -> None:
    pack = write(vault, [noise(1), noise(2)])
    first, second = frame(vault, pack, 0), frame(vault, pack, 1)
    overwrite(vault, pack, 0, second)
    overwrite(vault, pack, 1, first)
    with pytest.raises(IntegrityError, match="not the one the pack's directory lists") as caught:
        vault.vault.packs.check_pack(pack.record)
    assert (caught.value.place.pack, caught.value.place.frame) == (pack.name, 0)


def test_every_bit_around_the_frames_of_a_pack_is_checked(vault: SmallVault) -> None:
    pack = write(vault, [b"short"])
    sound = vault.memory.objects[pack.name]
    frame_end = pack.locations[0].offset_bytes + FRAME_HEADER_BYTES + pack.locations[0].sealed_bytes
    unnoticed = []
    for bit in (*range(PACK_HEADER_BYTES * 8), *range(frame_end * 8, len(sound) * 8)):
        damaged = bytearray(sound)
        damaged[bit // 8] ^= 1 << bit % 8
        vault.memory.objects[pack.name] = bytes(damaged)
        try:
            vault.vault.packs.check_pack(pack.record)
            unnoticed.append(bit)
        except IntegrityError as error:
            assert error.place.pack == pack.name  # noqa: PT017 - each flip raises or is listed
    assert unnoticed == []


def test_a_pack_says_itself_what_it_holds(vault: SmallVault) -> None:
    pack = write(vault, [noise(1), noise(2)])
    entries = vault.vault.packs.check_pack(pack.record)
    assert [entry.id for entry in entries] == [chunk_id(raw) for raw in pack.raws]
    assert [entry.offset_bytes for entry in entries] == [PACK_HEADER_BYTES, PACK_HEADER_BYTES + FRAME_HEADER_BYTES + BLOCK + TAG_BYTES]


def writer_of(vault: SmallVault) -> PackWriter:
    return vault.vault.chunk_writer(vault.scope, vault.claim, read_back=False)


def add(writer: PackWriter, raw: bytes) -> bool:
    return writer.add(chunk_id(raw), compression=STORED, raw_bytes=len(raw), payload=raw)


def test_a_full_pack_is_put_at_once_and_the_next_one_has_another_id(vault: SmallVault) -> None:
    writer, big = writer_of(vault), random.Random(1).randbytes(4 * MIB)
    filled = [add(writer, bytes([number]) + big[1:]) for number in range(5)]
    assert filled == [False, False, False, True, False]
    assert DATA_PACK_BYTES <= writer.stored_bytes < DATA_PACK_BYTES + 5 * MIB
    writer.flush()
    assert len({record.id for record in vault.index.packs()}) == 2


def test_the_row_comes_before_the_object_and_the_object_before_its_entries(vault: SmallVault) -> None:
    seen = []

    def look(verb: str, name: str) -> None:
        if verb == "put" and name.startswith(PACKS):
            (pack,) = vault.index._packs.values()  # noqa: SLF001 - a `writing` row shows nowhere else
            seen.append((pack.live, vault.index.find_chunks(vault.scope, [chunk_id(noise(1))])))

    vault.memory.before = look
    writer = writer_of(vault)
    add(writer, noise(1))
    assert seen == []
    writer.flush()
    assert seen == [(False, {})]
    assert chunk_id(noise(1)) in vault.index.find_chunks(vault.scope, [chunk_id(noise(1))])


def test_after_an_error_a_writer_refuses_to_go_on_and_nothing_refers_to_its_pack(vault: SmallVault) -> None:
    def full(verb: str, name: str) -> None:
        if verb == "put":
            raise OutOfSpaceError("full", needed_bytes=2, free_bytes=1)

    writer = writer_of(vault)
    add(writer, noise(1))
    vault.memory.before = full
    with pytest.raises(OutOfSpaceError):
        writer.flush()
    vault.memory.before = lambda _verb, _name: None
    for attempt in (writer.flush, lambda: add(writer, noise(2))):
        with pytest.raises(IntegrityError, match="saw an error before"):
            attempt()
    assert list(vault.index.packs()) == []


def test_every_attempt_draws_a_new_pack_id(vault: SmallVault) -> None:
    ids = itertools.count()
    for _ in range(3):
        write(vault, [bytes([next(ids)]) * BLOCK])
    names = [name for name in vault.memory.objects if name.startswith(PACKS)]
    assert len(set(names)) == 3
    # One key per pack: the same chunk never gives the same ciphertext twice.
    again = write(SmallVault("westus", seed=2), [noise(1)])
    assert again.name not in names


def test_an_empty_writer_puts_nothing(vault: SmallVault) -> None:
    writer = writer_of(vault)
    writer.flush()
    assert not [name for name in vault.memory.objects if name.startswith(PACKS)]


def test_the_same_chunk_added_twice_is_one_frame(vault: SmallVault) -> None:
    writer = writer_of(vault)
    add(writer, noise(1))
    add(writer, noise(1))
    writer.flush()
    (record,) = vault.index.packs()
    assert len(vault.vault.packs.check_pack(record)) == 1


def test_a_chunk_whose_pack_moved_is_found_again_once(vault: SmallVault) -> None:
    pack = write(vault, [noise(1)])
    reader = vault.reopen().reader(vault.scope)

    def repack(verb: str, name: str) -> None:
        if verb == "read_into" and name == pack.name:
            vault.memory.before = lambda _verb, _name: None
            vault.index.condemn([pack.record.id])
            write(vault, [noise(1)])
            vault.memory.delete(pack.name)

    vault.memory.before = repack
    (chunk,) = reader.open_chunks([chunk_id(noise(1))])
    assert bytes(chunk.payload) == noise(1)


def test_a_chunk_whose_pack_is_gone_is_named_with_pack_and_frame(vault: SmallVault) -> None:
    pack = write(vault, [noise(1), noise(2)])
    vault.memory.delete(pack.name)
    with pytest.raises(IntegrityError, match="missing from the bucket") as caught:
        list(vault.vault.reader(vault.scope).open_chunks([chunk_id(noise(2))]))
    assert (caught.value.place.pack, caught.value.place.frame) == (pack.name, 1)


def test_a_chunk_that_was_never_here_is_named(vault: SmallVault) -> None:
    with pytest.raises(IntegrityError, match="chunk 0101"):
        list(vault.vault.reader(vault.scope).open_chunks([ChunkId(b"\1" * 32)]))


def test_a_scope_whose_keys_are_gone_is_unavailable(vault: SmallVault) -> None:
    pack = write(vault, [noise(1)])
    for name in [name for name in vault.memory.objects if name.startswith("keys/")]:
        del vault.memory.objects[name]
    with pytest.raises(RefusedError) as caught:
        list(vault.reopen().packs.open_frames(pack.locations))
    assert caught.value.code is Code.KEY_UNAVAILABLE
