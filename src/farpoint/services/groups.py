"""Resource groups: directory records that every region holds. One unknown here is asked of the peers before it counts as missing."""

import uuid
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from farpoint.metadata import groups
from farpoint.model.documents import JsonObject
from farpoint.model.ids import GroupId
from farpoint.model.regions import region_key
from farpoint.model.resources import ResourceGroup
from farpoint.services.context import RegionContext
from farpoint.services.references import require_known_location
from farpoint.services.refusals import conflict, group_missing

#: Exists in every region from birth.
DEFAULT_GROUP: Final = "default"


@frozen(kw_only=True)
class GroupRequest:
    """A PUT of a resource group."""

    name: str
    location: str
    tags: JsonObject


@frozen(kw_only=True)
class GroupPut:
    """What a PUT of a group came to."""

    group: ResourceGroup
    created: bool
    #: Peers that did not hear of it; they ask when they first need it.
    unreachable: tuple[str, ...]


def ensure_default_group(context: RegionContext) -> None:
    """Make group ``default`` if this region does not have it yet."""
    with context.database.write() as conn:
        if groups.get_group(conn, DEFAULT_GROUP) is None:
            groups.put_group(conn, ResourceGroup(id=_group_id(context, DEFAULT_GROUP), name=DEFAULT_GROUP, location=context.name))


def put_group(context: RegionContext, request: GroupRequest) -> GroupPut:
    """Create or update a group here, then tell the peers."""
    require_known_location(context, request.location)
    with context.database.write() as conn:
        existing = groups.get_group(conn, request.name)
        group = _next_version(context, request, existing)
        groups.put_group(conn, group)
    return GroupPut(group=group, created=existing is None, unreachable=tuple(context.peers.put_group(group)))


def require_group(context: RegionContext, name: str) -> ResourceGroup:
    """Return the group, adopting it from a peer when only they know it.

    Raises UnavailableError when a peer that might know it does not answer: nothing is refused or created on a guess.
    """
    with context.database.read() as conn:
        found = groups.get_group(conn, name)
    if found is not None:
        return found
    remote = context.peers.group(name)
    if remote is None:
        raise group_missing(name)
    with context.database.write() as conn:
        # Somebody may have put it here in the meantime; a newer word than the peer's is not overwritten.
        found = groups.get_group(conn, name)
        if found is None:
            groups.put_group(conn, remote)
    return found or remote


def list_groups(context: RegionContext) -> Sequence[ResourceGroup]:
    """Return the groups this region knows."""
    with context.database.read() as conn:
        return groups.list_groups(conn)


def _next_version(context: RegionContext, request: GroupRequest, existing: ResourceGroup | None) -> ResourceGroup:
    if existing is None:
        return ResourceGroup(id=_group_id(context, request.name), name=request.name, location=request.location, tags=request.tags)
    if region_key(existing.location) != region_key(request.location):
        message = f"Resource group '{existing.name}' already exists in location '{existing.location}'."
        raise conflict(message, hint="A group cannot be moved; name its location, or choose another name.", target="location")
    return evolve(existing, tags=request.tags)


def _group_id(context: RegionContext, name: str) -> GroupId:
    """Return the same id in every region, so that a group made twice during a partition is one group."""
    return GroupId(uuid.uuid5(uuid.UUID(context.subscription_id), f"resourceGroups/{name.lower()}"))
