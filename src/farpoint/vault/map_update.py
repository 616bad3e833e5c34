"""Changing a disk map: apply sorted runs of new block contents to a persistent tree, sharing every subtree that did not change.

Cost follows the runs, not the disk: a subtree no run touches is never loaded, and a run of zeros over an empty or wholly covered
subtree never descends. Pure but for the NodeStore it is given.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from attrs import frozen

from farpoint.codec.node_format import EMPTY_SLOTS, Node
from farpoint.model.disk import FANOUT, DiskState, Geometry
from farpoint.model.ids import ChunkId, NodeId


class NodeStore(Protocol):
    """Where old nodes come from and new ones go."""

    def load(self, node: NodeId) -> Node:
        """Return a node of the old map."""
        ...

    def save(self, *, level: int, block_bytes: int, children: Sequence[bytes | None]) -> NodeId:
        """Store a node that has at least one child; return its id."""
        ...


@frozen
class Run:
    """New contents of *count* blocks from *first* on: their chunk ids (None for zeros), or zeros throughout."""

    first: int
    count: int
    #: One id per block; None when the whole run is zeros.
    ids: tuple[ChunkId | None, ...] | None


def update_map(old: DiskState | None, geometry: Geometry, runs: Iterator[Run], store: NodeStore) -> DiskState:
    """Return the state of a disk of *geometry* that equals *old* except where *runs* (ascending, disjoint) say otherwise.

    Blocks past the old end are zeros unless a run covers them; blocks past the new end are dropped. A state of another block
    size cannot be the base of an update: pass None and cover the whole disk.
    """
    if old is not None and old.block_bytes != geometry.block_bytes:
        message = f"a map of {old.block_bytes}-byte blocks cannot be updated with {geometry.block_bytes}-byte blocks"
        raise ValueError(message)
    edit = _Edit(geometry, _Cursor(runs), store)
    root = None if old is None else edit.fit(old)
    return DiskState(geometry=geometry, root=edit.apply(geometry.top_level, 0, root))


class _Cursor:
    """The runs, with the front one cut as it is used up."""

    def __init__(self, runs: Iterator[Run]) -> None:
        self._runs = runs
        self.front: Run | None = None
        self._last_end = 0
        self.take_next()

    def take_next(self) -> None:
        self.front = next(self._runs, None)
        if self.front is not None:
            assert self.front.first >= self._last_end, "runs must ascend and not overlap"
            self._last_end = self.front.first + self.front.count

    def drop(self, blocks: int) -> None:
        """Use up the first *blocks* blocks of the front run."""
        run = self.front
        assert run is not None, "only a run that is there can be dropped"
        if blocks >= run.count:
            self.take_next()
        else:
            self.front = Run(run.first + blocks, run.count - blocks, None if run.ids is None else run.ids[blocks:])


class _Edit:
    """One update, with what stays the same during its recursion."""

    def __init__(self, geometry: Geometry, cursor: _Cursor, store: NodeStore) -> None:
        self._geometry = geometry
        self._cursor = cursor
        self._store = store

    def apply(self, level: int, index: int, old: NodeId | None) -> NodeId | None:
        """Return the id of the node at (level, index) after the update."""
        reach = FANOUT ** (level + 1)
        start, end = index * reach, (index + 1) * reach
        run = self._cursor.front
        if run is None or run.first >= end:
            return old
        last = min(end, self._geometry.block_count)
        if run.ids is None and run.first <= start and run.first + run.count >= last:
            self._cursor.drop(last - run.first)
            return None
        before = EMPTY_SLOTS if old is None else self._store.load(old).children
        after = list(before)
        if level == 0:
            self._fill(after, start, end)
        else:
            self._descend(after, level, index, end)
        return self._settle(level, old, before, after)

    def _descend(self, slots: list[bytes | None], level: int, index: int, end: int) -> None:
        reach = FANOUT**level
        while (run := self._cursor.front) is not None and run.first < end:
            child = run.first // reach
            slot = child - index * FANOUT
            node = slots[slot]
            slots[slot] = self.apply(level - 1, child, None if node is None else NodeId(node))

    def _fill(self, slots: list[bytes | None], start: int, end: int) -> None:
        while (run := self._cursor.front) is not None and run.first < end:
            count = min(run.count, end - run.first)
            first = run.first - start
            slots[first : first + count] = [None] * count if run.ids is None else run.ids[:count]
            self._cursor.drop(count)

    def _settle(self, level: int, old: NodeId | None, before: Sequence[bytes | None], after: list[bytes | None]) -> NodeId | None:
        if not any(child is not None for child in after):
            return None
        if old is not None and tuple(after) == tuple(before):
            return old
        return self._store.save(level=level, block_bytes=self._geometry.block_bytes, children=after)

    def fit(self, old: DiskState) -> NodeId | None:
        """Give the old map the new height and cut it at the new end."""
        root, level, top = old.root, old.geometry.top_level, self._geometry.top_level
        while root is not None and level > top:
            child = self._store.load(root).children[0]
            root, level = (None if child is None else NodeId(child)), level - 1
        while root is not None and level < top:
            level += 1
            root = self._store.save(level=level, block_bytes=self._geometry.block_bytes, children=[root, *EMPTY_SLOTS[1:]])
        return root if self._geometry.block_count >= old.geometry.block_count else self._cut(top, 0, root)

    def _cut(self, level: int, index: int, node: NodeId | None) -> NodeId | None:
        """Drop everything at and after the new end."""
        reach, end = FANOUT**level, self._geometry.block_count
        if node is None or index * reach * FANOUT >= end:
            return None
        if (index + 1) * reach * FANOUT <= end:
            return node
        before = self._store.load(node).children
        after = list(before)
        for slot, child in enumerate(before):
            place = index * FANOUT + slot
            if child is not None:
                after[slot] = (None if place >= end else child) if level == 0 else self._cut(level - 1, place, NodeId(child))
        return self._settle(level, node, before, after)
