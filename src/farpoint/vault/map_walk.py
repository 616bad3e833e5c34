"""Walking a disk map in disk order, a leaf at a time."""

from collections.abc import Iterator

from attrs import frozen

from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import FANOUT, DiskState, Geometry
from farpoint.model.ids import ChunkId, NodeId
from farpoint.vault.scope_reader import ScopeReader


@frozen
class Leaf:
    """One leaf's blocks that hold data."""

    #: Number of the leaf's first block.
    first_block: int
    #: (block number, chunk id), ascending.
    blocks: tuple[tuple[int, ChunkId], ...]


def walk_leaves(reader: ScopeReader, state: DiskState, *, from_block: int = 0, disk: str | None = None) -> Iterator[Leaf]:
    """Yield the leaves of *state* that hold data at or after *from_block*, in disk order; holes cost nothing.

    Raises IntegrityError naming the range of *disk* below a node that is missing or damaged.
    """
    if state.root is not None:
        yield from _Walk(reader, state.geometry, from_block, disk).below(state.root, level=state.geometry.top_level, index=0)


@frozen
class _Walk:
    reader: ScopeReader
    geometry: Geometry
    from_block: int
    disk: str | None

    def below(self, node: NodeId, *, level: int, index: int) -> Iterator[Leaf]:
        if (index + 1) * FANOUT ** (level + 1) <= self.from_block:
            return
        children = self._children(node, level=level, index=index)
        if level == 0:
            first = index * FANOUT
            blocks = ((first + slot, ChunkId(child)) for slot, child in enumerate(children) if child is not None)
            data = tuple((block, chunk) for block, chunk in blocks if block >= self.from_block)
            if data:
                yield Leaf(first, data)
            return
        for slot, child in enumerate(children):
            if child is not None:
                yield from self.below(NodeId(child), level=level - 1, index=index * FANOUT + slot)

    def _children(self, node: NodeId, *, level: int, index: int) -> tuple[bytes | None, ...]:
        try:
            return self.reader.node(node).children
        except IntegrityError as error:
            offset, length = self.geometry.range_of(level, index)
            raise error.within(Place(disk=self.disk, offset_bytes=offset, length_bytes=length)) from error
