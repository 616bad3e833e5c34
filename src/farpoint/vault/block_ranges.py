"""Which blocks of a disk hold data, and which differ between two states of it: from the maps alone, no chunk is read."""

from collections.abc import Iterable, Iterator
from enum import Enum

from attrs import frozen

from farpoint.codec.node_format import EMPTY_SLOTS
from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import FANOUT, DiskState
from farpoint.model.ids import NodeId
from farpoint.vault.map_walk import walk_leaves
from farpoint.vault.scope_reader import ScopeReader


class Change(Enum):
    """What became of a block."""

    #: It holds data, and not what it held before.
    WRITTEN = "written"
    #: It held data and is zeros now.
    CLEARED = "cleared"


@frozen
class BlockRange:
    """The blocks from *first* to before *end*, all of one kind."""

    first: int
    end: int


@frozen
class ChangedRange(BlockRange):
    """A range of blocks that all changed in the same way."""

    change: Change


@frozen(kw_only=True)
class MapSide:
    """One of the two states that are compared, and where its map is read."""

    reader: ScopeReader
    state: DiskState
    #: Disk name, for error messages.
    disk: str


def data_ranges(side: MapSide, *, first: int = 0, end: int | None = None) -> Iterator[BlockRange]:
    """Yield the ranges of blocks from *first* to before *end* that hold data, ascending, those that touch joined into one."""
    limit = side.state.geometry.block_count if end is None else end
    start = stop = first
    for leaf in walk_leaves(side.reader, side.state, from_block=first, disk=side.disk):
        if leaf.first_block >= limit:
            break
        for block, _ in leaf.blocks:
            if block >= limit:
                break
            if block > stop:
                if stop > start:
                    yield BlockRange(start, stop)
                start = block
            stop = block + 1
    if stop > start:
        yield BlockRange(start, stop)


def changed_ranges(new: MapSide, old: MapSide) -> Iterator[ChangedRange]:
    """Yield how *new* differs from *old*, ascending, ranges that touch and changed alike joined into one.

    Subtrees with equal ids are equal and are not looked at, so the cost follows the change. What lies past the end of *old* was
    zeros; what lies past the end of *new* is not spoken of. Both must have the same block size.
    """
    if new.state.block_bytes != old.state.block_bytes:
        message = "maps of different block sizes cannot be compared"
        raise ValueError(message)
    yield from _joined(_Comparison(new, old).changes())


@frozen
class _Comparison:
    new: MapSide
    old: MapSide

    def changes(self) -> Iterator[tuple[int, Change]]:
        """Yield each block that changed."""
        level = max(self.new.state.geometry.top_level, self.old.state.geometry.top_level)
        yield from self._below(self._lifted(self.new, level), self._lifted(self.old, level), level=level, index=0)

    def _below(self, new: "_Subtree", old: "_Subtree", *, level: int, index: int) -> Iterator[tuple[int, Change]]:
        if new.id == old.id or index * FANOUT ** (level + 1) >= self.new.state.geometry.block_count:
            return
        before, after = old.children(level, index), new.children(level, index)
        for slot in range(FANOUT):
            if before[slot] == after[slot]:
                continue
            place = index * FANOUT + slot
            if level > 0:
                yield from self._below(new.child(after[slot]), old.child(before[slot]), level=level - 1, index=place)
            elif place < self.new.state.geometry.block_count:
                yield place, Change.CLEARED if after[slot] is None else Change.WRITTEN

    def _lifted(self, side: MapSide, level: int) -> "_Subtree":
        return _Subtree(side, side.state.root, level - side.state.geometry.top_level)


@frozen
class _Subtree:
    """A node of one side's map, or zeros; or one above the root of the lower map, whose first child leads to it."""

    side: MapSide
    id: NodeId | None
    #: How many levels above its map's root this one is thought.
    above: int = 0

    def children(self, level: int, index: int) -> tuple[bytes | None, ...]:
        if self.id is None:
            return EMPTY_SLOTS
        if self.above:
            return (self.id, *EMPTY_SLOTS[1:])
        try:
            return self.side.reader.node(self.id).children
        except IntegrityError as error:
            offset, length = self.side.state.geometry.range_of(level, index)
            raise error.within(Place(disk=self.side.disk, offset_bytes=offset, length_bytes=length)) from error

    def child(self, child: bytes | None) -> "_Subtree":
        return _Subtree(self.side, None if child is None else NodeId(child), max(0, self.above - 1))


def _joined(changes: Iterable[tuple[int, Change]]) -> Iterator[ChangedRange]:
    start, stop, kind = 0, 0, Change.WRITTEN
    for block, change in changes:
        if block != stop or change is not kind:
            if stop > start:
                yield ChangedRange(start, stop, kind)
            start, kind = block, change
        stop = block + 1
    if stop > start:
        yield ChangedRange(start, stop, kind)
