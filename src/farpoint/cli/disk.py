"""``farpoint disk``: disks, restored from points, listed and proven."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from attrs import frozen
from cyclopts import App, Parameter

from farpoint.cli.console import Grid
from farpoint.cli.documents import count, section, text
from farpoint.cli.naming import parse_point_name
from farpoint.cli.options import DISK_NAME, SHARED, WAITING, SharedOptions, Waiting
from farpoint.cli.session import open_session
from farpoint.cli.work import End, work_of_facts
from farpoint.cli.work_tables import failure_grids, progress_word
from farpoint.model.documents import JsonObject
from farpoint.units import human_bytes

app = App(name="disk", help="Restore disks from restore points, show, verify and forget them.")


@Parameter(name="*")
@frozen(kw_only=True)
class TargetOptions:
    """Where restored disks go."""

    into: Annotated[Path, Parameter(name="--into", help="Folder inside a disk pool of the region; made when missing.")]
    overwrite: Annotated[bool, Parameter(name="--overwrite", negative=(), help="Replace files that are there.")] = False
    disk: Annotated[tuple[str, ...], Parameter(name="--disk", negative=(), help="Disk to restore; all by default."), DISK_NAME] = ()


@app.command
def restore(point: str, /, *, target: TargetOptions, waiting: Waiting = WAITING, shared: SharedOptions = SHARED) -> None:
    """Restore the disks of a point into files: INTO/DISK.raw."""
    from farpoint.cli.disk_restore import RestoreRequest, finish_restores, restore_disks
    from farpoint.cli.point_start import await_point

    name = parse_point_name(point)
    with open_session(shared, timeout_seconds=waiting.timeout) as session:
        if waiting.wait:
            await_point(session, name)
        started = restore_disks(session, name, RestoreRequest(into=target.into, overwrite=target.overwrite, disks=target.disk))
        disks = [one.document for one in (finish_restores(session, started, title=f"restore {name}") if waiting.wait else started)]
        session.console.show_list(disks, _summary(disks))


@app.command(name="list")
def list_disks(*, shared: SharedOptions = SHARED) -> None:
    """List the disks of a group."""
    from farpoint.cli.listing import list_compute

    with open_session(shared) as session:
        disks = list_compute(session, "disks")
        session.console.show_list(disks, _summary(disks))


@app.command
def show(name: Annotated[str, DISK_NAME], /, *, shared: SharedOptions = SHARED) -> None:
    """Show a disk: where it is, how far its restore is, why it failed."""
    from farpoint.cli.lookup import find_disk

    with open_session(shared) as session:
        disk = find_disk(session, name).value
        session.console.show(disk, _summary([disk]), *failure_grids(disk))


@app.command
def verify(name: Annotated[str, DISK_NAME], /, *, shared: SharedOptions = SHARED) -> None:
    """Read a restored disk back and prove that it is what was restored."""
    from farpoint.cli.lookup import find_disk
    from farpoint.cli.proof import prove

    with open_session(shared) as session:
        found = find_disk(session, name)
        path = found.client.compute_path(session.group, "disks", name, "verify")
        prove(session, found.client, path, title=f"disk {name}")


@app.command
def delete(name: Annotated[str, DISK_NAME], /, *, shared: SharedOptions = SHARED) -> None:
    """Forget a disk; its file stays."""
    from farpoint.cli.lookup import find_disk

    with open_session(shared) as session:
        found = find_disk(session, name)
        found.client.delete(found.client.compute_path(session.group, "disks", name))
        path = text(found.value, "properties", "farpoint", "path")
        is_whole = text(found.value, "properties", "provisioningState") != "Failed"
        kept = f"its file stays: {path}" if is_whole else f"what its restore had written to {path} is gone, a file that was there stays"
        session.console.say(f"disk {name} is deleted in {found.region}; {kept}")


def _summary(disks: Sequence[JsonObject]) -> Grid:
    return Grid(titles=("NAME", "REGION", "STATE", "SIZE", "PATH"), rows=[_row(disk) for disk in disks])


def _row(disk: JsonObject) -> tuple[str, ...]:
    size = count(disk, "properties", "diskSizeBytes")
    return (
        text(disk, "name"),
        text(disk, "location"),
        _state(disk),
        human_bytes(size) if size else "",
        text(disk, "properties", "farpoint", "path"),
    )


def _state(disk: JsonObject) -> str:
    """Say how a disk is: ARM's disk state once it is complete, how far its restore is before."""
    properties = section(disk, "properties")
    state = text(properties, "provisioningState")
    if state not in {"Updating", "Creating"}:
        return state if state == "Failed" else text(properties, "diskState") or state
    work = work_of_facts(section(properties, "farpoint", "restore"), end=End.RUNNING, error={})
    return progress_word("Restoring", work)
