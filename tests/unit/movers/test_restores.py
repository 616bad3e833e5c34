"""Restoring over junk: every byte of the disk is written, holes included, none past its end; checkpoints follow syncs."""

import pytest

from farpoint.model.disk import BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, DiskState, Geometry
from farpoint.model.ids import ChunkId
from farpoint.movers.lanes import InlineLanes, Lanes, ThreadLanes
from farpoint.movers.restore import CHECKPOINT_BYTES, Reports, RestoreParts, count_data_bytes, restore_disk
from farpoint.testing.memory_disks import MemoryTarget, first_difference
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.map_update import Run, update_map

DATA, HOLE, SECTOR = b"data" * (BLOCK_BYTES_MIN // 4), bytes(BLOCK_BYTES_MIN), b"t" * 512
DISKS = {
    "all data": DATA * 3,
    "nothing but zeros": HOLE * 3,
    "a hole at the start": HOLE * 2 + DATA,
    "a hole at the end": DATA + HOLE * 2,
    "holes everywhere": HOLE + DATA + HOLE + DATA + HOLE,
    "a last block of one sector": DATA + HOLE + SECTOR,
    "a hole that ends in a sector": DATA + HOLE + bytes(512),
    "one sector": SECTOR,
    "two leaves": DATA + HOLE * 63 + DATA + HOLE * 64 + DATA,
}


def parts_of(vault: SmallVault, state: DiskState, target: MemoryTarget, lanes: Lanes) -> RestoreParts:
    return RestoreParts(vault=vault.vault, lanes=lanes, scope=vault.scope, disk="os", state=state, target=target)


@pytest.mark.parametrize("contents", list(DISKS.values()), ids=list(DISKS))
@pytest.mark.parametrize("lanes", [InlineLanes(), ThreadLanes(2)], ids=["inline", "threads"])
def test_every_byte_of_the_disk_is_written_and_none_past_its_end(contents: bytes, lanes: Lanes) -> None:
    vault = SmallVault("eastus", seed=1)
    state = vault.capture(contents).state
    target, told = MemoryTarget(len(contents)), list[int]()
    restore_disk(parts_of(vault, state, target, lanes), Reports(on_written=told.append, on_checkpoint=lambda _: None))
    assert first_difference(bytes(target.data), contents) is None
    expected = sum(length for _, length in target.writes)
    assert max(told, default=0) == expected == sum(count_data_bytes(vault.vault.reader(vault.scope), state))
    assert told == sorted(told)


class Ledger(MemoryTarget):
    """Remembers what was asked, and keeps no bytes: for disks larger than memory."""

    def __init__(self) -> None:
        super().__init__(0)
        self.log: list[tuple[str, int]] = []

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        self.log.append(("write", offset_bytes + len(buffer)))

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        self.log.append(("zeros", offset_bytes + length_bytes))

    def sync(self) -> None:
        self.log.append(("sync", 0))


def test_a_checkpoint_comes_after_a_sync_of_everything_below_it() -> None:
    vault = SmallVault("eastus", seed=1)
    small = vault.capture(b"data" * (BLOCK_BYTES_MAX // 4), block_bytes=BLOCK_BYTES_MAX)
    (chunk,) = vault.vault.reader(vault.scope).chunk_ids(small.state, [0])
    state = sparse(vault, chunk, blocks=(0, 70, 140, 150, 210), count=400)
    ledger = Ledger()

    def on_checkpoint(offset: int) -> None:
        ledger.log.append(("checkpoint", offset))

    restore_disk(parts_of(vault, state, ledger, InlineLanes()), Reports(on_written=lambda _: None, on_checkpoint=on_checkpoint))
    checkpoints = [offset for what, offset in ledger.log if what == "checkpoint"]
    assert checkpoints == [(block + 1) * BLOCK_BYTES_MAX for block in (70, 140, 210)]
    assert all(later - earlier >= CHECKPOINT_BYTES for earlier, later in zip([0, *checkpoints], checkpoints, strict=False))
    for place, (what, offset) in enumerate(ledger.log):
        if what == "checkpoint":
            assert ledger.log[place - 1] == ("sync", 0)
            assert max(end for verb, end in ledger.log[:place] if verb in ("write", "zeros")) == offset
    assert ledger.log[-1] == ("zeros", state.size_bytes)


def sparse(vault: SmallVault, chunk: ChunkId | None, *, blocks: tuple[int, ...], count: int) -> DiskState:
    """Make the map of a disk that has this chunk at *blocks* and holes elsewhere."""
    store = vault.vault.node_store(vault.scope, vault.claim, read_back=False)
    geometry = Geometry(size_bytes=count * BLOCK_BYTES_MAX, block_bytes=BLOCK_BYTES_MAX)
    state = update_map(None, geometry, iter([Run(block, 1, (chunk,)) for block in blocks]), store)
    store.flush()
    return state
