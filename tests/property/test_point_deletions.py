"""Points are deleted at both ends in any order: every other one stays readable, and the next capture and copy stay increments."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farpoint.services.points import delete_point
from farpoint.testing.point_contents import find_point, read_point
from farpoint.testing.regions import CLIENT, SmallRegion
from farpoint.testing.stage import BLOCK_BYTES, GROUP, OS_BYTES, Stage

POINTS = ("rp0", "rp1", "rp2", "rp3")
ENDS = ("eastus", "westus")
EVERY_POINT = [(end, name) for end in ENDS for name in POINTS]
#: What changed from one point to the next, and map nodes, directories, headers.
INCREMENT_BYTES_MAX = 3 * BLOCK_BYTES


def place(stage: Stage, end: str) -> tuple[SmallRegion, str]:
    return (stage.east, "web01") if end == "eastus" else (stage.west, "web01-westus")


def delete(stage: Stage, end: str, name: str) -> None:
    region, collection = place(stage, end)
    operation = delete_point(region.context, group=GROUP, collection=collection, name=name, principal=CLIENT)
    assert operation is not None
    region.run(operation.id)
    assert find_point(region, collection, name) is None


def check_all(stage: Stage, left: list[tuple[str, str]]) -> None:
    for end, name in left:
        assert read_point(*place(stage, end), name) == stage.captured[name], f"{name} in {end}"


def change(stage: Stage) -> None:
    stage.write_blocks("os", OS_BYTES, (1,))
    stage.east.clock.sleep(60)


@pytest.fixture(scope="module")
def full() -> Iterator[tuple[Stage, Callable[[], None]]]:
    """Four points of a VM and their four copies, and what brings them back."""
    folder = Path(tempfile.mkdtemp(prefix="farpoint-deletions-"))
    stage = Stage(folder / "stage", seed=11)
    stage.add_vm()
    for name in POINTS:
        stage.create_point(name)
        stage.copy_point(name)
        change(stage)
    yield stage, stage.keep()
    stage.stop()
    shutil.rmtree(folder)


ORDERS = st.permutations(EVERY_POINT)
MOMENTS = st.integers(0, len(EVERY_POINT))


@settings(max_examples=10)
@given(order=ORDERS, moment=MOMENTS)
def test_whatever_is_deleted_nothing_else_breaks_and_nothing_becomes_full_again(
    full: tuple[Stage, Callable[[], None]], order: list[tuple[str, str]], moment: int
) -> None:
    delete_all(full, order, moment)


@pytest.mark.long
@pytest.mark.timeout(1200)
@settings(max_examples=300)
@given(order=ORDERS, moment=MOMENTS)
def test_three_hundred_orders_of_deletion(full: tuple[Stage, Callable[[], None]], order: list[tuple[str, str]], moment: int) -> None:
    delete_all(full, order, moment)


def delete_all(full: tuple[Stage, Callable[[], None]], order: list[tuple[str, str]], moment: int) -> None:
    """Delete in this order; after *moment* deletions capture and copy one more point."""
    stage, put_back = full
    put_back()
    for number in range(len(order) + 1):
        if number == moment:
            check_next_increment(stage)
        if number < len(order):
            delete(stage, *order[number])
            check_all(stage, order[number + 1 :])
    check_all(stage, [(end, "next") for end in ENDS])


def check_next_increment(stage: Stage) -> None:
    """Capture and copy one more point: both move and store what changed."""
    stage.create_point("next")
    captured = find_point(stage.east, "web01", "next")
    assert captured is not None
    assert sum(disk.stored_bytes for disk in captured[1]) <= INCREMENT_BYTES_MAX
    sent = len(stage.west.source_of("eastus").sent)
    stage.copy_point("next")
    assert len(stage.west.source_of("eastus").sent) - sent <= 1
    check_all(stage, [(end, "next") for end in ENDS])
