"""Restore: write a disk state to a target, in disk order, every chunk proven before it is written; holes stay holes.

A checkpoint is an offset below which everything is written and synced: a killed restore goes on from there.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

from attrs import frozen

from farpoint.codec.compression import BlockDecompressor
from farpoint.disks.target import RestoreTarget
from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import DiskState
from farpoint.model.ids import ChunkId, ScopeId
from farpoint.movers.batches import blocks_per_batch
from farpoint.movers.lanes import Lanes
from farpoint.units import MIB
from farpoint.vault.chunk_proof import prove_chunk
from farpoint.vault.map_walk import walk_leaves
from farpoint.vault.scope_reader import ScopeReader
from farpoint.vault.vault import Vault

#: Disk bytes between two syncs: what a kill costs at most, and rare enough not to slow the disk down.
CHECKPOINT_BYTES = 256 * MIB


@frozen(kw_only=True)
class RestoreParts:
    """What a restore works with."""

    vault: Vault
    lanes: Lanes
    scope: ScopeId
    #: Disk name, for error messages.
    disk: str
    state: DiskState
    target: RestoreTarget


@frozen(kw_only=True)
class Reports:
    """Whom a restore tells what."""

    #: Data bytes written since the start of this run.
    on_written: Callable[[int], None]
    #: Everything below this offset is written and synced.
    on_checkpoint: Callable[[int], None]


@frozen
class _Batch:
    blocks: tuple[tuple[int, ChunkId], ...]

    @property
    def first(self) -> int:
        return self.blocks[0][0]

    @property
    def end(self) -> int:
        return self.blocks[-1][0] + 1


def restore_disk(parts: RestoreParts, reports: Reports) -> None:
    """Write the whole state from the target's synced offset on; the caller publishes the target."""
    geometry = parts.state.geometry
    done_bytes = parts.target.synced_bytes
    first_block = done_bytes // geometry.block_bytes
    written, checkpoint = 0, done_bytes
    with closing(
        parts.lanes.run(lambda: _RestoreLane(parts), _batches(parts, first_block), idle=lambda: reports.on_written(written))
    ) as batches:
        for batch in batches:
            start, end = batch.first * geometry.block_bytes, min(batch.end * geometry.block_bytes, geometry.size_bytes)
            if start > done_bytes:
                parts.target.write_zeros(done_bytes, start - done_bytes)
            done_bytes = end
            written += sum(geometry.length_of(block) for block, _ in batch.blocks)
            reports.on_written(written)
            if done_bytes - checkpoint >= CHECKPOINT_BYTES:
                checkpoint = done_bytes
                parts.target.sync()
                # A crash right here writes this stretch again, with the same bytes.
                reports.on_checkpoint(checkpoint)
    if done_bytes < geometry.size_bytes:
        parts.target.write_zeros(done_bytes, geometry.size_bytes - done_bytes)


def count_data_bytes(reader: ScopeReader, state: DiskState, *, split_block: int = 0, disk: str | None = None) -> tuple[int, int]:
    """Return how many bytes of *state* hold data before a block, and from it on: what a restore has written and will write.

    Errors name *disk*.
    """
    before, after = 0, 0
    for leaf in walk_leaves(reader, state, disk=disk):
        for block, _ in leaf.blocks:
            length = state.geometry.length_of(block)
            before, after = (before + length, after) if block < split_block else (before, after + length)
    return before, after


def _batches(parts: RestoreParts, first_block: int) -> Iterator[_Batch]:
    """Cut the data blocks into batches that never straddle a hole wider than themselves: each is one short stretch of disk."""
    size = blocks_per_batch(parts.state.geometry)
    for leaf in walk_leaves(parts.vault.reader(parts.scope), parts.state, from_block=first_block, disk=parts.disk):
        run: list[tuple[int, ChunkId]] = []
        for block, chunk in leaf.blocks:
            if run and (block != run[-1][0] + 1 or len(run) == size):
                yield _Batch(tuple(run))
                run = []
            run.append((block, chunk))
        yield _Batch(tuple(run))


class _RestoreLane:
    """Reads chunks, proves them, writes them at their place."""

    def __init__(self, parts: RestoreParts) -> None:
        self._reader = parts.vault.reader(parts.scope)
        self._target = parts.target
        self._state = parts.state
        self._disk = parts.disk
        self._decompressor = BlockDecompressor()

    def work(self, item: _Batch) -> _Batch:
        block_bytes, done = self._state.block_bytes, 0
        try:
            for chunk in self._reader.open_chunks([chunk for _, chunk in item.blocks]):
                raw = prove_chunk(chunk, self._decompressor, block_bytes=block_bytes)
                block = item.blocks[done][0]
                self._target.write_at(block * block_bytes, memoryview(raw)[: self._state.geometry.length_of(block)])
                done += 1
        except IntegrityError as error:
            raise self._located(error, item.blocks[done][0]) from error
        return item

    def finish(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""

    def _located(self, error: IntegrityError, block: int) -> IntegrityError:
        geometry = self._state.geometry
        place = Place(disk=self._disk, offset_bytes=block * geometry.block_bytes, length_bytes=geometry.length_of(block))
        return error.within(place)
