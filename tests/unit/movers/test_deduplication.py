"""What is stored and sent once: unchanged disks, blocks that several disks share, zeros; and what planning costs."""

import random

import pytest

from farpoint.bucket.names import PACKS
from farpoint.codec.frame import TAG_BYTES
from farpoint.model.disk import BLOCK_BYTES_MIN, FANOUT, DiskState, Geometry
from farpoint.model.index import PackKind, PackRecord
from farpoint.movers.capture import CaptureRequest, capture_disk
from farpoint.movers.lanes import ThreadLanes
from farpoint.testing.memory_disks import MemorySource, first_difference
from farpoint.testing.small_vault import SmallVault
from farpoint.testing.vault_source import VaultSource

#: Deep enough for maps of three levels; sparse, so that it costs nothing.
DEEP_BLOCKS = FANOUT**2 + 1


def noise(seed: int, blocks: int) -> bytes:
    return random.Random(seed).randbytes(blocks * BLOCK_BYTES_MIN)


def text(number: int) -> bytes:
    return f"block {number} ".encode().ljust(BLOCK_BYTES_MIN, b".")


def packs(vault: SmallVault) -> set[str]:
    return {name for name in vault.memory.objects if name.startswith(PACKS)}


def stored_chunks(vault: SmallVault) -> int:
    records = [record for record in vault.index.packs() if record.kind is PackKind.DATA]
    return sum(len(vault.vault.packs.check_pack(record)) for record in records)


def source_of(vault: SmallVault, **disks: DiskState) -> VaultSource:
    return VaultSource(vault.vault.reader(vault.scope), disks)


@pytest.mark.parametrize("known", ["as parent", "by chunk id alone"])
def test_a_second_capture_of_an_unchanged_disk_stores_nothing(east: SmallVault, known: str) -> None:
    contents = noise(1, 3) + text(4) + bytes(BLOCK_BYTES_MIN) + b"tail" * 128
    first = east.capture(contents)
    before = packs(east)
    second = east.capture(contents, parent=first.state if known == "as parent" else None)
    assert second.state == first.state
    assert (second.stored_bytes, second.read_bytes) == (0, first.read_bytes)
    assert packs(east) == before


def test_a_changed_block_stores_that_block_and_the_nodes_above_it(east: SmallVault) -> None:
    contents = noise(1, 8)
    first = east.capture(contents)
    second = east.capture(contents[:-BLOCK_BYTES_MIN] + text(9), parent=first.state)
    assert stored_chunks(east) == 9
    assert 0 < second.stored_bytes < BLOCK_BYTES_MIN // 8


def test_the_same_block_in_two_disks_is_stored_once(east: SmallVault) -> None:
    east.capture(text(1) + text(2) + text(3))
    east.capture(text(3) + text(1) + text(4))
    assert stored_chunks(east) == 4


def test_the_same_block_many_times_in_one_disk_is_stored_once(east: SmallVault) -> None:
    state = east.capture(text(1) * 200).state
    assert stored_chunks(east) == 1
    assert first_difference(east.restore(state), text(1) * 200) is None


def test_zero_blocks_are_never_stored_even_where_the_file_has_data(east: SmallVault) -> None:
    contents = bytes(2 * BLOCK_BYTES_MIN) + text(1) + bytes(BLOCK_BYTES_MIN)
    # As one extent of data: what is zeros is found by looking.
    geometry = Geometry(size_bytes=len(contents), block_bytes=BLOCK_BYTES_MIN)
    whole = MemorySource(contents, extents=list(MemorySource(b"x" * len(contents)).extents()))
    request = CaptureRequest(source=whole, geometry=geometry, parent=None, scope=east.scope, claim=east.claim)
    captured = capture_disk(east.vault, ThreadLanes(2), request, lambda _: None)
    assert captured.read_bytes == len(contents)
    assert captured.state == east.capture(contents).state
    assert stored_chunks(east) == 1


