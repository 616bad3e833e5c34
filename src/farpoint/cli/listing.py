"""Lists over all regions."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from farpoint.cli.arm import ArmClient
from farpoint.cli.fleet import Found
from farpoint.cli.session import Session
from farpoint.model.documents import JsonObject

T = TypeVar("T", bound=Sequence[JsonObject])


def collect(session: Session, question: Callable[[ArmClient], T]) -> list[Found[T]]:
    """Ask the region the caller named, or all: those that do not answer are skipped with a warning."""
    if session.region:
        client = session.fleet.region(session.region)
        return [Found(region=client.region, client=client, value=question(client))]
    return session.fleet.collect(question)


def list_compute(session: Session, kind: str) -> list[JsonObject]:
    """Return the resources of one kind in the group."""
    regions = collect(session, lambda client: list_group(client, session.group, kind))
    return [document for found in regions for document in found.value]


def list_group(client: ArmClient, group: str, kind: str) -> list[JsonObject]:
    """Return the resources of one kind in a group of one region; a group it does not know holds none."""
    listed = client.find_pages(client.compute_path(group, kind))
    return [] if listed is None else listed
