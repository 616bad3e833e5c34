"""What a tracker is believed: where the disk may have changed since the parent. And what it is not believed."""

import random
from collections.abc import Sequence

import pytest
from attrs import evolve

from farpoint.model.disk import BLOCK_BYTES_MIN, FANOUT, DiskState, Extent, ExtentKind, Geometry
from farpoint.movers.capture import CapturedDisk, CaptureRequest, capture_disk, capture_size
from farpoint.movers.lanes import InlineLanes
from farpoint.testing.memory_disks import MemorySource, first_difference
from farpoint.testing.small_vault import SmallVault

BLOCKS = 2 * FANOUT + 5


@pytest.fixture
def vault() -> SmallVault:
    return SmallVault("eastus", seed=1)


@pytest.fixture
def contents() -> bytes:
    return random.Random(5).randbytes(BLOCKS * BLOCK_BYTES_MIN)


@pytest.fixture
def parent(vault: SmallVault, contents: bytes) -> DiskState:
    state = vault.capture(contents).state
    vault.close(state)
    return state


def changed(contents: bytes, *places: Extent) -> bytes:
    disk = bytearray(contents)
    for place in places:
        disk[place.offset_bytes : place.end_bytes] = b"\xaa" * place.length_bytes
    return bytes(disk)


def extent(first_block: int, *, skipped_bytes: int = 0, length_bytes: int = 4096) -> Extent:
    return Extent(first_block * BLOCK_BYTES_MIN + skipped_bytes, length_bytes, ExtentKind.DATA)


def capture(vault: SmallVault, source: MemorySource, parent: DiskState | None, changes: Sequence[Extent] | None) -> CapturedDisk:
    geometry = Geometry(size_bytes=source.size_bytes, block_bytes=BLOCK_BYTES_MIN)
    request = CaptureRequest(source=source, geometry=geometry, parent=parent, scope=vault.scope, claim=vault.claim, changes=changes)
    captured = capture_disk(vault.vault, InlineLanes(), request, on_read=lambda _: None)
    assert capture_size(vault.vault, request) == captured.read_bytes
    return captured


def test_only_the_blocks_that_may_have_changed_are_read(vault: SmallVault, contents: bytes, parent: DiskState) -> None:
    changes = (extent(3, skipped_bytes=512), extent(FANOUT + 1, skipped_bytes=BLOCK_BYTES_MIN - 2048))
    source = MemorySource(changed(contents, *changes))
    captured = capture(vault, source, parent, changes)
    # The second one reaches into the next block.
    assert source.read_bytes == captured.read_bytes == 3 * BLOCK_BYTES_MIN
    assert first_difference(vault.restore(captured.state), changed(contents, *changes)) is None


def test_no_change_costs_neither_a_read_nor_a_write(vault: SmallVault, contents: bytes, parent: DiskState) -> None:
    source = MemorySource(contents)
    before = dict(vault.memory.calls)
    captured = capture(vault, source, parent, ())
    assert captured.state == parent
    assert (source.read_bytes, captured.stored_bytes) == (0, 0)
    assert vault.memory.calls == before


def test_a_range_that_became_zeros_is_a_hole_in_the_map(vault: SmallVault, contents: bytes, parent: DiskState) -> None:
    zeroed = bytes(BLOCK_BYTES_MIN) + contents[BLOCK_BYTES_MIN:]
    captured = capture(vault, MemorySource(zeroed), parent, (extent(0, length_bytes=BLOCK_BYTES_MIN),))
    assert first_difference(vault.restore(captured.state), zeroed) is None


def test_without_a_parent_the_tracker_says_nothing(vault: SmallVault, contents: bytes) -> None:
    captured = capture(vault, MemorySource(contents), None, ())
    assert first_difference(vault.restore(captured.state), contents) is None


def test_a_parent_that_is_not_closed_is_not_leaned_on(vault: SmallVault, contents: bytes) -> None:
    open_parent = vault.capture(contents).state
    captured = capture(vault, MemorySource(changed(contents, extent(2))), open_parent, ())
    assert first_difference(vault.restore(captured.state), changed(contents, extent(2))) is None


def test_a_disk_that_grew_is_read_whole(vault: SmallVault, contents: bytes, parent: DiskState) -> None:
    grown = contents + b"\xbb" * BLOCK_BYTES_MIN
    captured = capture(vault, MemorySource(grown), parent, ())
    assert first_difference(vault.restore(captured.state), grown) is None


def test_a_parent_of_other_blocks_is_not_leaned_on(vault: SmallVault, contents: bytes, parent: DiskState) -> None:
    other = evolve(parent, geometry=Geometry(size_bytes=parent.size_bytes, block_bytes=2 * BLOCK_BYTES_MIN))
    captured = capture(vault, MemorySource(contents), other, ())
    assert first_difference(vault.restore(captured.state), contents) is None
