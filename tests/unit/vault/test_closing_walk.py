"""The verifying walk: presence proves nothing, closed subtrees are leaned on, and a crash leaves right marks."""

import datetime as dt
from functools import partial

import pytest

from farpoint.bucket.names import pack_name, pack_of_name
from farpoint.codec.digest import node_id
from farpoint.errors import IntegrityError, SupersededError
from farpoint.model.disk import BLOCK_BYTES_MIN, FANOUT, DiskState
from farpoint.model.ids import ChunkId, NodeId, PackId
from farpoint.model.index import PackKind
from farpoint.movers.lanes import InlineLanes, Lanes, ThreadLanes, each
from farpoint.testing.small_vault import SmallVault
from farpoint.testing.vault_source import VaultSource
from farpoint.vault.closing import Closure

#: Two levels: a root and three leaves, the middle one empty.
BLOCKS = 3 * FANOUT
DATA_BLOCKS = (0, 1, FANOUT - 1, 2 * FANOUT, BLOCKS - 1)


def contents(blocks: tuple[int, ...] = DATA_BLOCKS, *, changed: tuple[int, ...] = ()) -> bytes:
    data = bytearray(BLOCKS * BLOCK_BYTES_MIN)
    for block in blocks:
        words = f"{'changed ' if block in changed else ''}block {block}".encode()
        data[block * BLOCK_BYTES_MIN : block * BLOCK_BYTES_MIN + len(words)] = words
    return bytes(data)


@pytest.fixture
def vault() -> SmallVault:
    return SmallVault("eastus", seed=1)


@pytest.fixture
def copied() -> tuple[SmallVault, DiskState]:
    """Fetch a map from elsewhere: its packs were never read back."""
    east, west = SmallVault("eastus", seed=1), SmallVault("westus", seed=2)
    state = east.capture(contents()).state
    west.fetch(VaultSource(east.vault.reader(east.scope), {"disk": state}), "disk", state)
    return west, state


def walk(vault: SmallVault, state: DiskState, *, lanes: Lanes | None = None) -> Closure:
    return vault.vault.close(vault.scope, state, vault.claim, each=partial(each, lanes or InlineLanes()))


def marks(vault: SmallVault, state: DiskState) -> dict[tuple[int, int], dt.datetime | None]:
    """Return the closed mark of every node, by level and index."""
    found = {}
    for level in range(state.geometry.top_level + 1):
        for index in range(FANOUT ** (state.geometry.top_level - level)):
            node = vault.vault.reader(vault.scope).node_at(state, level, index)
            if node is not None:
                found[level, index] = mark_of(vault, node.encoded)
    return found


def mark_of(vault: SmallVault, encoded: bytes) -> dt.datetime | None:
    return vault.index.find_nodes(vault.scope, [node_id(encoded)])[node_id(encoded)].closed_since


def packs_of(vault: SmallVault, kind: PackKind) -> list[str]:
    return [pack_name(record.id) for record in vault.index.packs() if record.kind is kind]


def capture_without(vault: SmallVault, kind: PackKind, *, blocks: tuple[int, ...]) -> DiskState:
    """Capture the disk in two parts, and lose the packs of that kind that the first part, *blocks*, went into."""
    vault.capture(contents(blocks))
    lost = [record.id for record in vault.index.packs() if record.kind is kind]
    state = vault.capture(contents()).state
    vault.index.condemn(lost)
    return state


def test_a_whole_map_is_closed_from_the_leaves_up(vault: SmallVault) -> None:
    state = vault.capture(contents()).state
    assert set(marks(vault, state).values()) == {None}
    closure = walk(vault, state)
    assert set(marks(vault, state)) == {(0, 0), (0, 2), (1, 0)}
    assert set(marks(vault, state).values()) == {vault.clock.now()}
    assert (closure.nodes_entered, closure.oldest_check) == (3, vault.clock.now())


def test_a_disk_of_zeros_is_closed_at_once(vault: SmallVault) -> None:
    state = vault.capture(bytes(BLOCKS * BLOCK_BYTES_MIN)).state
    assert walk(vault, state) == Closure(oldest_check=vault.clock.now(), nodes_entered=0, bytes_read_back=0)


