"""Workers that are processes of their own, really stopped and really killed, on a real disk."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.orphans import DIES_AT_ONCE

from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import SystemClock
from farpoint.model.ids import OperationId
from farpoint.model.operations import OperationState
from farpoint.testing.ground import scaled_down
from farpoint.testing.invariants import check_region
from farpoint.testing.journeys import disk_point_arm_id
from farpoint.testing.point_contents import read_point
from farpoint.testing.stage import DATA_BYTES, OS_BYTES, Stage

WORKER = Path(__file__).with_name("worker.py")
#: Longer than anything may take on a busy machine.
PATIENCE_SECONDS = 60.0
GUEST = b"what a guest wrote to its restored disk"

StartWorker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with scaled_down():
        stage = Stage(tmp_path / "stage", seed=7, make_bucket=DirectoryBucket, clock=SystemClock())
        stage.add_vm()
        stage.create_point("rp1")
        yield stage
        stage.stop()


@pytest.fixture
def start_worker(stage: Stage) -> Iterator[StartWorker]:
    """Start a worker that will send itself a signal; it is killed when the test ends."""
    with ExitStack() as stack:

        def start(region: str, operation: OperationId, *moment: str) -> "subprocess.Popen[str]":
            if "beside" not in moment:
                stage.stop()
            arguments = [*DIES_AT_ONCE, sys.executable, str(WORKER), str(stage.folder), region, str(operation), *moment]
            process = stack.enter_context(subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            return process

        yield start


def wait_until_stopped(process: "subprocess.Popen[str]") -> None:
    found = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert found is not None
    assert found.si_code == os.CLD_STOPPED, f"the worker ended instead of stopping: {found}"


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def request_restore(stage: Stage, *, overwrite: bool) -> OperationId:
    path = stage.east.pool / "new.raw"
    if overwrite:
        path.write_bytes(b"old" * 512)
    return stage.request_restore(stage.east, disk_point_arm_id(stage.east, "web01", "rp1", "os"), name="new", overwrite=overwrite)


def test_a_stopped_restore_that_holds_the_lock_is_waited_for_in_full_view_and_lets_go(stage: Stage, start_worker: StartWorker) -> None:
    operation = request_restore(stage, overwrite=False)
    worker = start_worker("eastus", operation, "write", "4", "SIGSTOP", "beside")
    wait_until_stopped(worker)
    successor = threading.Thread(target=stage.east.run, args=(operation,), daemon=True)
    successor.start()
    wait_for(lambda: "holds the lock" in stage.east.operation(operation).progress.waiting)
    # However long it takes: nobody writes beside a worker that may go on any moment.
    time.sleep(1.0)
    assert successor.is_alive()
    assert not (stage.east.pool / "new.raw").exists()
    worker.send_signal(signal.SIGCONT)
    assert worker.communicate(timeout=PATIENCE_SECONDS)[0] == "superseded\n"
    successor.join(PATIENCE_SECONDS)
    assert stage.east.operation(operation).state is OperationState.SUCCEEDED
    assert (stage.east.pool / "new.raw").read_bytes() == stage.captured["rp1"]["os"]
    assert not (stage.east.pool / "new.raw.restoring").exists()


def test_a_stopped_restore_that_is_killed_is_taken_over_at_once(stage: Stage, start_worker: StartWorker) -> None:
    operation = request_restore(stage, overwrite=False)
    worker = start_worker("eastus", operation, "write", "4", "SIGSTOP", "beside")
    wait_until_stopped(worker)
    worker.kill()
    worker.wait()
    stage.east.run(operation)
    assert stage.east.operation(operation).state is OperationState.SUCCEEDED
    assert (stage.east.pool / "new.raw").read_bytes() == stage.captured["rp1"]["os"]


@pytest.mark.parametrize("overwrite", [False, True], ids=["new-file", "over-another"])
def test_a_restore_stopped_taken_over_finished_then_continued_leaves_the_disk_unchanged(
    stage: Stage, start_worker: StartWorker, overwrite: bool
) -> None:
    operation = request_restore(stage, overwrite=overwrite)
    path = stage.east.pool / "new.raw"
    worker = start_worker("eastus", operation, "lock", "1", "SIGSTOP", "beside")
    wait_until_stopped(worker)
    stage.east.run(operation)
    assert stage.east.operation(operation).state is OperationState.SUCCEEDED
    assert path.read_bytes() == stage.captured["rp1"]["os"]
    # The disk is in use now: the one thing that must not happen is that the old worker writes its blocks over this.
    with path.open("r+b") as file:
        file.write(GUEST)
    contents, status = path.read_bytes(), path.stat()
    worker.send_signal(signal.SIGCONT)
    assert worker.communicate(timeout=PATIENCE_SECONDS)[0] == "superseded\n"
    assert path.read_bytes() == contents
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    assert [found.name for found in stage.east.pool.iterdir() if found.suffix == ".restoring"] == []


def test_a_capture_killed_between_two_disks_shows_only_what_they_hold_at_the_next_instant(stage: Stage, start_worker: StartWorker) -> None:
    stage.write_blocks("os", OS_BYTES, (1, 5, 79))
    stage.write_blocks("data", DATA_BYTES, (0, 4))
    operation = stage.request_point("rp2")
    kill_worker(stage, start_worker("eastus", operation, "put packs", "3", "SIGKILL"))
    stage.write_blocks("os", OS_BYTES, (2, 5))
    stage.write_blocks("data", DATA_BYTES, (3, 4))
    now = {disk: stage.disk_path(disk).read_bytes() for disk in ("os", "data")}
    stage.east.run(operation)
    assert read_point(stage.east, "web01", "rp2") == now
    check_region(stage.east)


@pytest.mark.parametrize("moment", [("take block", "7"), ("put manifests", "1")])
def test_a_copy_killed_for_real_ends_well(stage: Stage, start_worker: StartWorker, moment: tuple[str, str]) -> None:
    operation = stage.request_copy("rp1")
    kill_worker(stage, start_worker("westus", operation, *moment, "SIGKILL"))
    check_region(stage.west)
    stage.west.run(operation)
    assert stage.west.operation(operation).state is OperationState.SUCCEEDED
    assert read_point(stage.west, "web01-westus", "rp1") == stage.captured["rp1"]
    check_region(stage.west)


def kill_worker(stage: Stage, worker: "subprocess.Popen[str]") -> None:
    """Leave the regions to the worker until it has killed itself."""
    assert worker.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    stage.start()
