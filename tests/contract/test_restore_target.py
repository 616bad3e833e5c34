"""What every target of a restore must do (farpoint.disks.target.RestoreTarget): files, and the fake in memory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks.open_target import open_target
from farpoint.disks.target import RestoreTarget, TargetRequest, TargetState
from farpoint.testing.memory_disks import MemoryTarget, first_difference
from farpoint.units import KIB

SIZE = 1024 * KIB + 512
Opened = tuple[RestoreTarget, Callable[[], bytes]]


@pytest.fixture(params=["memory", "file"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Open a target, and say how to look at it once it is published."""
    if request.param == "memory":
        fake = MemoryTarget(SIZE)
        yield fake, lambda: bytes(fake.data)
        return
    path = tmp_path / "disk.raw"
    with closing(open_target(TargetRequest(path=path, size_bytes=SIZE, data_bytes=SIZE), clock=SystemClock(), wait=None)) as target:
        yield target, path.read_bytes


def test_a_fresh_target_begins_at_the_start(opened: Opened) -> None:
    assert (opened[0].state, opened[0].synced_bytes) == (TargetState.FRESH, 0)
    assert opened[0].identity


def test_what_is_written_in_any_order_is_there_once_published(opened: Opened) -> None:
    target, look = opened
    for offset in (512 * KIB, 0, SIZE - 512):
        target.write_at(offset, memoryview(b"w" * 512))
    target.write_zeros(512, 512 * KIB - 512)
    target.write_zeros(512 * KIB + 512, SIZE - 512 * KIB - 1024)
    target.sync()
    target.publish()
    expected = bytearray(SIZE)
    for offset in (0, 512 * KIB, SIZE - 512):
        expected[offset : offset + 512] = b"w" * 512
    assert first_difference(look(), bytes(expected)) is None


def test_what_was_written_is_read_back_with_zeros_past_the_end(opened: Opened) -> None:
    target, _ = opened
    target.write_at(SIZE - 512, memoryview(b"w" * 512))
    buffer = bytearray(b"x" * 2048)
    target.read_into(SIZE - 512, memoryview(buffer))
    assert buffer == b"w" * 512 + bytes(1536)


def test_zeros_replace_what_was_written(opened: Opened) -> None:
    target, look = opened
    target.write_at(0, memoryview(b"w" * SIZE))
    target.write_zeros(0, SIZE)
    target.publish()
    assert first_difference(look(), bytes(SIZE)) is None


def test_many_threads_write_at_once(opened: Opened) -> None:
    target, look = opened
    threads = [
        threading.Thread(target=target.write_at, args=(number * 64 * KIB, memoryview(bytes([number]) * (64 * KIB)))) for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    target.write_zeros(1024 * KIB, 512)
    target.publish()
    expected = b"".join(bytes([number]) * (64 * KIB) for number in range(16)) + bytes(512)
    assert first_difference(look(), expected) is None


def test_publishing_and_closing_twice_is_no_error(opened: Opened) -> None:
    target, _ = opened
    target.write_zeros(0, SIZE)
    assert target.publish() == target.publish()
    target.close()
    target.close()
