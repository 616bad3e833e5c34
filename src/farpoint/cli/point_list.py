"""List restore points: ARM has no list of points, so collections are asked for theirs."""

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import rows, section, text
from farpoint.cli.failures import MissingError
from farpoint.cli.listing import list_compute
from farpoint.cli.lookup import COLLECTIONS, POINTS, find_collection, point_segments
from farpoint.cli.naming import PointName
from farpoint.cli.session import Session
from farpoint.model.documents import JsonObject


def list_all_points(session: Session, collection: str = "") -> list[tuple[str, JsonObject]]:
    """Return the points of *collection*, or of all collections of the group, each with its region."""
    if collection:
        found = find_collection(session, collection)
        return [(found.region, point) for point in _points_of(found.client, session.group, collection)]
    listed = [(text(one, "location"), text(one, "name")) for one in list_compute(session, COLLECTIONS)]
    return [
        (region, point)
        for region, name in listed
        for point in session.fleet.ask(lambda client, name=name: _points_of(client, session.group, name), region=region).value  # type: ignore[misc] # a default
    ]


def _points_of(client: ArmClient, group: str, collection: str) -> list[JsonObject]:
    document = client.find(client.compute_path(group, COLLECTIONS, collection), expand=POINTS)
    if document is None:
        message = f"collection {collection} has just been deleted"
        raise MissingError(message)
    return [with_state(client, group, collection, point) for point in rows(document, "properties", "restorePoints")]


def with_state(client: ArmClient, group: str, collection: str, point: JsonObject) -> JsonObject:
    """Ask for the instance view of a point that may still be on its way: only there a copy tells how far it is."""
    if section(point, "properties", "farpoint").get("complete") is True:
        return point
    path = client.compute_path(group, *point_segments(PointName(collection, text(point, "name"))))
    return client.find(path, expand="instanceView") or point
