"""The demo's two regions: a `farpoint dev up` of its own."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from farpoint.cli.console import Console
from farpoint.cli.dev.dev_env import parse_exports
from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.region_process import die_with
from farpoint.cli.failures import CommandError
from farpoint.cli.fleet import Fleet
from farpoint.cli.session import Session
from farpoint.clock import Clock
from farpoint.config.environment import process_environment, read_environment

_READY_SECONDS = 150.0
_STOP_SECONDS = 30.0


@contextmanager
def two_regions(folder: DevFolder, names: Sequence[str], *, pools: Sequence[Path]) -> Iterator[None]:
    """Run the regions until the end of the block."""
    command = [sys.executable, "-m", "farpoint", "dev", "up", "--dir", str(folder.path), "--regions", ",".join(names)]
    for pool in pools:
        command += ["--disks", str(pool)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=process_environment(),
        # Ctrl-C is for the demo: it ends its regions in order.
        start_new_session=True,
        preexec_fn=die_with(os.getpid(), signal.SIGTERM),  # noqa: PLW1509 - the demo has one thread when it starts its regions
    )
    try:
        _wait_until_ready(process)
        yield
    finally:
        _stop(process)


@contextmanager
def demo_session(folder: DevFolder, *, console: Console, clock: Clock) -> Iterator[Session]:
    """Open what the demo's commands begin with: the same as any client's that has read dev.env."""
    variables = parse_exports(folder.environment.read_text(encoding="utf-8"))
    fleet = Fleet(read_environment(variables), clock=clock, warn=console.warn)
    try:
        yield Session(fleet=fleet, console=console, clock=clock, group="default", region="")
    finally:
        fleet.close()


def _wait_until_ready(process: "subprocess.Popen[bytes]") -> None:
    if process.stdout is None:
        message = "the regions' output is not connected"
        raise CommandError(message)
    readable, _, _ = select.select([process.stdout], [], [], _READY_SECONDS)
    if not readable or not process.stdout.readline().startswith(b"ready"):
        message = "the regions did not start"
        raise CommandError(message)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
