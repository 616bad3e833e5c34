"""Planning a copy: walk the source's map against what this vault has closed, and list exactly what must travel.

Closed subtrees are not entered, so planning costs what differs. Nodes that are fetched are stored at once (they will be needed,
and a 6 TiB map does not fit in memory) but not closed. The list itself lives in a PlanStore, for the same reason.
"""

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from farpoint.codec.digest import node_id
from farpoint.codec.node_format import Node, decode_node
from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import FANOUT, DiskState
from farpoint.model.ids import ChunkId, NodeId, ScopeId
from farpoint.model.index import PlannedChunk
from farpoint.model.operations import Claim
from farpoint.movers.ports import NodePath, PlanStore, SourceRegion
from farpoint.vault.map_shape import check_place
from farpoint.vault.vault import Vault

#: Nodes asked for in one request, and leaves measured together: 256 leaves are 4 GiB of disk at the default block size.
GROUP_NODES = 256


@frozen
class _Placed:
    """A node and where it stands."""

    index: int
    id: NodeId


@frozen(kw_only=True)
class PlanParts:
    """What planning works with."""

    vault: Vault
    source: SourceRegion
    token: str
    scope: ScopeId
    store: PlanStore
    claim: Claim


def plan_disk(parts: PlanParts, disk: str, state: DiskState, *, on_group: Callable[[], None] | None = None) -> int:
    """Add to the plan every chunk of *state* that this vault lacks; return the nodes compared. *on_group* is called on the way."""
    planner = _Planner(parts, disk, state)
    if state.root is not None:
        for _ in planner.walk(state.root):
            if on_group is not None:
                on_group()
    planner.nodes.flush()
    return planner.compared


class _Planner:
    """One disk's walk, group by group, leftmost first."""

    def __init__(self, parts: PlanParts, disk: str, state: DiskState) -> None:
        self._parts = parts
        self._disk = disk
        self._state = state
        self._index = parts.vault.index
        self._reader = parts.vault.reader(parts.scope)
        self.nodes = parts.vault.node_store(parts.scope, parts.claim, read_back=True)
        self.compared = 0

    def walk(self, root: NodeId) -> Iterator[None]:
        """Compare everything below *root*; yield after each group."""
        stack = [(self._state.geometry.top_level, [_Placed(0, root)])]
        while stack:
            level, group = stack.pop()
            opened = self._open_group(level, group)
            if level == 0:
                self._plan_leaves(opened)
            else:
                stack.extend(reversed(self._children(level, opened)))
            yield

    def _open_group(self, level: int, group: Sequence[_Placed]) -> list[tuple[int, Node]]:
        """Return the nodes of *group* that are not closed here, fetching those that are absent."""
        self.compared += len(group)
        rows = self._index.find_nodes(self._parts.scope, [placed.id for placed in group])
        wanted = [placed for placed in group if placed.id not in rows or rows[placed.id].closed_since is None]
        absent = [placed for placed in wanted if placed.id not in rows]
        fetched = self._fetch(level, absent)
        return [(placed.index, fetched.get(placed.index) or self._reader.node(placed.id)) for placed in wanted]

    def _fetch(self, level: int, absent: Sequence[_Placed]) -> dict[int, Node]:
        if not absent:
            return {}
        paths = [NodePath(level=level, index=placed.index) for placed in absent]
        encoded = self._parts.source.nodes(self._parts.token, disk=self._disk, paths=paths)
        fetched = {}
        for placed, data in zip(absent, encoded, strict=True):
            node = self._prove(placed, data, level)
            self.nodes.put(data)
            fetched[placed.index] = node
        return fetched

    def _prove(self, placed: _Placed, data: bytes, level: int) -> Node:
        offset, length = self._state.geometry.range_of(level, placed.index)
        try:
            if node_id(data) != placed.id:
                message = f"the source sent a map node that is not {placed.id.hex()}"
                raise IntegrityError(message)
            node = decode_node(data)
            check_place(node, self._state.geometry, level=level, index=placed.index)
        except IntegrityError as error:
            raise error.within(Place(disk=self._disk, offset_bytes=offset, length_bytes=length)) from error
        return node

    def _children(self, level: int, opened: Sequence[tuple[int, Node]]) -> list[tuple[int, list[_Placed]]]:
        placed = [
            _Placed(index * FANOUT + slot, NodeId(child))
            for index, node in opened
            for slot, child in enumerate(node.children)
            if child is not None
        ]
        return [(level - 1, placed[start : start + GROUP_NODES]) for start in range(0, len(placed), GROUP_NODES)]

    def _plan_leaves(self, leaves: Sequence[tuple[int, Node]]) -> None:
        places: dict[ChunkId, int] = {}
        for index, leaf in leaves:
            for slot, child in enumerate(leaf.children):
                if child is not None:
                    places.setdefault(ChunkId(child), index * FANOUT + slot)
        found = self._index.find_chunks(self._parts.scope, places.keys())
        missing = sorted((block, chunk) for chunk, block in places.items() if chunk not in found)
        if not missing:
            return
        lengths = self._parts.source.measure(self._parts.token, disk=self._disk, blocks=[block for block, _ in missing])
        planned = [
            PlannedChunk(disk=self._disk, block=block, chunk=chunk, wire_bytes=length)
            for (block, chunk), length in zip(missing, lengths, strict=True)
        ]
        self._parts.store.add(self._parts.claim, planned)
