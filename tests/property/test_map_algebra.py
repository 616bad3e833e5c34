"""Disk maps against a plain model: a dictionary of block contents, changed by runs over several generations, growing and shrinking."""

import itertools
from collections.abc import Iterator, Sequence

from attrs import field, frozen
from hypothesis import event, given, settings
from hypothesis import strategies as st

from farpoint.codec.digest import node_id
from farpoint.codec.node_format import Node, decode_node, encode_node
from farpoint.model.disk import BLOCK_BYTES_MIN, FANOUT, DiskState, Geometry
from farpoint.model.ids import ChunkId, NodeId
from farpoint.vault.map_update import Run, update_map

#: Few contents, so that the same blocks and subtrees come back.
CONTENTS = [ChunkId(bytes([number]) * 32) for number in range(1, 4)]
#: Blocks of disks whose maps are 1, 2, 3 and 4 levels high.
HEIGHTS = [(1, FANOUT), (FANOUT + 1, FANOUT**2), (FANOUT**2 + 1, FANOUT**3), (FANOUT**3 + 1, FANOUT**4)]
DATA_RUN_MAX = 150

Model = dict[int, ChunkId]


class Shelf:
    """Keeps nodes and remembers what was asked of it."""

    def __init__(self) -> None:
        self.nodes: dict[NodeId, Node] = {}
        self.loaded: list[NodeId] = []
        self.saved: list[NodeId] = []

    def load(self, node: NodeId) -> Node:
        self.loaded.append(node)
        return self.nodes[node]

    def save(self, *, level: int, block_bytes: int, children: Sequence[bytes | None]) -> NodeId:
        encoded = encode_node(level=level, block_bytes=block_bytes, children=children)
        made = node_id(encoded)
        self.nodes[made] = decode_node(encoded)
        self.saved.append(made)
        return made


@frozen
class Generation:
    """A size, and what is written to a disk of that size."""

    block_count: int
    #: What is missing of a whole last block.
    short_bytes: int
    runs: list[Run] = field(repr=lambda runs: str([(run.first, run.count, run.ids and len(run.ids)) for run in runs]))

    @property
    def geometry(self) -> Geometry:
        return Geometry(size_bytes=self.block_count * BLOCK_BYTES_MIN - self.short_bytes, block_bytes=BLOCK_BYTES_MIN)


@st.composite
def generations(draw: st.DrawFn) -> Generation:
    low, high = draw(st.sampled_from(HEIGHTS))
    block_count = draw(st.integers(low, high))
    cuts = sorted(draw(st.sets(st.integers(0, block_count), max_size=12)))
    runs = [run for first, end in itertools.pairwise(cuts) if (run := draw(one_run(first, end - first))) is not None]
    return Generation(block_count, 512 * draw(st.integers(0, 3)), runs)


