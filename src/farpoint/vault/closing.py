"""The verifying walk: proves that everything under a map is present, live and sound here, and marks its nodes closed.

The only code that sets the closed mark. Closed subtrees are leaned on and not entered, so a walk costs what changed. A node is
closed after its children, a group at a time; a crash in between leaves correct marks on the lower ones.
"""

import datetime as dt
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Protocol

from attrs import frozen

from farpoint.bucket.names import pack_name
from farpoint.codec.node_format import Node
from farpoint.errors import NOWHERE, IntegrityError, Place
from farpoint.model.disk import FANOUT, DiskState
from farpoint.model.ids import ChunkId, NodeId, PackId
from farpoint.model.index import NodeRow, PackRecord
from farpoint.model.operations import Claim
from farpoint.vault.index import ChunkIndex
from farpoint.vault.map_shape import check_place
from farpoint.vault.pack_reader import PackReader
from farpoint.vault.scope_reader import ScopeReader

#: Packs whose checks are recorded in one transaction: what a kill costs is reading so many again.
_MARKED_TOGETHER = 8


class Each(Protocol):
    """How a walk calls a function for many packs: one by one, or several at once. Results come in the order of the packs."""

    def __call__(
        self, check: Callable[[PackRecord], PackRecord], records: Iterable[PackRecord], /, *, idle: Callable[[], None]
    ) -> Generator[PackRecord]:
        """Yield what *check* returns, or raise what it raised; *idle* is called now and then while the next one is waited for."""
        ...


def one_by_one(
    check: Callable[[PackRecord], PackRecord],
    records: Iterable[PackRecord],
    /,
    *,
    idle: Callable[[], None],  # noqa: ARG001 - nobody waits: the caller's own thread does the work
) -> Generator[PackRecord]:
    """Check in the caller's thread."""
    yield from map(check, records)


@frozen(kw_only=True)
class Closure:
    """What a closing walk proved."""

    #: Oldest check it leans on; the moment of the walk when it leaned on nothing.
    oldest_check: dt.datetime
    nodes_entered: int
    #: Bytes of packs read back now.
    bytes_read_back: int


