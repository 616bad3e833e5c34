"""Lists over all regions: any region answers for all of them."""

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import count, text
from farpoint.cli.session import Session
from farpoint.model.documents import JsonObject
from farpoint.model.regions import region_key

#: What a region said longer ago than this is shown with a warning: one that answers is heard every second.
_AGE_SECONDS = 10


def list_compute(session: Session, kind: str) -> list[JsonObject]:
    """Return the resources of one kind in the group, of the region the caller named or of all."""
    found = session.fleet.ask(lambda client: list_group(client, session.group, kind), region=session.region)
    wanted = region_key(session.region)
    listed = [one for one in found.value if not wanted or region_key(text(one, "location")) == wanted]
    _warn_of_age(session, listed)
    return listed


def list_group(client: ArmClient, group: str, kind: str) -> list[JsonObject]:
    """Return the resources of one kind in a group; a group that nobody knows is an error."""
    return client.pages(client.compute_path(group, kind))


def _warn_of_age(session: Session, listed: list[JsonObject]) -> None:
    ages = {text(one, *_REPLICA, "region"): count(one, *_REPLICA, "ageSeconds") for one in listed}
    for region, seconds in sorted(ages.items()):
        if region and seconds > _AGE_SECONDS:
            session.console.warn(f"{region} does not answer; what it has is shown as it was {seconds} s ago")


_REPLICA = ("properties", "farpoint", "replica")
