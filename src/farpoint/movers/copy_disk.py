"""Copy: write what one disk holds to another, in whole blocks; zeros become holes where the target has holes.

Each lane reads a batch into its own buffer, hashes it block by block and writes it; the consumer makes the map root of what was
copied from the hashes, storing nothing.
"""

from collections.abc import Callable

from farpoint.disks.source import BlockSource
from farpoint.disks.target import RestoreTarget
from farpoint.model.disk import DiskState, Geometry
from farpoint.movers.batch_reader import BatchReader
from farpoint.movers.batches import Batch
from farpoint.movers.disk_digest import digest_runs
from farpoint.movers.lanes import Lanes
from farpoint.vault.map_update import Run


def copy_disk(source: BlockSource, geometry: Geometry, target: RestoreTarget, lanes: Lanes, on_copied: Callable[[int], None]) -> DiskState:
    """Write the whole disk to *target*, which the caller publishes if the source stood still; return the state that was copied."""
    return digest_runs(lambda: _CopyLane(source, geometry, target), source, geometry, lanes, on_copied)


class _CopyLane:
    """Reads, hashes, writes."""

    def __init__(self, source: BlockSource, geometry: Geometry, target: RestoreTarget) -> None:
        self._blocks = BatchReader(source, geometry)
        self._geometry = geometry
        self._target = target

    def work(self, item: Batch) -> Run:
        if item.zeros:
            self._write_zeros(item.first, item.count)
            return Run(item.first, item.count, None)
        ids = self._blocks.read(item)
        for slot, chunk in enumerate(ids):
            block = item.first + slot
            if chunk is None:
                self._write_zeros(block, 1)
            else:
                self._target.write_at(block * self._geometry.block_bytes, self._blocks.raw(slot)[: self._geometry.length_of(block)])
        return Run(item.first, item.count, ids)

    def finish(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""

    def _write_zeros(self, first: int, count: int) -> None:
        start = first * self._geometry.block_bytes
        end = min((first + count) * self._geometry.block_bytes, self._geometry.size_bytes)
        self._target.write_zeros(start, end - start)
