"""The digest of a disk as it is now: read it back and recompute its map root, storing nothing."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from farpoint.codec.digest import node_id
from farpoint.codec.node_format import Node, encode_node
from farpoint.disks.source import BlockSource
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.ids import NodeId
from farpoint.movers.batch_reader import BatchReader
from farpoint.movers.batches import Batch, cut_batches
from farpoint.movers.lanes import Lane, Lanes
from farpoint.vault.map_update import Run, update_map


def compute_state(source: BlockSource, geometry: Geometry, lanes: Lanes, on_read: Callable[[int], None]) -> DiskState:
    """Return the state of the disk behind *source*; equal states are equal disks, byte for byte."""
    return digest_runs(lambda: _DigestLane(source, geometry), source, geometry, lanes, on_read)


def digest_runs(
    make_lane: Callable[[], Lane[Batch, Run]], source: BlockSource, geometry: Geometry, lanes: Lanes, on_read: Callable[[int], None]
) -> DiskState:
    """Read the whole disk through lanes of the caller's; return the state that their runs add up to."""
    read_bytes = 0

    def idle() -> None:
        on_read(read_bytes)

    def runs() -> Generator[Run]:
        nonlocal read_bytes
        with closing(lanes.run(make_lane, cut_batches(source.extents(), geometry), idle=idle)) as found:
            for run in found:
                if run.ids is not None:
                    read_bytes += (run.count - 1) * geometry.block_bytes + geometry.length_of(run.first + run.count - 1)
                on_read(read_bytes)
                yield run

    with closing(runs()) as contents:
        return update_map(None, geometry, contents, _NoStore())


class _NoStore:
    """Names nodes without keeping them: a map built from nothing never loads one."""

    def load(self, node: NodeId) -> Node:
        raise LookupError(node)

    def save(self, *, level: int, block_bytes: int, children: Sequence[bytes | None]) -> NodeId:
        return node_id(encode_node(level=level, block_bytes=block_bytes, children=children))


class _DigestLane:
    """Reads and hashes."""

    def __init__(self, source: BlockSource, geometry: Geometry) -> None:
        self._blocks = BatchReader(source, geometry)

    def work(self, item: Batch) -> Run:
        return Run(item.first, item.count, None if item.zeros else self._blocks.read(item))

    def finish(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""