class ClosingWalk:
    """One walk over one disk's map."""

    def __init__(
        self, reader: ScopeReader, index: ChunkIndex, packs: PackReader, claim: Claim, now: dt.datetime, each: Each = one_by_one
    ) -> None:
        """Walk in the reader's scope, marking under *claim*; packs are read back by *each*."""
        self._each = each
        self._reader = reader
        self._index = index
        self._packs = packs
        self._claim = claim
        self._now = now
        self._nodes_entered = 0
        self._bytes_read_back = 0
        self._on_step: Callable[[], None] = _nothing

    def close(self, state: DiskState, on_step: Callable[[], None] | None = None) -> Closure:
        """Close the map of *state*. Raises IntegrityError with the disk range when anything below it is missing or unsound.

        *on_step* is called again and again on the way, at least for each pack that is read back.
        """
        self._on_step = on_step or _nothing
        oldest = self._now
        if state.root is not None:
            row = self._index.find_nodes(self._reader.scope, [state.root]).get(state.root)
            oldest = self._close_node(state, state.root, row, level=state.geometry.top_level, index=0)
        return Closure(oldest_check=oldest, nodes_entered=self._nodes_entered, bytes_read_back=self._bytes_read_back)

    def _close_node(self, state: DiskState, node_id: NodeId, row: NodeRow | None, *, level: int, index: int) -> dt.datetime:
        if row is None:
            raise _missing(f"map node {node_id.hex()}", _place(state, level, index))
        if row.closed_since is not None:
            return row.closed_since
        try:
            oldest = self._prove(state, node_id, row, level=level, index=index)
        except IntegrityError as error:
            if error.place.offset_bytes is None:
                raise error.within(_place(state, level, index)) from error
            raise
        self._index.close_nodes(self._reader.scope, {node_id: oldest}, self._claim)
        return oldest

    def _prove(self, state: DiskState, node_id: NodeId, row: NodeRow, *, level: int, index: int) -> dt.datetime:
        """Return the oldest check that the soundness of a node and of everything below leans on."""
        node = self._enter(state, node_id, row, level, index)
        oldest = self._check_packs([row.location.pack])
        if level == 0:
            return min(oldest, self._check_leaves(state, [(index, node)]))
        if level == 1:
            return min(oldest, self._close_leaves(state, node, index))
        return min(oldest, self._close_children(state, node, level, index))

    def _close_children(self, state: DiskState, node: Node, level: int, index: int) -> dt.datetime:
        oldest = self._now
        rows = self._rows(node)
        for slot, child in enumerate(node.children):
            if child is not None:
                place = index * FANOUT + slot
                oldest = min(oldest, self._close_node(state, NodeId(child), rows.get(NodeId(child)), level=level - 1, index=place))
        return oldest

    def _close_leaves(self, state: DiskState, node: Node, index: int) -> dt.datetime:
        """Close all leaves under a level-1 node with one look-up each of nodes, chunks and packs."""
        oldest, rows = self._now, self._rows(node)
        entered: list[tuple[int, Node]] = []
        packs: set[PackId] = set()
        for slot, child in enumerate(node.children):
            if child is None:
                continue
            place, leaf = index * FANOUT + slot, NodeId(child)
            row = rows.get(leaf)
            if row is None:
                raise _missing(f"map node {leaf.hex()}", _place(state, 0, place))
            if row.closed_since is not None:
                oldest = min(oldest, row.closed_since)
            else:
                entered.append((place, self._enter(state, leaf, row, 0, place)))
                packs.add(row.location.pack)
        oldest = min(oldest, self._check_packs(sorted(packs)), self._check_leaves(state, entered))
        closed = {NodeId(child): oldest for child in node.children if child is not None and rows[NodeId(child)].closed_since is None}
        self._index.close_nodes(self._reader.scope, closed, self._claim)
        return oldest

    def _check_leaves(self, state: DiskState, leaves: Sequence[tuple[int, Node]]) -> dt.datetime:
        wanted = {ChunkId(child) for _, leaf in leaves for child in leaf.children if child is not None}
        found = self._index.find_chunks(self._reader.scope, wanted)
        for index, leaf in leaves:
            for slot, child in enumerate(leaf.children):
                if child is not None and ChunkId(child) not in found:
                    raise _missing(f"chunk {child.hex()}", _block_place(state, index * FANOUT + slot))
        return self._check_packs(sorted({location.pack for location in found.values()}))

    def _check_packs(self, packs: Sequence[PackId]) -> dt.datetime:
        """Read back those packs that never were; return the oldest check of them all."""
        unchecked = self._index.unchecked_packs(packs)
        records = self._index.find_packs(unchecked)
        if lost := unchecked - records.keys():
            raise _missing(f"pack {pack_name(min(lost))}", NOWHERE)
        self._read_back(records)
        self._on_step()
        return min(self._now, self._index.oldest_check(packs) or self._now)

    def _read_back(self, records: Mapping[PackId, PackRecord]) -> None:
        sound: list[PackId] = []
        with closing(self._each(self._check_pack, records.values(), idle=self._on_step)) as checked:
            for record in checked:
                sound.append(record.id)
                self._bytes_read_back += record.size_bytes
                if len(sound) == _MARKED_TOGETHER:
                    self._index.mark_packs_checked(sound, self._now, self._claim)
                    sound = []
                self._on_step()
        if sound:
            self._index.mark_packs_checked(sound, self._now, self._claim)

    def _check_pack(self, record: PackRecord) -> PackRecord:
        self._packs.check_pack(record)
        return record

    def _enter(self, state: DiskState, node_id: NodeId, row: NodeRow, level: int, index: int) -> Node:
        self._nodes_entered += 1
        try:
            node = self._reader.read_uncached(node_id, row)
            check_place(node, state.geometry, level=level, index=index)
        except IntegrityError as error:
            place = Place(pack=pack_name(row.location.pack)).within(_place(state, level, index))
            raise error.within(place) from error
        return node

    def _rows(self, node: Node) -> dict[NodeId, NodeRow]:
        children = {NodeId(child) for child in node.children if child is not None}
        return dict(self._index.find_nodes(self._reader.scope, children))


def _nothing() -> None:
    """Stand in for a caller who shows no progress."""


def _missing(what: str, place: Place) -> IntegrityError:
    return IntegrityError(f"{what} is missing from this vault", place=place)


def _place(state: DiskState, level: int, index: int) -> Place:
    offset, length = state.geometry.range_of(level, index)
    return Place(offset_bytes=offset, length_bytes=length)


def _block_place(state: DiskState, block: int) -> Place:
    return Place(offset_bytes=block * state.block_bytes, length_bytes=state.geometry.length_of(block))
