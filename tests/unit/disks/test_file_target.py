"""Restoring into files: what is visible when, and what is refused."""

import os
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks import file_names
from farpoint.disks.open_target import open_target
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.target import RestoreTarget, Resume, TargetRequest, TargetState
from farpoint.errors import Code, OutOfSpaceError, RefusedError

KIB = 1 << 10
MIB = 1 << 20
SIZE = 4 * MIB
BLOCK = memoryview(b"b" * (256 * KIB))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool/eastus/os.raw"


def restoring(path: Path) -> Path:
    return path.with_name(path.name + ".restoring")


def open_at(
    path: Path,
    *,
    size: int = SIZE,
    data: int = SIZE,
    overwrite: bool = False,
    resume: Resume | None = None,
    wait: Callable[[], None] | None = None,
) -> RestoreTarget:
    request = TargetRequest(path=path, size_bytes=size, data_bytes=data, overwrite=overwrite, resume=resume)
    return open_target(request, clock=SystemClock(), wait=wait)


def open_numbers() -> list[str]:
    return sorted(link.name for link in Path("/proc/self/fd").iterdir())


def refusal_of(path: Path, *, size: int = SIZE, overwrite: bool = False) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        open_at(path, size=size, overwrite=overwrite).close()
    return caught.value


def test_a_disk_appears_whole_and_only_at_publish(path: Path) -> None:
    with closing(open_at(path)) as target:
        states = [target.state]
        target.write_at(MIB, BLOCK)
        target.sync()
        assert not path.exists()
        assert target.publish() == path
        states.append(target.state)
    assert states == [TargetState.FRESH, TargetState.PUBLISHED]
    assert path.read_bytes() == bytes(MIB) + bytes(BLOCK) + bytes(SIZE - MIB - len(BLOCK))
    assert list(path.parent.iterdir()) == [path]


def test_what_was_never_written_stays_a_hole(path: Path) -> None:
    size = 10 << 40
    with closing(open_at(path, size=size)) as target:
        target.write_at(5 << 40, BLOCK)
        target.write_zeros(0, 5 << 40)
        target.write_zeros((5 << 40) + len(BLOCK), size - (5 << 40) - len(BLOCK))
        target.publish()
    status = path.stat()
    assert status.st_size == size
    assert status.st_blocks * 512 < MIB


def test_zeros_replace_data_that_was_written_before(path: Path) -> None:
    with closing(open_at(path)) as target:
        target.write_at(0, BLOCK)
        target.write_at(2 * MIB, BLOCK)
        target.write_zeros(1000, 2 * MIB + 1000)
        target.publish()
    expected = bytes(BLOCK[:1000]) + bytes(2 * MIB + 1000) + bytes(BLOCK[2000:])
    assert path.read_bytes() == expected + bytes(SIZE - len(expected))


