"""``farpoint collection``: restore point collections."""

from typing import Annotated

from cyclopts import App

from farpoint.cli.console import Grid
from farpoint.cli.documents import moment, name_in, rows, text
from farpoint.cli.options import COLLECTION_NAME, SHARED, WAITING, SharedOptions, Waiting
from farpoint.cli.session import open_session
from farpoint.model.documents import JsonObject

app = App(name="collection", help="Show and delete restore point collections.")


@app.command(name="list")
def list_collections(*, shared: SharedOptions = SHARED) -> None:
    """List the collections of a group."""
    from farpoint.cli.listing import list_compute
    from farpoint.cli.lookup import COLLECTIONS

    with open_session(shared) as session:
        collections = list_compute(session, COLLECTIONS)
        session.console.show_list(collections, _summary(collections))


@app.command
def show(name: Annotated[str, COLLECTION_NAME], /, *, shared: SharedOptions = SHARED) -> None:
    """Show a collection and its restore points."""
    from farpoint.cli.lookup import find_collection
    from farpoint.cli.point_list import with_state

    with open_session(shared) as session:
        found = find_collection(session, name, with_points=True)
        listed = rows(found.value, "properties", "restorePoints")
        points = [with_state(found.client, session.group, name, point) for point in listed]
        session.console.show(found.value, _summary([found.value]), _points(points))


@app.command
def delete(name: Annotated[str, COLLECTION_NAME], /, *, waiting: Waiting = WAITING, shared: SharedOptions = SHARED) -> None:
    """Delete a collection with all its restore points."""
    from farpoint.cli.lookup import COLLECTIONS, find_collection
    from farpoint.cli.waiting import watch_operation

    with open_session(shared, timeout_seconds=waiting.timeout) as session:
        found = find_collection(session, name)
        operation = found.client.delete(found.client.compute_path(session.group, COLLECTIONS, name))
        if waiting.wait and operation:
            session.wait(watch_operation(found.client, operation).look, title=f"delete collection {name}")
        done = "deleted" if waiting.wait or not operation else "being deleted"
        session.console.say(f"collection {name} is {done} in {found.region}")


def _summary(collections: list[JsonObject]) -> Grid:
    shown = [
        (
            text(one, "name"),
            text(one, "location"),
            name_in(text(one, "properties", "source", "id")),
            text(one, "properties", "source", "location"),
        )
        for one in collections
    ]
    return Grid(titles=("NAME", "REGION", "SOURCE", "SOURCE REGION"), rows=shown)


def _points(points: list[JsonObject]) -> Grid:
    from farpoint.cli.point_tables import state_of

    shown = [(text(one, "name"), state_of(one), moment(one, "properties", "timeCreated")) for one in points]
    return Grid(titles=("POINT", "STATE", "CREATED"), rows=shown)