def test_a_disk_of_zeros_stores_nothing_at_all(east: SmallVault) -> None:
    captured = east.capture(bytes(FANOUT * 4 * BLOCK_BYTES_MIN))
    assert (captured.state.root, captured.stored_bytes, packs(east)) == (None, 0, set())


def test_the_last_block_is_the_same_chunk_as_one_padded_with_zeros(east: SmallVault) -> None:
    east.capture(text(1) + b"short".ljust(512, b"."))
    east.capture(text(1) + b"short".ljust(512, b".").ljust(BLOCK_BYTES_MIN, b"\0"))
    assert stored_chunks(east) == 2


def test_a_copy_sends_each_chunk_once_and_a_second_copy_sends_nothing(east: SmallVault, west: SmallVault) -> None:
    state = east.capture(text(1) * 3 + text(2) + noise(1, 1)).state
    wire = source_of(east, os=state)
    west.fetch(wire, "os", state)
    assert sorted(wire.blocks_sent) == [("os", 0), ("os", 3), ("os", 4)]
    again = source_of(east, os=state)
    west.fetch(again, "os", state)
    assert again.blocks_sent == []


def test_a_plan_tells_the_exact_bytes_before_the_first_is_sent(east: SmallVault, west: SmallVault) -> None:
    state = east.capture(noise(1, 2) + text(1)).state
    wire = source_of(east, os=state)
    west.plan(wire, "os", state)
    (chunks, planned), sizes = west.plans.totals(west.claim.operation)["os"], east.vault.packs.check_pack(data_pack(east))
    assert (chunks, planned) == (3, sum(entry.sealed_bytes - TAG_BYTES for entry in sizes))
    west.fetch(wire, "os", state)
    assert wire.wire_bytes == planned


def data_pack(vault: SmallVault) -> PackRecord:
    (record,) = [record for record in vault.index.packs() if record.kind is PackKind.DATA]
    return record


def test_planning_two_equal_disks_counts_each_chunk_once(east: SmallVault, west: SmallVault) -> None:
    state = east.capture(text(1) + noise(1, 2)).state
    wire = source_of(east, os=state, data=state)
    for disk in ("os", "data"):
        west.plan(wire, disk, state)
    assert {disk: chunks for disk, (chunks, _) in west.plans.totals(west.claim.operation).items()} == {"os": 3}


def test_planning_a_closed_map_compares_its_root_and_asks_nothing(east: SmallVault, west: SmallVault) -> None:
    state = deep(east, changed=())
    west.fetch(source_of(east, os=state), "os", state)
    west.close(state)
    wire = source_of(east, os=state)
    assert west.plan(wire, "os", state) == 1
    assert wire.nodes_sent == 0


def test_planning_an_increment_fetches_the_path_to_what_changed(east: SmallVault, west: SmallVault) -> None:
    before, after = deep(east, changed=()), deep(east, changed=(70,))
    west.fetch(source_of(east, os=before), "os", before)
    west.close(before)
    wire = source_of(east, os=after)
    west.plan(wire, "os", after)
    assert wire.nodes_sent == after.geometry.top_level + 1
    west.fetch(wire, "os", after)
    assert wire.blocks_sent == [("os", 70)]


def test_a_present_map_that_is_not_closed_is_compared_and_only_missing_chunks_are_planned(east: SmallVault, west: SmallVault) -> None:
    state = deep(east, changed=())
    wire = source_of(east, os=state)
    west.plan(wire, "os", state)
    nodes = wire.nodes_sent
    # The nodes are here since the first plan, not closed; the chunks are not.
    assert west.plan(wire, "os", state) == nodes
    assert wire.nodes_sent == nodes
    assert west.plans.totals(west.claim.operation)["os"][0] == 4


def deep(vault: SmallVault, *, changed: tuple[int, ...]) -> DiskState:
    data = bytearray(DEEP_BLOCKS * BLOCK_BYTES_MIN)
    for block in (0, 70, 71, DEEP_BLOCKS - 1):
        data[block * BLOCK_BYTES_MIN : block * BLOCK_BYTES_MIN + 9] = b"changed.." if block in changed else f"block{block:4}".encode()
    return vault.capture(bytes(data)).state