def test_a_restored_disk_is_for_us_only(path: Path) -> None:
    with closing(open_at(path)) as target:
        assert stat.S_IMODE(restoring(path).stat().st_mode) == 0o600
        target.publish()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_with_data_is_refused_before_anything_is_made(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"precious")
    refusal = refusal_of(path)
    assert refusal.code is Code.TARGET_NOT_EMPTY
    assert str(path) in refusal.message
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("size", [0, SIZE])
def test_an_empty_file_may_be_used_and_lends_its_mode(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(size)
    path.chmod(0o640)
    with closing(open_at(path)) as target:
        target.write_at(0, BLOCK)
        assert not any(path.read_bytes())
        target.publish()
    assert path.read_bytes()[: len(BLOCK)] == BLOCK
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_hole_of_another_size_is_not_an_empty_target(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(2 * SIZE)
    assert refusal_of(path).code is Code.TARGET_NOT_EMPTY


def test_overwriting_replaces_at_publish_and_not_before(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"old")
    with closing(open_at(path, overwrite=True)) as target:
        target.write_at(0, BLOCK)
        assert path.read_bytes() == b"old"
        target.publish()
    assert path.stat().st_size == SIZE


def test_a_disk_that_is_being_captured_is_not_overwritten(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 4096)
    with closing(open_raw_source(path, allow_live=False)):
        refusal = refusal_of(path, overwrite=True)
    assert refusal.code is Code.DISK_IN_USE
    assert f"process {os.getpid()}" in refusal.message
    assert not restoring(path).exists()


def test_a_disk_that_is_being_overwritten_is_not_captured(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 4096)
    with closing(open_at(path, overwrite=True)), pytest.raises(RefusedError) as caught:
        open_raw_source(path, allow_live=False)
    assert caught.value.code is Code.DISK_IN_USE
    assert "exclusively, as a restore does" in caught.value.message


def test_a_file_that_appears_meanwhile_is_not_replaced(path: Path) -> None:
    with closing(open_at(path)) as target:
        target.write_at(0, BLOCK)
        path.write_bytes(b"precious")
        with pytest.raises(RefusedError) as caught:
            target.publish()
        assert caught.value.code is Code.TARGET_NOT_EMPTY
        assert path.read_bytes() == b"precious"
        path.unlink()
        target.publish()
    assert path.stat().st_size == SIZE


def test_an_empty_file_that_is_filled_or_swapped_meanwhile_is_not_replaced(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    with closing(open_at(path)) as target:
        path.write_bytes(b"precious")
        with pytest.raises(RefusedError, match="not empty"):
            target.publish()
        path.unlink()
        path.touch()
        with pytest.raises(RefusedError, match="was replaced"):
            target.publish()


def test_where_the_file_system_cannot_rename_without_replacing_publish_still_replaces_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_names, "_renameat2", lambda _source, _target: 22)
    with closing(open_at(path)) as target:
        path.write_bytes(b"precious")
        with pytest.raises(RefusedError, match="appeared"):
            target.publish()
        path.unlink()
        target.publish()
    assert path.stat().st_size == SIZE
    assert list(path.parent.iterdir()) == [path]


def test_a_published_disk_cannot_be_written(path: Path) -> None:
    with closing(open_at(path)) as target:
        target.publish()
        assert target.publish() == path
        with pytest.raises(ValueError, match="published"):
            target.write_at(0, BLOCK)
        with pytest.raises(ValueError, match="published"):
            target.write_zeros(0, 512)
        target.abandon()
    assert path.exists()


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: p.symlink_to("/etc/hostname"), os.mkfifo])
def test_what_is_no_regular_file_is_never_written(path: Path, make: Callable[[Path], None]) -> None:
    path.parent.mkdir(parents=True)
    make(restoring(path))
    assert refusal_of(path).code is Code.TARGET_NOT_EMPTY
    restoring(path).rmdir() if restoring(path).is_dir() else restoring(path).unlink()
    make(path)
    assert refusal_of(path, overwrite=True).code is Code.DISK_UNSUPPORTED


def test_paths_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal_of(tmp_path / "file/os.raw").code is Code.DISK_UNWRITABLE
    assert refusal_of(tmp_path / ("n" * 250)).code is Code.DISK_UNWRITABLE
    assert refusal_of(tmp_path / "os.raw.restoring").code is Code.DISK_UNSUPPORTED
    assert refusal_of(tmp_path / "os.raw", size=1 << 62).code is Code.DISK_UNSUPPORTED
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_will_not_fit_is_refused_before_it_starts(path: Path) -> None:
    free = os.statvfs("/tmp").f_bavail * os.statvfs("/tmp").f_frsize
    with pytest.raises(OutOfSpaceError) as caught:
        open_at(path, size=1 << 43, data=1 << 43)
    assert caught.value.needed_bytes == 1 << 43
    assert abs(caught.value.free_bytes - free) < 4 << 30
    assert list(path.parent.iterdir()) == []


def test_a_write_that_is_not_on_the_disk_is_a_bug(path: Path) -> None:
    with closing(open_at(path)) as target:
        for offset in (-512, SIZE - 512):
            with pytest.raises(ValueError, match="not on a disk"):
                target.write_at(offset, BLOCK)
            with pytest.raises(ValueError, match="not on a disk"):
                target.write_zeros(offset, 4096)
        target.publish()
    assert path.stat().st_size == SIZE


def test_a_closed_target_is_written_no_more(path: Path) -> None:
    target = open_at(path)
    target.close()
    target.close()
    with pytest.raises(ValueError, match="closed"):
        target.write_at(0, BLOCK)


def test_descriptors_are_closed_at_the_end_and_not_inherited_meanwhile(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    before = open_numbers()
    with closing(open_at(path)):
        links = [link for link in Path("/proc/self/fd").iterdir() if link.exists()]
        ours = [int(link.name) for link in links if link.samefile(path) or link.samefile(restoring(path))]
        assert [os.get_inheritable(number) for number in ours] == [False, False]
    assert open_numbers() == before
