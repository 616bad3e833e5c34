"""A restore onto a file system that is full: a real tmpfs of 4 MiB."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks.open_target import open_target
from farpoint.disks.target import RestoreTarget, Resume, TargetRequest, TargetState
from farpoint.errors import Code, OutOfSpaceError

pytestmark = [pytest.mark.root, pytest.mark.needs_tool("mount")]

MIB = 1 << 20
SIZE = 8 * MIB


@pytest.fixture
def pool(mount: Callable[..., Path]) -> Path:
    return mount("-t", "tmpfs", "-o", "size=4m", "none")


def open_in(pool: Path, *, data: int, resume: Resume | None = None) -> RestoreTarget:
    request = TargetRequest(path=pool / "os.raw", size_bytes=SIZE, data_bytes=data, resume=resume)
    return open_target(request, clock=SystemClock(), wait=None)


def test_a_disk_that_will_not_fit_is_refused_with_what_is_needed_and_free(pool: Path) -> None:
    with pytest.raises(OutOfSpaceError) as caught:
        open_in(pool, data=6 * MIB)
    assert caught.value.code is Code.OUT_OF_SPACE
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (6 * MIB, 4 * MIB)
    assert list(pool.iterdir()) == []


def test_a_file_system_that_fills_up_stops_the_restore_which_goes_on_when_there_is_room(pool: Path) -> None:
    first = open_in(pool, data=3 * MIB)
    first.write_at(0, memoryview(b"a" * MIB))
    first.sync()
    (pool / "something else").write_bytes(bytes(5 * MIB // 2))
    with pytest.raises(OutOfSpaceError) as caught:
        first.write_at(4 * MIB, memoryview(b"b" * (2 * MIB)))
    assert caught.value.free_bytes == 0
    assert caught.value.needed_bytes >= MIB
    assert caught.value.place.offset_bytes == 4 * MIB
    first.close()
    assert not (pool / "os.raw").exists()

    resume = Resume(identity=first.identity, synced_bytes=MIB)
    with pytest.raises(OutOfSpaceError):
        open_in(pool, data=3 * MIB, resume=resume)
    (pool / "something else").unlink()
    with closing(open_in(pool, data=3 * MIB, resume=resume)) as target:
        assert target.state is TargetState.RESUMED
        target.write_at(4 * MIB, memoryview(b"b" * (2 * MIB)))
        target.publish()
    assert (pool / "os.raw").read_bytes() == b"a" * MIB + bytes(3 * MIB) + b"b" * (2 * MIB) + bytes(2 * MIB)


def test_a_sparse_disk_larger_than_the_file_system_fits_when_its_data_does(pool: Path) -> None:
    with closing(open_in(pool, data=MIB)) as target:
        target.write_at(7 * MIB, memoryview(b"x" * MIB))
        target.publish()
    assert (pool / "os.raw").stat().st_size == SIZE