def test_a_present_node_whose_chunk_is_missing_is_not_closed(vault: SmallVault) -> None:
    state = capture_without(vault, PackKind.DATA, blocks=(BLOCKS - 1,))
    assert state.root in vault.index.find_nodes(vault.scope, [root_of(state)])
    with pytest.raises(IntegrityError, match=r"chunk [0-9a-f]{64} is missing") as caught:
        walk(vault, state)
    place = caught.value.place
    assert (place.offset_bytes, place.length_bytes) == ((BLOCKS - 1) * BLOCK_BYTES_MIN, BLOCK_BYTES_MIN)
    assert set(marks(vault, state).values()) == {None}


def test_a_missing_leaf_is_named_by_the_range_below_it(vault: SmallVault) -> None:
    state = capture_without(vault, PackKind.NODES, blocks=(2 * FANOUT, BLOCKS - 1))
    with pytest.raises(IntegrityError, match=r"map node [0-9a-f]{64} is missing") as caught:
        walk(vault, state)
    place = caught.value.place
    assert (place.offset_bytes, place.length_bytes) == (2 * FANOUT * BLOCK_BYTES_MIN, FANOUT * BLOCK_BYTES_MIN)


def test_a_closed_node_speaks_for_what_is_below_until_its_mark_is_cleared(vault: SmallVault) -> None:
    state = vault.capture(contents()).state
    walk(vault, state)
    vault.index.condemn([PackId(bytes.fromhex(name.rsplit("/", 1)[1])) for name in packs_of(vault, PackKind.DATA)])
    # Whoever condemns a chunk clears the marks above it (collection, in one transaction): the walk leans on that.
    assert walk(vault, state).nodes_entered == 0


def test_closed_nodes_are_not_entered_again(vault: SmallVault) -> None:
    state = vault.capture(contents()).state
    checked = vault.clock.now()
    walk(vault, state)
    vault.clock.advance(3600)
    vault.reopen()
    vault.memory.calls.clear()
    assert walk(vault, state) == Closure(oldest_check=checked, nodes_entered=0, bytes_read_back=0)
    assert vault.memory.calls == {}


def test_an_increment_enters_only_what_changed(vault: SmallVault) -> None:
    before = vault.capture(contents()).state
    checked = vault.clock.now()
    walk(vault, before)
    vault.clock.advance(3600)
    after = vault.capture(contents(changed=(BLOCKS - 1,)), parent=before).state
    vault.reopen()
    vault.memory.calls.clear()
    closure = walk(vault, after)
    # Root and last leaf; the first leaf is leaned on, as old as its check is.
    assert (closure.nodes_entered, closure.oldest_check) == (2, checked)
    assert vault.memory.calls.get("read_into") == 2
    # A mark is as old as the oldest check below it.
    assert marks(vault, after) == {(0, 0): checked, (0, 2): checked, (1, 0): checked}


def test_packs_that_were_never_read_back_are_read_back_once(copied: tuple[SmallVault, DiskState]) -> None:
    west, state = copied
    west.memory.calls.clear()
    closure = walk(west, state)
    sizes = {name: west.bucket.size(name) for name in packs_of(west, PackKind.DATA) + packs_of(west, PackKind.NODES)}
    assert closure.bytes_read_back == sum(sizes.values())
    assert west.memory.calls["get"] == len(sizes)
    assert not west.index.unchecked_packs([record.id for record in west.index.packs()])


@pytest.fixture
def many() -> tuple[SmallVault, DiskState]:
    """Fetch a map of ten blocks that came one after the other, so in packs of their own, none of them read back."""
    east, west = SmallVault("eastus", seed=1), SmallVault("westus", seed=2)
    state = None
    for count in range(1, 11):
        state = east.capture(numbered(count), parent=state).state
        west.fetch(VaultSource(east.vault.reader(east.scope), {"disk": state}), "disk", state)
    assert state is not None
    return west, state


def numbered(count: int) -> bytes:
    return b"".join(f"block {block}".encode().ljust(BLOCK_BYTES_MIN, b"\0") for block in range(count)).ljust(
        BLOCKS * BLOCK_BYTES_MIN, b"\0"
    )


