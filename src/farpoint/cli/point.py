"""``farpoint point``: restore points, made, copied, watched and deleted."""

from typing import Annotated

from attrs import frozen
from cyclopts import App, Parameter

from farpoint.cli.documents import moment
from farpoint.cli.naming import parse_point_name
from farpoint.cli.options import COLLECTION_NAME, DISK_NAME, SHARED, VM_NAME, WAITING, SharedOptions, Waiting
from farpoint.cli.point_start import StartedPoint
from farpoint.cli.session import Session, open_session

app = App(name="point", help="Make, copy, watch and delete restore points, written COLLECTION/POINT.")


@Parameter(name="*")
@frozen(kw_only=True)
class CaptureOptions:
    """How to capture."""

    vm: Annotated[str | None, Parameter(name="--vm", help="VM to capture; by default the one the collection is named after."), VM_NAME] = (
        None
    )
    allow_live: Annotated[
        bool, Parameter(name="--allow-live", negative=(), help="Capture disks that are in use; the point promises no consistency.")
    ] = False
    exclude_disk: Annotated[
        tuple[str, ...], Parameter(name="--exclude-disk", negative=(), help="Disk to leave out; once for each."), DISK_NAME
    ] = ()


_CAPTURE = CaptureOptions()


@app.command
def create(point: str, /, *, capture: CaptureOptions = _CAPTURE, waiting: Waiting = WAITING, shared: SharedOptions = SHARED) -> None:
    """Capture a VM's disks: web01/rp1 is a point of the VM web01."""
    from farpoint.cli.point_start import CaptureRequest, create_point

    name = parse_point_name(point)
    with open_session(shared, timeout_seconds=waiting.timeout) as session:
        request = CaptureRequest(vm=capture.vm or "", allow_live=capture.allow_live, exclude_disks=capture.exclude_disk)
        started = create_point(session, name, request)
        _say_if_complete(session, started, "captured")
        _finish(session, started, wait=waiting.wait)


@app.command
def copy(
    point: str,
    /,
    *,
    to: Annotated[str, Parameter(name="--to", help="Region to copy to.")],
    collection: Annotated[
        str | None, Parameter(name="--collection", help="Collection of the copy; COLLECTION-REGION by default."), COLLECTION_NAME
    ] = None,
    waiting: Waiting = WAITING,
    shared: SharedOptions = SHARED,
) -> None:
    """Copy a point to another region; the copy keeps its name."""
    from farpoint.cli.point_start import copy_point

    name = parse_point_name(point)
    with open_session(shared, timeout_seconds=waiting.timeout) as session:
        started = copy_point(session, name, to=to, collection=collection or "")
        _say_if_complete(session, started, "copied")
        _finish(session, started, wait=waiting.wait)


@app.command(name="list")
def list_points(collection: Annotated[str | None, COLLECTION_NAME] = None, /, *, shared: SharedOptions = SHARED) -> None:
    """List the points of a collection, or of all."""
    from farpoint.cli.point_list import list_all_points
    from farpoint.cli.point_tables import list_grid

    with open_session(shared) as session:
        points = list_all_points(session, collection or "")
        session.console.show_list([point for _region, point in points], list_grid(points))


@app.command
def show(point: str, /, *, shared: SharedOptions = SHARED) -> None:
    """Show a point: its disks, how far it is, why it failed."""
    from farpoint.cli.lookup import find_point
    from farpoint.cli.point_tables import point_grids

    with open_session(shared) as session:
        found = find_point(session, parse_point_name(point))
        session.console.show(found.value, *point_grids(found.region, found.value))


@app.command
def watch(
    point: str,
    /,
    *,
    timeout: Annotated[float | None, Parameter(name="--timeout", help="Seconds to watch at most; the work goes on.")] = None,
    shared: SharedOptions = SHARED,
) -> None:
    """Watch a point until it is complete and verified, or has failed."""
    from farpoint.cli.lookup import find_point
    from farpoint.cli.point_start import started

    name = parse_point_name(point)
    with open_session(shared, timeout_seconds=timeout) as session:
        _finish(session, started(session, name, find_point(session, name)), wait=True)


@app.command
def delete(point: str, /, *, waiting: Waiting = WAITING, shared: SharedOptions = SHARED) -> None:
    """Delete a point; no other point needs it."""
    from farpoint.cli.lookup import find_point
    from farpoint.cli.point_start import started
    from farpoint.cli.waiting import watch_operation

    name = parse_point_name(point)
    with open_session(shared, timeout_seconds=waiting.timeout) as session:
        found = find_point(session, name)
        operation = found.client.delete(started(session, name, found).path)
        if waiting.wait and operation:
            session.wait(watch_operation(found.client, operation).look, title=f"delete {name}")
        session.console.say(f"{name} is {'deleted' if waiting.wait or not operation else 'being deleted'} in {found.region}")


def _say_if_complete(session: Session, started: StartedPoint, done: str) -> None:
    """Say that a request which was carried out before has done nothing now."""
    if started.is_complete:
        made = moment(started.document, "properties", "timeCreated")
        session.console.say(f"{started.name} exists already, made at {made}: nothing was {done} now. For a new point choose another name.")


def _finish(session: Session, started: StartedPoint, *, wait: bool) -> None:
    """Print the point as it was started, or as it is once complete."""
    from farpoint.cli.point_start import finish_point
    from farpoint.cli.point_tables import point_grids

    document = finish_point(session, started, title=str(started.name))[0] if wait else started.document
    session.console.show(document, *point_grids(started.client.region, document))
