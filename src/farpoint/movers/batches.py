"""Cutting a disk into batches of whole blocks: pure functions from extents to work items."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from farpoint.model.disk import Extent, ExtentKind, Geometry
from farpoint.units import MIB

#: What one lane reads, hashes and writes at a time.
BATCH_BYTES = 4 * MIB


@frozen
class Batch:
    """*count* blocks from *first* on: to be read, or known to be zeros."""

    first: int
    count: int
    zeros: bool


def blocks_per_batch(geometry: Geometry) -> int:
    """Return how many blocks make a batch."""
    return max(1, BATCH_BYTES // geometry.block_bytes)


def cut_batches(extents: Iterable[Extent], geometry: Geometry) -> Iterator[Batch]:
    """Cover the whole disk, in order: blocks touched by DATA in batches, runs of untouched blocks as one batch of zeros each."""
    step, done = blocks_per_batch(geometry), 0
    for first, end in _data_ranges(extents, geometry.block_bytes):
        if first > done:
            yield Batch(done, first - done, zeros=True)
        for start in range(first, end, step):
            yield Batch(start, min(step, end - start), zeros=False)
        done = end
    if done < geometry.block_count:
        yield Batch(done, geometry.block_count - done, zeros=True)


def data_bytes(extents: Iterable[Extent], geometry: Geometry) -> int:
    """Return how many bytes a capture of these extents reads: DATA widened to whole blocks, cut at the disk's end."""
    ranges = _data_ranges(extents, geometry.block_bytes)
    return sum(min(end * geometry.block_bytes, geometry.size_bytes) - first * geometry.block_bytes for first, end in ranges)


def _data_ranges(extents: Iterable[Extent], block_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield disjoint, ascending block ranges that DATA extents touch."""
    first, end = 0, 0
    for extent in extents:
        if extent.kind is ExtentKind.ZERO:
            continue
        start = extent.offset_bytes // block_bytes
        if start > end:
            if end > first:
                yield first, end
            first = start
        end = -(-extent.end_bytes // block_bytes)
    if end > first:
        yield first, end