@pytest.mark.parametrize("lanes", [InlineLanes(), ThreadLanes(3)], ids=["inline", "threads"])
def test_many_packs_are_read_back_and_recorded_in_groups(many: tuple[SmallVault, DiskState], lanes: Lanes) -> None:
    west, state = many
    data = packs_of(west, PackKind.DATA)
    assert len(data) > 8, "one group and a part of the next"
    closure = walk(west, state, lanes=lanes)
    assert closure.bytes_read_back > sum(west.bucket.size(name) for name in data)
    used = {location.pack for location in west.index.find_chunks(west.scope, chunks_of(west, state)).values()}
    assert not west.index.unchecked_packs(used)


@pytest.mark.parametrize("bad", [0, 5, 9])
@pytest.mark.parametrize("lanes", [InlineLanes(), ThreadLanes(3)], ids=["inline", "threads"])
def test_damage_in_one_of_many_packs_closes_nothing(many: tuple[SmallVault, DiskState], lanes: Lanes, bad: int) -> None:
    west, state = many
    name = packs_of(west, PackKind.DATA)[bad]
    damaged = bytearray(west.memory.objects[name])
    damaged[200] ^= 1
    west.memory.objects[name] = bytes(damaged)
    with pytest.raises(IntegrityError) as caught:
        walk(west, state, lanes=lanes)
    assert caught.value.place.pack == name
    assert set(marks(west, state).values()) == {None}
    assert pack_of_name(name) in west.index.unchecked_packs([record.id for record in west.index.packs()])


def chunks_of(vault: SmallVault, state: DiskState) -> set[ChunkId]:
    ids = vault.vault.reader(vault.scope).chunk_ids(state, range(BLOCKS))
    return {chunk for chunk in ids if chunk is not None}


@pytest.mark.parametrize("kind", PackKind)
def test_damage_in_a_pack_that_was_never_read_back_is_found(copied: tuple[SmallVault, DiskState], kind: PackKind) -> None:
    west, state = copied
    for name in packs_of(west, kind):
        damaged = bytearray(west.memory.objects[name])
        damaged[200] ^= 1
        west.memory.objects[name] = bytes(damaged)
    with pytest.raises(IntegrityError) as caught:
        walk(west, state)
    place = caught.value.place
    assert (place.pack in packs_of(west, kind), place.frame is not None) == (True, True)
    assert (place.offset_bytes, place.length_bytes) == (0, state.size_bytes)
    root = west.index.find_nodes(west.scope, [root_of(state)])[root_of(state)]
    assert root.closed_since is None


def test_a_pack_that_is_gone_is_named(copied: tuple[SmallVault, DiskState]) -> None:
    west, state = copied
    (name,) = packs_of(west, PackKind.DATA)
    del west.memory.objects[name]
    with pytest.raises(IntegrityError) as caught:
        walk(west, state)
    assert caught.value.place.pack == name


def root_of(state: DiskState) -> NodeId:
    assert state.root is not None
    return state.root


def deep(vault: SmallVault) -> DiskState:
    """Capture a disk whose map is three levels high: a root, two nodes below it, three leaves."""
    data = bytearray((FANOUT**2 + FANOUT) * BLOCK_BYTES_MIN)
    data[:5] = b"first"
    data[5 * FANOUT * BLOCK_BYTES_MIN : 5 * FANOUT * BLOCK_BYTES_MIN + 6] = b"middle"
    data[-4:] = b"last"
    return vault.capture(bytes(data)).state


@pytest.mark.parametrize("reads", range(6))
def test_a_crash_in_the_middle_leaves_marks_only_on_whole_subtrees(reads: int) -> None:
    vault = SmallVault("eastus", seed=1)
    state = deep(vault)
    left = reads

    def die_later(_verb: str, _name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    vault.reopen()
    vault.memory.before = die_later
    with pytest.raises(KeyboardInterrupt):
        walk(vault, state)
    vault.memory.before = lambda _verb, _name: None
    found = marks(vault, state)
    for (level, index), mark in found.items():
        below = [place for place in found if place[0] < level and place[1] // FANOUT ** (level - place[0]) == index]
        assert mark is None or None not in [found[place] for place in below]
    again = walk(vault, state)
    assert again.nodes_entered == sum(mark is None for mark in found.values())
    assert len(found) == 6
    assert None not in marks(vault, state).values()


def test_a_walk_that_was_taken_over_marks_nothing_more(vault: SmallVault) -> None:
    state = vault.capture(contents()).state
    vault.index.claims.claim(vault.claim.operation)
    with pytest.raises(SupersededError):
        walk(vault, state)
    assert set(marks(vault, state).values()) == {None}
