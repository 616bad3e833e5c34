"""`farpoint dev up` and commands against it, as processes: what a user has."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from attrs import frozen
from tests.orphans import DIES_AT_ONCE, DIES_IN_ORDER

Document = dict[str, object]
READY_SECONDS = 90.0


@frozen(kw_only=True)
class Done:
    """How a command ended."""

    exit: int
    out: str
    err: str

    def row(self) -> Document:
        return cast("Document", json.loads(self.out))

    def rows(self) -> list[Document]:
        return cast("list[Document]", json.loads(self.out))


class RegionProcesses:
    """A running `dev up` on *folder*."""

    def __init__(self, folder: Path, *extra: str) -> None:
        self.folder = folder
        self._errors = folder.parent / f"{folder.name}.err"
        with self._errors.open("ab") as errors:
            command = [*DIES_IN_ORDER, sys.executable, "-m", "farpoint", "dev", "up", "--dir", str(folder), *extra]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment())
        self.ready = self._first_line()

    def run(self, *arguments: str, cwd: Path | None = None) -> Done:
        """Run a command with the environment that a shell gets from dev.env."""
        command = [sys.executable, "-m", "farpoint", *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=self.shell_environment(), cwd=cwd)
        return Done(exit=done.returncode, out=done.stdout, err=done.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command and go on."""
        command = [*DIES_AT_ONCE, sys.executable, "-m", "farpoint", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.shell_environment())

    def shell_environment(self) -> dict[str, str]:
        script = '. "$0"; exec env -0'
        done = subprocess.run(["sh", "-c", script, str(self.folder / "dev.env")], check=True, capture_output=True, env=environment())
        return dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0") if "=" in pair)

    def pid(self, region: str) -> int:
        return int((self.folder / f"{region}.pid").read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; return its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def errors(self) -> str:
        return self._errors.read_text()

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        return self.process.stdout.readline().decode() if readable else ""


@contextmanager
def dev_regions(folder: Path, *extra: str) -> Iterator[RegionProcesses]:
    """Run regions until the end of the block."""
    regions = RegionProcesses(folder, *extra)
    try:
        assert regions.ready.startswith("ready "), regions.errors()
        yield regions
    finally:
        if regions.process.poll() is None:
            regions.stop()


def environment() -> dict[str, str]:
    """Return the tests' environment without any region of somebody else's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FARPOINT_", "AZURE_"))}


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> float:
    """Return how long it took until *is_so*; fail when it takes longer than *seconds*."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"not so within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - began


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
