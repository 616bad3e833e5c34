"""Restoring into files in several runs: resumed, taken over, waited for, given up."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks import free_space
from farpoint.disks.open_target import open_target
from farpoint.disks.restoring_file import discard_restoring_file
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


def refusal_of(path: Path, *, size: int = SIZE, overwrite: bool = False) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        open_at(path, size=size, overwrite=overwrite).close()
    return caught.value


def test_a_refused_restore_leaves_another_s_work_alone(path: Path) -> None:
    first = open_at(path)
    first.write_at(0, BLOCK)
    first.sync()
    first.close()
    path.write_bytes(b"precious")
    refusal_of(path)
    path.unlink()
    resume = Resume(identity=first.identity, synced_bytes=len(BLOCK))
    with closing(open_at(path, resume=resume)) as target:
        assert target.state is TargetState.RESUMED


def test_a_killed_restore_goes_on_where_it_was_synced(path: Path) -> None:
    first = open_at(path)
    identity = first.identity
    first.write_at(0, BLOCK)
    first.sync()
    first.write_at(MIB, memoryview(b"torn"))
    first.close()
    with closing(open_at(path, resume=Resume(identity=identity, synced_bytes=len(BLOCK)))) as target:
        assert (target.state, target.synced_bytes, target.identity) == (TargetState.RESUMED, len(BLOCK), identity)
        target.publish()
    assert path.read_bytes() == bytes(BLOCK) + bytes(SIZE - len(BLOCK))


def test_a_run_that_died_while_it_resumed_is_resumed_again(path: Path) -> None:
    first = open_at(path)
    first.write_at(0, BLOCK)
    first.close()
    os.truncate(restoring(path), len(BLOCK))
    with closing(open_at(path, resume=Resume(identity=first.identity, synced_bytes=len(BLOCK)))) as target:
        assert target.state is TargetState.RESUMED
        target.publish()
    assert path.stat().st_size == SIZE


@pytest.mark.parametrize("case", ["other identity", "no resume", "other size", "beyond the end"])
def test_work_that_is_not_the_one_to_resume_is_thrown_away(path: Path, case: str) -> None:
    first = open_at(path)
    first.write_at(0, BLOCK)
    first.close()
    identity = "file:1:1" if case == "other identity" else first.identity
    resume = None if case == "no resume" else Resume(identity=identity, synced_bytes=99 * SIZE if case == "beyond the end" else 512)
    size = 2 * SIZE if case == "other size" else SIZE
    with closing(open_at(path, size=size, resume=resume)) as target:
        assert (target.state, target.synced_bytes) == (TargetState.FRESH, 0)
        assert target.identity != first.identity
        target.publish()
    assert not any(path.read_bytes())


def test_work_that_somebody_removed_begins_again(path: Path) -> None:
    first = open_at(path)
    first.close()
    restoring(path).unlink()
    with closing(open_at(path, resume=Resume(identity=first.identity, synced_bytes=512))) as target:
        assert target.state is TargetState.FRESH


def test_a_restore_that_died_after_publish_is_found_complete(path: Path) -> None:
    first = open_at(path)
    first.write_at(0, BLOCK)
    first.publish()
    first.close()
    with closing(open_at(path, resume=Resume(identity=first.identity, synced_bytes=512))) as again:
        assert (again.state, again.synced_bytes, again.identity) == (TargetState.PUBLISHED, SIZE, first.identity)
        assert again.publish() == path
        again.sync()
        again.abandon()
        with pytest.raises(ValueError, match="published"):
            again.write_at(0, BLOCK)
        with pytest.raises(ValueError, match="published"):
            again.write_zeros(0, 512)
    assert path.read_bytes()[: len(BLOCK)] == BLOCK


def test_a_second_restore_to_the_path_is_refused_naming_the_first(path: Path) -> None:
    with closing(open_at(path)):
        refusal = refusal_of(path)
    assert refusal.code is Code.DISK_LOCKED
    assert f"process {os.getpid()}" in refusal.message


def test_a_second_restore_that_waits_gets_a_file_of_its_own_when_the_first_gives_up(path: Path) -> None:
    first = open_at(path)
    first.write_at(0, BLOCK)
    rounds: list[int] = []

    def wait() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 2:
            first.abandon()

    with closing(open_at(path, wait=wait)) as second:
        assert second.state is TargetState.FRESH
        second.publish()
    assert len(rounds) == 2
    assert not any(path.read_bytes())


def test_a_second_restore_that_waits_finds_the_first_published(path: Path) -> None:
    first = open_at(path)
    first.write_at(0, BLOCK)

    def finish() -> None:
        first.publish()
        first.close()

    with pytest.raises(RefusedError) as caught:
        open_at(path, wait=finish)
    assert caught.value.code is Code.TARGET_NOT_EMPTY
    assert list(path.parent.iterdir()) == [path]


def test_a_takeover_that_waits_finds_its_own_work_published(path: Path) -> None:
    first = open_at(path)

    def finish() -> None:
        first.publish()
        first.close()

    with closing(open_at(path, resume=Resume(identity=first.identity, synced_bytes=0), wait=finish)) as second:
        assert second.state is TargetState.PUBLISHED
    assert list(path.parent.iterdir()) == [path]


def test_waiting_ends_when_the_waiter_is_superseded(path: Path) -> None:
    def superseded() -> None:
        raise InterruptedError

    with closing(open_at(path)) as first:
        with pytest.raises(InterruptedError):
            open_at(path, wait=superseded)
        first.publish()


def test_abandoning_removes_the_work(path: Path) -> None:
    target = open_at(path)
    target.write_at(0, BLOCK)
    target.abandon()
    target.close()
    assert list(path.parent.iterdir()) == []


def test_what_a_dead_restore_left_is_discarded_but_never_a_live_one_s(path: Path) -> None:
    assert discard_restoring_file(path) is False
    target = open_at(path)
    assert discard_restoring_file(path) is False
    target.close()
    assert discard_restoring_file(path) is True
    assert list(path.parent.iterdir()) == []


def test_a_restoring_file_that_somebody_swapped_is_not_published(path: Path) -> None:
    with closing(open_at(path)) as target:
        restoring(path).unlink()
        restoring(path).write_bytes(b"something else")
        with pytest.raises(RefusedError) as caught:
            target.publish()
        assert caught.value.code is Code.DISK_CHANGED
        target.abandon()
    assert restoring(path).read_bytes() == b"something else"


def test_a_resumed_disk_needs_room_only_for_the_rest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_at(path)
    first.write_at(0, memoryview(bytes(3 * MIB)))
    first.sync()
    first.close()
    monkeypatch.setattr(free_space.FreeSpace, "_free_bytes", lambda _self: MIB)
    with closing(open_at(path, resume=Resume(identity=first.identity, synced_bytes=3 * MIB))) as target:
        assert target.state is TargetState.RESUMED
    with pytest.raises(OutOfSpaceError) as caught:
        open_at(path)
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (SIZE, MIB)


def test_a_failed_sync_fails_for_good(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_at(path)) as target:
        target.write_at(0, BLOCK)
        with monkeypatch.context() as broken:

            def fail(_descriptor: int) -> None:
                raise OSError(5, "Input/output error")

            broken.setattr(os, "fdatasync", fail)
            with pytest.raises(RefusedError) as caught:
                target.sync()
        assert caught.value.code is Code.DISK_UNWRITABLE
        for again in (target.sync, target.publish):
            with pytest.raises(RefusedError, match="earlier sync"):
                again()
    assert not path.exists()
