"""Real parts for disk tests: loop devices, mounts, and processes of their own that hold disks."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from tests.orphans import DIES_AT_ONCE


class Run(Protocol):
    """Runs a program to its end and returns what it wrote."""

    def __call__(self, *arguments: str | Path) -> str: ...


class AttachLoop(Protocol):
    """Attaches a loop device to a file until the test ends."""

    def __call__(self, backing: Path, *options: str) -> Path: ...


class Mount(Protocol):
    """Mounts on a new folder until the test ends, and returns the folder."""

    def __call__(self, *arguments: str | Path) -> Path: ...


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run() -> Run:
    def run_it(*arguments: str | Path) -> str:
        done = subprocess.run([str(word) for word in arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout.strip()

    return run_it


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    """Undo in reverse what the test and its fixtures did to the machine, whatever happened."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def attach_loop(run: Run, undo: ExitStack) -> AttachLoop:
    def attach(backing: Path, *options: str) -> Path:
        device = run("losetup", "--find", "--show", *options, backing)
        undo.callback(run, "losetup", "--detach", device)
        return Path(device)

    return attach


@pytest.fixture
def mount(run: Run, undo: ExitStack, tmp_path: Path) -> Mount:
    def mount_it(*arguments: str | Path) -> Path:
        folder = tmp_path / f"mount {len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        run("mount", *arguments, folder)
        undo.callback(run, "umount", folder)
        return folder

    return mount_it


@pytest.fixture
def start(undo: ExitStack) -> Start:
    """Start a program with pipes; it is killed when the test ends."""

    def start_it(*arguments: str | Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen([*DIES_AT_ONCE, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        undo.enter_context(process)
        undo.callback(process.kill)
        return process

    return start_it


@pytest.fixture
def start_python(start: Start) -> Start:
    """Start a Python script that sees the same modules as we do."""

    def start_it(script: str, *arguments: str | Path) -> "subprocess.Popen[str]":
        modules = [str(Path(entry).resolve()) for entry in sys.path]
        return start(sys.executable, "-c", f"import sys; sys.path[:] = {modules!r}\n{script}", *arguments)

    return start_it
