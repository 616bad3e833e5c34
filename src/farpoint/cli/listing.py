"""Lists over all regions: what a region has comes from itself; what a silent one has, from the others."""

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import count, text
from farpoint.cli.failures import UnreachableError
from farpoint.cli.fleet import Poll
from farpoint.cli.session import Session
from farpoint.model.documents import JsonObject
from farpoint.model.regions import region_key

#: What a region said longer ago than this is shown with a warning: one that answers is heard every second.
_AGE_SECONDS = 10


def list_compute(session: Session, kind: str) -> list[JsonObject]:
    """Return the resources of one kind in the group, of the region the caller named or of all."""
    if session.region:
        found = session.fleet.ask(lambda client: list_group(client, session.group, kind), region=session.region)
        listed = _of(found.value, session.region)
    else:
        listed = _merged(session.fleet.ask_each(lambda client: list_group(client, session.group, kind)))
    _warn_of_age(session, listed)
    return listed


def list_group(client: ArmClient, group: str, kind: str) -> list[JsonObject]:
    """Return the resources of one kind in a group; a group that nobody knows is an error."""
    return client.pages(client.compute_path(group, kind))


def _merged(poll: Poll[list[JsonObject]]) -> list[JsonObject]:
    """Join the answers: a region's own resources as it shows them, which is as they are now, and what the first says of silent ones."""
    answers = poll.found
    if not answers:
        raise UnreachableError("; ".join(map(str, poll.silent.values())))
    answered = {region_key(answer.region) for answer in answers}
    heard = [one for one in answers[0].value if region_key(text(one, "location")) not in answered]
    own = [one for answer in answers for one in _of(answer.value, answer.region)]
    return sorted([*own, *heard], key=lambda one: text(one, "name").lower())


def _of(listed: list[JsonObject], region: str) -> list[JsonObject]:
    return [one for one in listed if region_key(text(one, "location")) == region_key(region)]


def _warn_of_age(session: Session, listed: list[JsonObject]) -> None:
    ages = {text(one, *_REPLICA, "region"): count(one, *_REPLICA, "ageSeconds") for one in listed}
    for region, seconds in sorted(ages.items()):
        if region and seconds > _AGE_SECONDS:
            session.console.warn(f"{region} does not answer; what it has is shown as it was {seconds} s ago")


_REPLICA = ("properties", "farpoint", "replica")
