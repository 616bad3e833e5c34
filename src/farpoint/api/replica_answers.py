"""Answers for a region that does not answer itself: what it last said, with its age."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen
from starlette.responses import Response

from farpoint.api.answers import json_answer
from farpoint.api.caller import Caller
from farpoint.metadata.connection import Connection
from farpoint.metadata.replicas import Replica
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import object_at
from farpoint.services.ownership import Elsewhere, find_elsewhere
from farpoint.services.references import COLLECTION_TYPE, POINT_TYPE, VM_TYPE
from farpoint.services.refusals import entity_missing
from farpoint.services.replica_reads import Age, age_of, read_children, read_resource, shown, with_farpoint
from farpoint.services.routing import Target

_POINTS: Final = "restorePoints"
_DISK_POINTS: Final = "diskrestorepoints"
_INSTANCE_VIEW: Final = "instanceView"
#: The one thing that a GET of each type can expand.
_EXPANDED: Final[Mapping[str, str]] = {VM_TYPE: _INSTANCE_VIEW, POINT_TYPE: _INSTANCE_VIEW, COLLECTION_TYPE: _POINTS}


@frozen(kw_only=True)
class _Found:
    """What the region said of the resource that is asked for."""

    conn: Connection
    owner: Elsewhere
    resource: ArmId
    replica: Replica
    age: Age

    def children(self, segment: str) -> list[JsonObject]:
        """Show the resource's children of one kind."""
        return [shown(child, self.age) for child in read_children(self.conn, self.owner, self.resource, segment)]


def replica_answer(caller: Caller, target: Target, region: str) -> Response | None:
    """Answer a GET from the replica of *region*; None when this cannot be answered without it. Raises RefusedError as it would."""
    context, resource = caller.context, target.resource
    if resource is None:
        return None
    with context.database.read() as conn:
        owners = find_elsewhere(context, conn, resource.top.in_subscription)
        owner = next((one for one in owners if one.region == region), None)
        if owner is None:
            return None
        replica = read_resource(conn, owner, resource)
        if replica is None:
            raise entity_missing(_first_missing(conn, owner, resource))
        found = _Found(conn=conn, owner=owner, resource=resource, replica=replica, age=age_of(context, owner.region_id))
        document = _below(found, target.tail) if target.tail else _shown(caller, found)
    if document is None:
        return None
    if target.is_top_level and len(owners) > 1:
        document = with_farpoint(document, nameConflict=sorted(one.region for one in owners))
    return json_answer(document, headers={"Age": str(found.age.seconds)})


def _first_missing(conn: Connection, owner: Elsewhere, resource: ArmId) -> ArmId:
    """Return the outermost resource that is missing; the owner has what all lies in."""
    parent = resource.parent
    is_missing = len(parent.path) > 1 and read_resource(conn, owner, parent) is None
    return _first_missing(conn, owner, parent) if is_missing else resource


def _below(found: _Found, tail: str) -> JsonObject | None:
    """Return what stands under *tail* of the resource, None where that is not kept."""
    if found.resource.is_type(POINT_TYPE) and tail == _DISK_POINTS:
        return {"value": found.children(tail)}
    if found.resource.is_type(VM_TYPE) and tail == _INSTANCE_VIEW.lower():
        return object_at(found.replica.document, "properties", _INSTANCE_VIEW)
    return None


def _shown(caller: Caller, found: _Found) -> JsonObject:
    expanded = next((word for type_name, word in _EXPANDED.items() if found.resource.is_type(type_name)), "")
    is_expanded = bool(expanded) and caller.expands(expanded)
    document = shown(found.replica, found.age, expand=expanded if is_expanded else "")
    if not is_expanded or expanded != _POINTS:
        return document
    return {**document, "properties": {**object_at(document, "properties"), _POINTS: found.children(_POINTS)}}
