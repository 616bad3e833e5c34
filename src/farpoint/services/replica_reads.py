"""Reading what peers have from their replicas, each document with its age, and finding names that several regions use."""

import datetime as dt
from collections.abc import Sequence

from attrs import frozen

from farpoint.metadata import replicas
from farpoint.metadata.connection import Connection
from farpoint.metadata.replicas import Place, Replica
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject, JsonValue
from farpoint.model.ids import RegionId
from farpoint.services.context import RegionContext
from farpoint.services.json_reading import object_at, without
from farpoint.services.ownership import Elsewhere, is_here

_INSTANCE_VIEW = "instanceView"


@frozen(kw_only=True)
class Age:
    """How old what is known of a region is."""

    region: str
    as_of: dt.datetime
    seconds: int


def age_of(context: RegionContext, region: RegionId) -> Age:
    """Return the age of what is known of a peer."""
    now = context.clock.now()
    as_of = context.peer_catalogues.as_of(region) or now
    return Age(region=context.peer_catalogues.names()[region], as_of=as_of, seconds=max(0, int((now - as_of).total_seconds())))


def shown(replica: Replica, age: Age, *, expand: str = "") -> JsonObject:
    """Return a replica's document as a GET shows it: what was not asked for left out, its age added."""
    document = replica.document if expand.lower() == _INSTANCE_VIEW.lower() else without_instance_view(replica.document)
    facts: JsonObject = {"region": age.region, "asOf": age.as_of.isoformat(), "ageSeconds": age.seconds}
    return with_farpoint(document, replica=facts)


def with_farpoint(document: JsonObject, **facts: JsonValue) -> JsonObject:
    """Return *document* with more in ``properties.farpoint``."""
    properties = object_at(document, "properties")
    return {**document, "properties": {**properties, "farpoint": {**object_at(properties, "farpoint"), **facts}}}


def read_resource(conn: Connection, owner: Elsewhere, arm_id: ArmId) -> Replica | None:
    """Return the replica of a resource at its owner, None when the owner had none."""
    found = replicas.find_replicas(conn, arm_id.in_subscription)
    return next((replica for replica in found if replica.region == owner.region_id), None)


def read_children(conn: Connection, owner: Elsewhere, parent: ArmId, segment: str) -> Sequence[Replica]:
    """Return the replicas of a resource's children of one kind."""
    return replicas.replicas_below(conn, owner.region_id, parent.in_subscription, f"{parent.type}/{segment}")


def list_elsewhere(
    context: RegionContext, type_name: str, *, group: str | None, after: Place | None, limit: int
) -> Sequence[tuple[Place, JsonObject]]:
    """Return at most *limit* resources of the peers, of one type, with their places, those after *after*; everything is expanded."""
    ages: dict[RegionId, Age] = {}
    listed: list[tuple[Place, JsonObject]] = []
    with context.database.read() as conn:
        found = replicas.list_replicas(
            conn, type_name, regions=tuple(context.peer_catalogues.names()), group=group, after=after, limit=limit
        )
    for replica in found:
        if replica.region not in ages:
            ages[replica.region] = age_of(context, replica.region)
        listed.append((place_of(replica.path, replica.region), shown(replica, ages[replica.region], expand=_INSTANCE_VIEW)))
    return listed


def place_of(path: str, region: RegionId | None) -> Place:
    """Return the place in a list of the resource with this id or path; *region* is None for one of this region."""
    segments = path.lower().split("/")
    return segments[segments.index("resourcegroups") + 1], segments[-1], "" if region is None else str(region)


def name_conflicts(context: RegionContext, arm_ids: Sequence[ArmId]) -> dict[str, list[str]]:
    """Return the ids, by key, that more than one region uses, each with the names of those regions."""
    names = context.peer_catalogues.names()
    conflicts: dict[str, list[str]] = {}
    with context.database.read() as conn:
        holders = replicas.holders_of(conn, [arm_id.in_subscription for arm_id in arm_ids])
        for arm_id in arm_ids:
            regions = [names[region] for region in holders.get(arm_id.in_subscription.lower(), []) if region in names]
            if regions and is_here(conn, arm_id):
                regions.append(context.name)
            if len(regions) > 1:
                conflicts[arm_id.key] = sorted(regions)
    return conflicts


def without_instance_view(document: JsonObject) -> JsonObject:
    """Return *document* as it is when its instance view was not asked for."""
    properties = object_at(document, "properties")
    return {**document, "properties": without(properties, _INSTANCE_VIEW)} if _INSTANCE_VIEW in properties else document
