"""What a copy does with a source that sends something else than it promised: nothing of it is kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from attrs import evolve

from farpoint.codec.compression import STORED
from farpoint.errors import IntegrityError
from farpoint.model.disk import BLOCK_BYTES_MIN, FANOUT, DiskState
from farpoint.model.index import PackKind
from farpoint.model.remote import NodePath, WireChunk
from farpoint.testing.memory_disks import first_difference
from farpoint.testing.small_vault import SmallVault
from farpoint.testing.vault_source import VaultSource
from farpoint.vault.scope_reader import ScopeReader

CONTENTS = b"".join(f"block {number} ".encode().ljust(BLOCK_BYTES_MIN, b".") for number in range(FANOUT + 3))


class Liar(VaultSource):
    """Changes what it sends."""

    def __init__(self, reader: ScopeReader, disks: Mapping[str, DiskState]) -> None:
        super().__init__(reader, disks)
        self.change_node: Callable[[bytes], bytes] = lambda encoded: encoded
        self.change_block: Callable[[WireChunk], WireChunk] = lambda chunk: chunk

    def nodes(self, token: str, *, disk: str, paths: Sequence[NodePath]) -> list[bytes]:
        return [self.change_node(node) for node in super().nodes(token, disk=disk, paths=paths)]

    def blocks(self, token: str, *, disk: str, blocks: Sequence[int]) -> Iterator[WireChunk]:
        for chunk in super().blocks(token, disk=disk, blocks=blocks):
            yield self.change_block(chunk) if chunk.block == 65 else chunk


@pytest.fixture
def state(east: SmallVault) -> DiskState:
    return east.capture(CONTENTS).state


@pytest.fixture
def liar(east: SmallVault, state: DiskState) -> Liar:
    return Liar(east.vault.reader(east.scope), {"os": state})


def changed_byte(data: bytes | memoryview) -> memoryview:
    copy = bytearray(data)
    copy[len(copy) // 2] ^= 1
    return memoryview(copy)


LIES: dict[str, Callable[[WireChunk], WireChunk]] = {
    "another block's number": lambda chunk: evolve(chunk, block=66),
    "a damaged payload": lambda chunk: evolve(chunk, payload=changed_byte(chunk.payload)),
    "an empty payload": lambda chunk: evolve(chunk, payload=memoryview(b"")),
    "half a payload": lambda chunk: evolve(chunk, payload=chunk.payload[: len(chunk.payload) // 2]),
    "another compression": lambda chunk: evolve(chunk, compression=STORED),
    "an unknown compression": lambda chunk: evolve(chunk, compression=9),
    "other bytes": lambda chunk: evolve(chunk, compression=STORED, payload=memoryview(b"x" * BLOCK_BYTES_MIN)),
    "zeros": lambda chunk: evolve(chunk, compression=STORED, payload=memoryview(bytes(BLOCK_BYTES_MIN))),
    "too much": lambda chunk: evolve(chunk, compression=STORED, payload=memoryview(b"x" * (BLOCK_BYTES_MIN + 1))),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_block_that_is_not_what_the_map_says_is_refused_with_its_range(west: SmallVault, liar: Liar, state: DiskState, lie: str) -> None:
    liar.change_block = LIES[lie]
    with pytest.raises(IntegrityError) as caught:
        west.fetch(liar, "os", state)
    place = caught.value.place
    assert (place.disk, place.offset_bytes, place.length_bytes) == ("os", 65 * BLOCK_BYTES_MIN, BLOCK_BYTES_MIN)


def test_what_arrived_before_the_lie_is_kept_and_not_sent_again(west: SmallVault, liar: Liar, east: SmallVault, state: DiskState) -> None:
    liar.change_block = LIES["other bytes"]
    with pytest.raises(IntegrityError):
        west.fetch(liar, "os", state)
    honest = VaultSource(east.vault.reader(east.scope), {"os": state})
    west.fetch(honest, "os", state)
    assert honest.blocks_sent == [("os", 65), ("os", 66)]
    west.close(state)
    assert first_difference(west.restore(state), CONTENTS) is None


@pytest.mark.parametrize("level", [0, 1])
def test_a_map_node_that_is_not_the_one_asked_for_is_refused_and_not_stored(
    west: SmallVault, liar: Liar, state: DiskState, level: int
) -> None:
    liar.change_node = lambda encoded: bytes(changed_byte(encoded)) if encoded[5] == level else encoded
    with pytest.raises(IntegrityError, match=r"is not [0-9a-f]{64}") as caught:
        west.plan(liar, "os", state)
    assert (caught.value.place.disk, caught.value.place.offset_bytes) == ("os", 0)
    assert [record for record in west.index.packs() if record.kind is PackKind.DATA] == []


def test_nothing_can_be_restored_before_a_copy_is_closed(west: SmallVault, liar: Liar, state: DiskState) -> None:
    liar.change_block = LIES["other bytes"]
    with pytest.raises(IntegrityError):
        west.fetch(liar, "os", state)
    with pytest.raises(IntegrityError, match="missing from this vault"):
        west.close(state)
    with pytest.raises(IntegrityError) as caught:
        west.restore(state, disk="os")
    assert (caught.value.place.disk, caught.value.place.offset_bytes) == ("os", 65 * BLOCK_BYTES_MIN)