@st.composite
def one_run(draw: st.DrawFn, first: int, room: int) -> Run | None:
    kind = draw(st.sampled_from(["zeros", "data", "mixed", "nothing"]))
    if kind == "nothing":
        return None
    if kind == "zeros":
        return Run(first, draw(st.sampled_from([room, max(1, room // 2)])), None)
    count = min(room, draw(st.integers(1, DATA_RUN_MAX)))
    if kind == "data":
        return Run(first, count, (draw(st.sampled_from(CONTENTS)),) * count)
    contents = st.one_of(st.none(), st.sampled_from(CONTENTS))
    few = draw(st.lists(contents, min_size=1, max_size=8))
    return Run(first, count, tuple(few[slot % len(few)] for slot in range(count)))


def changed(model: Model, generation: Generation) -> Model:
    after = {block: chunk for block, chunk in model.items() if block < generation.block_count}
    for run in generation.runs:
        end = run.first + run.count
        after = {block: chunk for block, chunk in after.items() if not run.first <= block < end}
        for slot, chunk in enumerate(run.ids or ()):
            if chunk is not None:
                after[run.first + slot] = chunk
    return after


def expand(shelf: Shelf, state: DiskState) -> Model:
    found: Model = {}
    for node, level, index in every_node(shelf, state):
        if level == 0:
            found |= {index * FANOUT + slot: ChunkId(one) for slot, one in enumerate(shelf.nodes[node].children) if one is not None}
    return found


def every_node(shelf: Shelf, state: DiskState) -> Iterator[tuple[NodeId, int, int]]:
    stack = [] if state.root is None else [(state.root, state.geometry.top_level, 0)]
    while stack:
        node, level, index = stack.pop()
        assert shelf.nodes[node].level == level
        yield node, level, index
        if level:
            children = enumerate(shelf.nodes[node].children)
            stack += [(NodeId(child), level - 1, index * FANOUT + slot) for slot, child in children if child is not None]


def build(shelf: Shelf, geometry: Geometry, model: Model) -> DiskState:
    """Make the map of *model* from nothing, a block at a time."""
    return update_map(None, geometry, iter([Run(block, 1, (model[block],)) for block in sorted(model)]), shelf)


def touched(runs: Sequence[Run], level: int, index: int) -> bool:
    reach = FANOUT ** (level + 1)
    return any(run.first < (index + 1) * reach and index * reach < run.first + run.count for run in runs)


@given(st.lists(generations(), min_size=1, max_size=5))
@settings(max_examples=150)
def test_a_map_holds_what_was_written_whatever_its_history(history: list[Generation]) -> None:
    shelf, model, state = Shelf(), Model(), None
    for generation in history:
        state = update_map(state, generation.geometry, iter(generation.runs), shelf)
        model = changed(model, generation)
        assert state.geometry == generation.geometry
        assert expand(shelf, state) == model
        assert state == build(Shelf(), generation.geometry, model)
        event(f"top level {state.geometry.top_level}")


@given(st.lists(generations(), min_size=2, max_size=4))
@settings(max_examples=60)
def test_equal_roots_are_equal_contents(history: list[Generation]) -> None:
    shelf, model, state = Shelf(), Model(), None
    seen: dict[tuple[int, NodeId | None], Model] = {}
    for generation in history:
        state = update_map(state, generation.geometry, iter(generation.runs), shelf)
        model = changed(model, generation)
        key = (state.geometry.top_level, state.root)
        assert seen.setdefault(key, model) == model


@given(generations(), st.data())
@settings(max_examples=100)
def test_what_no_run_touches_is_neither_loaded_nor_written(first: Generation, data: st.DataObject) -> None:
    shelf = Shelf()
    before = update_map(None, first.geometry, iter(first.runs), shelf)
    cuts = sorted(data.draw(st.sets(st.integers(0, first.block_count), max_size=4)))
    found = [data.draw(one_run(start, end - start)) for start, end in itertools.pairwise(cuts)]
    runs = [run for run in found if run is not None]
    old = {(level, index): node for node, level, index in every_node(shelf, before)}
    shelf.loaded.clear()
    shelf.saved.clear()
    after = update_map(before, first.geometry, iter(runs), shelf)
    loadable = {node for place, node in old.items() if touched(runs, *place)}
    assert set(shelf.loaded) <= loadable
    new = {(level, index): node for node, level, index in every_node(shelf, after)}
    untouched = [place for place in old.keys() | new.keys() if not touched(runs, *place)]
    assert {place: new.get(place) for place in untouched} == {place: old.get(place) for place in untouched}
    assert set(shelf.saved) <= {node for place, node in new.items() if touched(runs, *place)}


@given(generations())
@settings(max_examples=60)
def test_writing_what_is_there_changes_and_stores_nothing(generation: Generation) -> None:
    shelf = Shelf()
    before = update_map(None, generation.geometry, iter(generation.runs), shelf)
    shelf.saved.clear()
    assert update_map(before, generation.geometry, iter(generation.runs), shelf) == before
    assert shelf.saved == []


@given(generations())
@settings(max_examples=30)
def test_a_disk_of_zeros_has_no_map(generation: Generation) -> None:
    shelf = Shelf()
    before = update_map(None, generation.geometry, iter(generation.runs), shelf)
    shelf.loaded.clear()
    wiped = update_map(before, generation.geometry, iter([Run(0, generation.block_count, None)]), shelf)
    assert wiped.root is None
    assert shelf.loaded == []
