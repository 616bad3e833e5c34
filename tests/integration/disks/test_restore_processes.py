"""Restores in processes of their own: killed, stopped, taken over."""

import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks.open_target import open_target
from farpoint.disks.target import RestoreTarget, Resume, TargetRequest, TargetState
from farpoint.errors import Code, RefusedError

KIB = 1 << 10
SIZE = 1024 * KIB
BLOCK = 64 * KIB

Start = Callable[..., "subprocess.Popen[str]"]

#: Restores a disk of 16 blocks, syncs after the fourth, says so, and does one step for each line it is given.
RESTORE = """
from pathlib import Path
from farpoint.clock import SystemClock
from farpoint.disks.open_target import open_target
from farpoint.disks.target import TargetRequest
request = TargetRequest(path=Path(sys.argv[1]), size_bytes=1 << 20, data_bytes=1 << 20)
target = open_target(request, clock=SystemClock(), wait=None)
for number in range(4):
    target.write_at(number << 16, memoryview(bytes([number + 1]) * (1 << 16)))
target.sync()
print(target.identity, flush=True)
for number in range(4, 16):
    target.write_at(number << 16, memoryview(bytes([number + 1]) * (1 << 16)))
    if not sys.stdin.readline():
        break
else:
    target.publish()
target.close()
"""
WHOLE = b"".join(bytes([number + 1]) * BLOCK for number in range(16))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "os.raw"


def identity_from(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def take_over(path: Path, identity: str, wait: Callable[[], None] | None) -> RestoreTarget:
    resume = Resume(identity=identity, synced_bytes=4 * BLOCK)
    request = TargetRequest(path=path, size_bytes=SIZE, data_bytes=SIZE, resume=resume)
    return open_target(request, clock=SystemClock(), wait=wait)


def finish(target: RestoreTarget) -> None:
    for offset in range(target.synced_bytes, SIZE, BLOCK):
        target.write_at(offset, memoryview(WHOLE[offset : offset + BLOCK]))
    target.publish()


def test_a_restore_that_is_killed_is_resumed_at_once_by_the_next(path: Path, start_python: Start) -> None:
    process = start_python(RESTORE, path)
    identity = identity_from(process)
    with pytest.raises(RefusedError) as caught:
        take_over(path, identity, None)
    assert caught.value.code is Code.DISK_LOCKED
    assert f"process {process.pid}" in caught.value.message
    process.kill()
    process.wait()
    assert not path.exists()
    with closing(take_over(path, identity, None)) as target:
        assert target.state is TargetState.RESUMED
        finish(target)
    assert path.read_bytes() == WHOLE


def test_a_stopped_restore_is_waited_for_and_its_work_is_found(path: Path, start_python: Start) -> None:
    process = start_python(RESTORE, path)
    identity = identity_from(process)
    process.send_signal(signal.SIGSTOP)
    rounds: list[int] = []

    def wait() -> None:
        rounds.append(1)
        if len(rounds) == 5:
            process.send_signal(signal.SIGCONT)
            assert process.stdin is not None
            process.stdin.write("go\n" * 12)
            process.stdin.flush()

    with closing(take_over(path, identity, wait)) as target:
        assert target.state is TargetState.PUBLISHED
    assert len(rounds) >= 5
    assert path.read_bytes() == WHOLE


def test_a_stopped_restore_that_is_killed_is_taken_over(path: Path, start_python: Start) -> None:
    process = start_python(RESTORE, path)
    identity = identity_from(process)
    process.send_signal(signal.SIGSTOP)
    rounds: list[int] = []

    def wait() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            process.kill()

    with closing(take_over(path, identity, wait)) as target:
        assert target.state is TargetState.RESUMED
        finish(target)
    assert len(rounds) >= 3
    assert path.read_bytes() == WHOLE


def test_a_program_started_meanwhile_does_not_keep_the_lock(path: Path, start: Start) -> None:
    request = TargetRequest(path=path, size_bytes=SIZE, data_bytes=SIZE)
    first = open_target(request, clock=SystemClock(), wait=None)
    start("sleep", "60")
    first.close()
    open_target(request, clock=SystemClock(), wait=None).abandon()
    assert not path.exists()


@pytest.mark.root
def test_a_disk_that_our_user_may_not_read_or_write_is_refused(tmp_path: Path, start_python: Start) -> None:
    script = """
import os
from pathlib import Path
from farpoint.clock import SystemClock
from farpoint.disks.inspect import inspect_disk
from farpoint.disks.open_target import open_target
from farpoint.disks.target import TargetRequest
from farpoint.errors import RefusedError
folder = Path(sys.argv[1])
os.chdir(folder)
os.setgid(65534); os.setuid(65534)
try:
    inspect_disk(Path("secret.raw"))
except RefusedError as error:
    print(error.code, flush=True)
try:
    open_target(TargetRequest(path=Path("new.raw"), size_bytes=512, data_bytes=0), clock=SystemClock(), wait=None)
except RefusedError as error:
    print(error.code, flush=True)
"""
    (tmp_path / "secret.raw").write_bytes(bytes(512))
    (tmp_path / "secret.raw").chmod(0o600)
    tmp_path.chmod(0o755)
    output, _ = start_python(script, tmp_path).communicate()
    assert output.split() == ["DiskUnreadable", "DiskUnwritable"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.raw"]
