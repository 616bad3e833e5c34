"""Answers for a region that does not answer itself: what it last said, with its age."""

from collections.abc import Sequence

from starlette.responses import Response

from farpoint.api.answers import json_answer
from farpoint.api.caller import Caller
from farpoint.metadata.connection import Connection
from farpoint.metadata.replicas import Replica
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import object_at
from farpoint.services.ownership import Elsewhere, find_elsewhere
from farpoint.services.references import COLLECTION_TYPE
from farpoint.services.refusals import entity_missing, resource_missing
from farpoint.services.replica_reads import Age, age_of, read_children, read_resource, shown, with_farpoint
from farpoint.services.routing import Target

_POINTS = "restorePoints"
_DISK_POINTS = "diskrestorepoints"


def replica_answer(caller: Caller, target: Target, region: str) -> Response | None:
    """Answer a GET from the replica of *region*; None when this cannot be answered without it. Raises RefusedError as it would."""
    context, resource = caller.context, target.resource
    if resource is None:
        return None
    if target.tail and target.tail.lower() != _DISK_POINTS:
        return None
    with context.database.read() as conn:
        owners = find_elsewhere(context, conn, resource.top.in_subscription)
        owner = next((one for one in owners if one.region == region), None)
        if owner is None:
            return None
        found = read_resource(conn, owner, resource)
        if found is None:
            raise resource_missing(resource) if len(resource.path) == 1 else entity_missing(resource)
        age = age_of(context, owner.region_id)
        if target.tail:
            document: JsonObject = {"value": [shown(child, age) for child in read_children(conn, owner, resource, target.tail)]}
        else:
            document = _expanded(conn, caller, owner, found, resource, age)
            if len(resource.path) == 1 and len(owners) > 1:
                document = with_farpoint(document, nameConflict=sorted(one.region for one in owners))
    return json_answer(document, headers={"Age": str(age.seconds)})


def _expanded(conn: Connection, caller: Caller, owner: Elsewhere, found: Replica, resource: ArmId, age: Age) -> JsonObject:
    expand = caller.query.get("$expand", "")
    document = shown(found, age, expand=expand)
    if not resource.is_type(COLLECTION_TYPE) or expand.lower() != _POINTS.lower():
        return document
    points: Sequence[JsonObject] = [shown(point, age) for point in read_children(conn, owner, resource, _POINTS)]
    return {**document, "properties": {**object_at(document, "properties"), _POINTS: points}}
