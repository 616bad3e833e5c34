"""Data and changes of disk maps, found from the maps alone, against the bytes of the disks: any sizes, any generations."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from farpoint.model.disk import BLOCK_BYTES_MIN, DiskState
from farpoint.testing.small_vault import SmallVault
from farpoint.vault.block_ranges import Change, MapSide, changed_ranges, data_ranges

#: Blocks of maps one and two levels high.
BLOCKS_MAX = 70
#: What a block can hold; None is zeros.
CONTENTS = (None, b"a", b"b")

Disk = list[bytes | None]
disks = st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=BLOCKS_MAX)


@st.composite
def generations(draw: st.DrawFn) -> tuple[Disk, Disk]:
    """Return a disk, and what became of it: some blocks changed, perhaps another size."""
    old = draw(disks)
    new = [draw(st.sampled_from(CONTENTS)) if draw(st.integers(0, 9)) == 0 else block for block in old]
    size = draw(st.sampled_from([len(old), len(old), draw(st.integers(1, BLOCKS_MAX))]))
    return old, (new + [None] * size)[:size]


def captured(vault: SmallVault, disk: Disk) -> DiskState:
    data = b"".join(bytes(BLOCK_BYTES_MIN) if block is None else block * BLOCK_BYTES_MIN for block in disk)
    return vault.capture(data).state


def side(vault: SmallVault, state: DiskState) -> MapSide:
    return MapSide(reader=vault.vault.reader(vault.scope), state=state, disk="disk")


@settings(max_examples=60)
@given(generations())
def test_changes_are_the_blocks_that_differ_and_nothing_else(pair: tuple[Disk, Disk]) -> None:
    old, new = pair
    vault = SmallVault("east", seed=1)
    ranges = list(changed_ranges(side(vault, captured(vault, new)), side(vault, captured(vault, old))))
    found = {block: one.change for one in ranges for block in range(one.first, one.end)}
    before = [*old, *[None] * len(new)]
    expected = {
        block: Change.CLEARED if content is None else Change.WRITTEN for block, content in enumerate(new) if content != before[block]
    }
    assert found == expected
    assert [one.first for one in ranges] == sorted(one.first for one in ranges)
    touching = [(one, other) for one, other in itertools.pairwise(ranges) if one.end == other.first]
    assert all(one.change is not other.change for one, other in touching)


@settings(max_examples=60)
@given(disks, st.integers(0, BLOCKS_MAX), st.integers(0, BLOCKS_MAX))
def test_data_is_the_blocks_that_are_not_zeros(disk: Disk, first: int, end: int) -> None:
    vault = SmallVault("east", seed=2)
    ranges = list(data_ranges(side(vault, captured(vault, disk)), first=first, end=end))
    assert [block for one in ranges for block in range(one.first, one.end)] == [
        block for block, content in enumerate(disk) if content is not None and first <= block < end
    ]
    assert all(one.end < other.first for one, other in itertools.pairwise(ranges))


def test_subtrees_that_are_equal_are_not_read() -> None:
    vault, dice = SmallVault("east", seed=3), random.Random(3)
    disk: Disk = [dice.choice(CONTENTS) for _ in range(64 * 20)]
    changed = disk.copy()
    changed[700] = b"c"
    old, new = captured(vault, disk), captured(vault, changed)
    vault.reopen()
    reader = vault.vault.reader(vault.scope)
    asked = []
    node = reader.node

    def counted(wanted: object) -> object:
        asked.append(wanted)
        return node(wanted)  # type: ignore[arg-type]  # handed through

    reader.node = counted  # type: ignore[assignment,method-assign]  # watched
    sides = [MapSide(reader=reader, state=state, disk="disk") for state in (new, old)]
    assert [(one.first, one.end) for one in changed_ranges(sides[0], sides[1])] == [(700, 701)]
    assert len(asked) == 4
