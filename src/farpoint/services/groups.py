"""Resource groups: directory records that every region holds. One unknown here is looked for at the peers before it counts as missing."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from attrs import evolve, frozen

from farpoint.metadata import groups
from farpoint.metadata.connection import Connection
from farpoint.metadata.directory import get_record, merge_record
from farpoint.model.arm_id import group_path
from farpoint.model.documents import JsonObject
from farpoint.model.ids import GroupId
from farpoint.model.regions import region_key
from farpoint.model.resources import GroupState, ResourceGroup
from farpoint.services.context import RegionContext
from farpoint.services.ownership import claimed_name
from farpoint.services.references import require_known_location
from farpoint.services.refusals import conflict, group_deleting, group_missing, group_unheard

#: Exists in every region from birth; like any other it can be deleted, and then it stays deleted.
DEFAULT_GROUP: Final = "default"


@frozen(kw_only=True)
class GroupRequest:
    """A PUT of a resource group."""

    name: str
    location: str
    tags: JsonObject


@frozen(kw_only=True)
class GroupPut:
    """What a PUT or PATCH of a group came to."""

    group: ResourceGroup
    created: bool
    #: Peers that did not hear of it at once; they pull it when they are back.
    unreachable: tuple[str, ...]


def ensure_default_group(context: RegionContext) -> None:
    """Make group ``default`` in a region that never had it."""
    group = ResourceGroup(id=_group_id(context, DEFAULT_GROUP), name=DEFAULT_GROUP, location=context.name)
    with context.database.write() as conn:
        if get_record(conn, group_path(DEFAULT_GROUP)) is None:
            merge_record(conn, groups.first_group_record(group, origin=context.region_id))


def put_group(context: RegionContext, request: GroupRequest) -> GroupPut:
    """Create or update a group here, then tell the peers."""
    require_known_location(context, request.location)
    with _own_name(context, request.name), context.database.write() as conn:
        existing = groups.get_group(conn, request.name)
        group = _next_version(context, request, existing)
        record = groups.put_group(conn, group, origin=context.region_id)
    return GroupPut(group=group, created=existing is None, unreachable=tuple(context.peers.tell(record)))


def patch_group(context: RegionContext, name: str, *, tags: JsonObject | None) -> GroupPut:
    """Change a group's tags here, then tell the peers."""
    require_group(context, name)
    with context.database.write() as conn:
        existing = open_group(conn, name)
        group = existing if tags is None else evolve(existing, tags=tags)
        record = groups.put_group(conn, group, origin=context.region_id)
    return GroupPut(group=group, created=False, unreachable=tuple(context.peers.tell(record)))


def require_group(context: RegionContext, name: str) -> ResourceGroup:
    """Return the group, or refuse with ResourceGroupNotFound; one unknown here is looked for at the peers that answer.

    While none answers nobody can say that a group never heard of does not exist: refused with PeerUnavailable.
    """
    found = _look_up(context, name)
    if found is not None:
        return found
    # Made elsewhere a moment ago, perhaps: what a region writes is with all that answer after one pull.
    heard = context.peer_catalogues.refresh()
    found = _look_up(context, name)
    if found is not None:
        return found
    raise group_missing(name) if heard or _was_deleted(context, name) else group_unheard(name, context.peers.names())


def open_group(conn: Connection, name: str) -> ResourceGroup:
    """Return a group that takes new resources and changes, in the transaction that makes them; refuse one that is being deleted."""
    group = groups.get_group(conn, name)
    if group is None:
        raise group_missing(name)
    if group.state is GroupState.DELETING:
        raise group_deleting(group.name)
    return group


def list_groups(context: RegionContext, *, after: str = "", limit: int | None = None) -> Sequence[ResourceGroup]:
    """Return at most *limit* groups by name, those after the name *after*."""
    with context.database.read() as conn:
        return groups.list_groups(conn, after=after, limit=limit)


@contextmanager
def _own_name(context: RegionContext, name: str) -> Iterator[None]:
    """Keep a new group's name from the other regions until it is written; what they wrote before is here then."""
    if _look_up(context, name) is not None:
        yield
        return
    with claimed_name(context, f"/subscriptions/{context.subscription_id}{group_path(name)}", what=f"Resource group '{name}'"):
        context.peer_catalogues.refresh()
        yield


def _look_up(context: RegionContext, name: str) -> ResourceGroup | None:
    with context.database.read() as conn:
        return groups.get_group(conn, name)


def _was_deleted(context: RegionContext, name: str) -> bool:
    """Tell whether there was such a group; its record stays."""
    with context.database.read() as conn:
        return get_record(conn, group_path(name)) is not None


def _next_version(context: RegionContext, request: GroupRequest, existing: ResourceGroup | None) -> ResourceGroup:
    if existing is None:
        return ResourceGroup(id=_group_id(context, request.name), name=request.name, location=request.location, tags=request.tags)
    if existing.state is GroupState.DELETING:
        raise group_deleting(existing.name)
    if region_key(existing.location) != region_key(request.location):
        message = f"Resource group '{existing.name}' already exists in location '{existing.location}'."
        raise conflict(message, hint="A group cannot be moved; name its location, or choose another name.", target="location")
    return evolve(existing, tags=request.tags)


def _group_id(context: RegionContext, name: str) -> GroupId:
    """Return the same id in every region, so that a group made twice during a partition is one group."""
    return GroupId(uuid.uuid5(uuid.UUID(context.subscription_id), f"resourceGroups/{name.lower()}"))
