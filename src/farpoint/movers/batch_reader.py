"""One lane's reading end: a batch of a disk in one reused buffer, hashed block by block."""

from farpoint.codec.digest import chunk_id
from farpoint.disks.source import BlockReader
from farpoint.model.disk import Geometry
from farpoint.model.ids import ChunkId
from farpoint.movers.batches import Batch, blocks_per_batch


class BatchReader:
    """Not thread-safe: one per lane."""

    def __init__(self, source: BlockReader, geometry: Geometry) -> None:
        """Read from *source* in blocks of *geometry*."""
        self._source = source
        self._geometry = geometry
        # No batch has more blocks than the disk.
        self._buffer = bytearray(min(blocks_per_batch(geometry), geometry.block_count) * geometry.block_bytes)
        self._view = memoryview(self._buffer)
        self._zeros = bytes(geometry.block_bytes)

    def read(self, batch: Batch) -> tuple[ChunkId | None, ...]:
        """Read a batch of data blocks; return their ids, None for those that hold zeros only."""
        block_bytes = self._geometry.block_bytes
        self._source.read_into(batch.first * block_bytes, self._view[: batch.count * block_bytes])
        return tuple(self._identify(slot * block_bytes) for slot in range(batch.count))

    def raw(self, slot: int) -> memoryview:
        """Return the bytes of the batch's block number *slot*; valid until the next read."""
        block_bytes = self._geometry.block_bytes
        return self._view[slot * block_bytes : (slot + 1) * block_bytes]

    def _identify(self, offset: int) -> ChunkId | None:
        # bytearray.startswith compares in place (memcmp); comparing memoryviews would be 80 times slower.
        if self._buffer.startswith(self._zeros, offset):
            return None
        return chunk_id(self._view[offset : offset + self._geometry.block_bytes])
