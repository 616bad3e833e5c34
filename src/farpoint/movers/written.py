"""Proving what an earlier run of a restore wrote, before a later one goes on from there.

Nobody had the target's lock in between: a device may have been formatted, a file changed. Checkpoints say what was written, not
what is there.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

from farpoint.movers.batch_reader import BatchReader
from farpoint.movers.batches import Batch, blocks_per_batch
from farpoint.movers.restore import RestoreParts


def is_as_written(parts: RestoreParts, on_read: Callable[[int], None]) -> bool:
    """Tell whether the target holds the state's own bytes below its synced offset; *on_read* is told the bytes read so far."""
    read_bytes = 0

    def idle() -> None:
        on_read(read_bytes)

    with closing(parts.lanes.run(lambda: _ProvingLane(parts), _batches(parts), idle=idle)) as results:
        for length, same in results:
            if not same:
                return False
            read_bytes += length
            on_read(read_bytes)
    return True


def _batches(parts: RestoreParts) -> Iterator[Batch]:
    """Cut the blocks below the synced offset into batches; one that it cuts through is written again anyway."""
    geometry, step = parts.state.geometry, blocks_per_batch(parts.state.geometry)
    end = geometry.block_count if parts.target.synced_bytes >= geometry.size_bytes else parts.target.synced_bytes // geometry.block_bytes
    for first in range(0, end, step):
        yield Batch(first, min(step, end - first), zeros=False)


class _ProvingLane:
    """Reads back and compares with the map."""

    def __init__(self, parts: RestoreParts) -> None:
        self._reader = parts.vault.reader(parts.scope)
        self._state = parts.state
        self._blocks = BatchReader(parts.target, parts.state.geometry)

    def work(self, item: Batch) -> tuple[int, bool]:
        expected = self._reader.chunk_ids(self._state, range(item.first, item.first + item.count))
        return item.count * self._state.block_bytes, list(self._blocks.read(item)) == list(expected)

    def finish(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""
