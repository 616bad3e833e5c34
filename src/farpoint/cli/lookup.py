"""Find resources by the names people type, in whichever region they are."""

from farpoint.cli.documents import text
from farpoint.cli.fleet import Found
from farpoint.cli.naming import PointName
from farpoint.cli.session import Session
from farpoint.model.documents import JsonObject

COLLECTIONS = "restorePointCollections"
POINTS = "restorePoints"


def find_vm(session: Session, name: str) -> Found[JsonObject]:
    """Find a virtual machine."""
    return session.fleet.find(
        f"virtual machine {name}",
        lambda client: client.find(client.compute_path(session.group, "virtualMachines", name)),
        region=session.region,
    )


def find_disk(session: Session, name: str) -> Found[JsonObject]:
    """Find a disk."""
    return session.fleet.find(
        f"disk {name}", lambda client: client.find(client.compute_path(session.group, "disks", name)), region=session.region
    )


def find_collection(session: Session, name: str, *, with_points: bool = False) -> Found[JsonObject]:
    """Find a restore point collection, with its points when asked for."""
    query = {"expand": POINTS} if with_points else {}
    return session.fleet.find(
        f"collection {name}",
        lambda client: client.find(client.compute_path(session.group, COLLECTIONS, name), **query),
        region=session.region,
    )


def find_point(session: Session, name: PointName) -> Found[JsonObject]:
    """Find a restore point, with its instance view, in the region of its collection."""
    found = session.fleet.find(
        f"restore point {name}",
        lambda client: client.find(client.compute_path(session.group, *point_segments(name)), expand="instanceView"),
        region=session.region,
    )
    # ARM shows no location on a restore point.
    collection = found.client.find(found.client.compute_path(session.group, COLLECTIONS, name.collection)) or {}
    return session.fleet.at_home(found, text(collection, "location"))


def point_segments(name: PointName) -> tuple[str, ...]:
    """Return the path of a restore point below its provider."""
    return (COLLECTIONS, name.collection, POINTS, name.point)
