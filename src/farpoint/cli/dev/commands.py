"""``farpoint dev``: regions on this machine."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from farpoint.cli.console import Console
from farpoint.cli.dev.layout import DevFolder
from farpoint.clock import SystemClock

app = App(name="dev", help="Run regions on this machine, with a throw-away authority.")

_FOLDER = Path("farpoint-dev")
Folder = Annotated[Path, Parameter(name="--dir", help="Folder of the regions.")]


@app.command
def up(
    *,
    directory: Folder = _FOLDER,
    regions: Annotated[str, Parameter(name="--regions", help="Names, with commas between; those of the last start by default.")] = "",
    port: Annotated[
        int | None, Parameter(name="--port", help="First port: region i takes PORT+2i and PORT+2i+1. Free ones by default.")
    ] = None,
    disks: Annotated[tuple[Path, ...], Parameter(name="--disks", negative=(), help="Further disk pool; once for each.")] = (),
    limits: Annotated[
        str | None, Parameter(name="--limits", help="Azure's limits: azure, as they are, or lifted. Those of the last start by default.")
    ] = None,
) -> None:
    """Run regions in the foreground; Ctrl-C stops them. Started again on the same folder they continue."""
    from farpoint.cli.dev.plan import UpRequest
    from farpoint.cli.dev.up import run_up

    clock = SystemClock()
    names = tuple(name.strip() for name in regions.split(",") if name.strip())
    pools = tuple(Path(os.path.realpath(pool)) for pool in disks)
    request = UpRequest(regions=names, port=port, pools=pools or None, limits=limits)
    run_up(directory, request, console=Console(as_json=False, clock=clock), clock=clock)


@app.command
def stop(
    region: str,
    /,
    *,
    directory: Folder = _FOLDER,
    kill: Annotated[bool, Parameter(name="--kill", negative=(), help="As kill -9 would: no time to finish anything.")] = False,
) -> None:
    """Stop a region, as an outage would, until it is started again."""
    from farpoint.cli.dev.outage import stop_region

    clock = SystemClock()
    stopped = stop_region(_folder(directory), region, kill=kill, clock=clock)
    Console(as_json=False, clock=clock).say(f"{stopped.name} is stopped")


@app.command
def start(region: str, /, *, directory: Folder = _FOLDER) -> None:
    """Start a region that was stopped."""
    from farpoint.cli.dev.outage import start_region

    clock = SystemClock()
    started = start_region(_folder(directory), region, clock=clock)
    Console(as_json=False, clock=clock).say(f"{started.name} answers at {started.endpoint}")


@app.command
def demo(*disks: Path) -> None:
    """Capture, copy, lose a region, restore, compare: with images made here, or with copies of yours."""
    from farpoint.cli.dev.demo.story import run_demo
    from farpoint.cli.failures import InterruptedCommandError

    try:
        run_demo(disks, clock=SystemClock())
    except KeyboardInterrupt:
        message = "interrupted; the demo's regions have ended, and its folder is removed"
        raise InterruptedCommandError(message) from None


def _folder(path: Path) -> DevFolder:
    return DevFolder(Path(os.path.realpath(path)))
