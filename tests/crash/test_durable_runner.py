"""The real durable runner, killed in the middle of a copy: with what it remembered, and with its whole memory deleted."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import SystemClock
from farpoint.model.operations import OperationState
from farpoint.testing.ground import WINDOW_BYTES, scaled_down
from farpoint.testing.invariants import check_region, ended_copies_hold_nothing, ended_operations_left_nothing
from farpoint.testing.point_contents import read_point
from farpoint.testing.stage import BLOCK_BYTES, Stage

WORKER = Path(__file__).with_name("durable_worker.py")
PATIENCE_SECONDS = 60.0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with scaled_down():
        stage = Stage(tmp_path / "stage", seed=7, make_bucket=DirectoryBucket, clock=SystemClock())
        stage.add_vm()
        stage.create_point("rp1")
        yield stage
        stage.stop()


def work(stage: Stage, *moment: str) -> "subprocess.CompletedProcess[str]":
    arguments = [sys.executable, str(WORKER), str(stage.folder), *moment]
    return subprocess.run(arguments, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS, check=False)


@pytest.mark.parametrize("forgotten", [False, True], ids=["memory-kept", "memory-deleted"])
def test_a_copy_killed_in_the_middle_ends_by_itself_after_the_restart(stage: Stage, forgotten: bool) -> None:
    operation = stage.request_copy("rp1")
    stage.stop()
    assert work(stage, "take block", "7").returncode == -signal.SIGKILL
    if forgotten:
        for file in stage.folder.glob("dbos.sqlite*"):
            file.unlink()
    assert work(stage).stdout == "nothing is left\n"
    stage.start()
    assert stage.west.operation(operation).state is OperationState.SUCCEEDED
    assert read_point(stage.west, "web01-westus", "rp1") == stage.captured["rp1"]
    check_region(stage.west)
    ended_operations_left_nothing(stage.west)
    ended_copies_hold_nothing(stage.west)
    sent = Counter((stage.folder / "sent").read_text(encoding="utf-8").splitlines())
    assert sum(count - 1 for count in sent.values()) * BLOCK_BYTES <= WINDOW_BYTES
