"""The restore point that a copy is made of, as its own region shows it: a peer's, or one of this region."""

import datetime as dt

from attrs import frozen

from farpoint.metadata import collections, points
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.manifest import Consistency
from farpoint.model.remote import RemoteResource
from farpoint.model.resources import ProvisioningState, RestorePoint
from farpoint.services.context import RegionContext
from farpoint.services.json_reading import object_at, text_at, value_at
from farpoint.services.refusals import entity_missing
from farpoint.services.storage_profile import disk_ids, without_disk_points


@frozen(kw_only=True)
class SourcePoint:
    """What is known of a source before anything is held there; the signed statement that comes with the hold has the last word."""

    arm_id: str
    region_name: str
    #: The point that it is a copy of itself.
    original_id: str | None
    #: Why its bytes cannot be copied now, empty when they can; and whether they ever can.
    obstacle: str
    is_lost: bool
    consistency: Consistency | None
    source_time_created: dt.datetime | None
    #: ARM's sourceMetadata without that region's disk restore points.
    source_metadata: JsonObject

    @property
    def disk_ids(self) -> frozenset[str]:
        """ARM ids of the disks it describes, in lower case."""
        return disk_ids(self.source_metadata)


def find_source(context: RegionContext, source: ArmId, *, target: str) -> SourcePoint:
    """Return the point, or refuse: nobody has it, or one that may have it does not answer. Asks the peers about one that is not here."""
    owner = source.parent
    with context.database.read() as conn:
        is_here = collections.get_collection(conn, group=owner.group, name=owner.name) is not None
        own = points.get_point(conn, group=owner.group, collection=owner.name, name=source.name)
    if own is not None:
        return _own(context, source, own)
    remote = None if is_here else context.peers.resource(str(source))
    if remote is None:
        raise entity_missing(source, target=target)
    return _remote(source, remote)


def _own(context: RegionContext, source: ArmId, point: RestorePoint) -> SourcePoint:
    is_lost = point.provisioning_state in {ProvisioningState.FAILED, ProvisioningState.DELETING}
    is_complete = point.manifest is not None and not is_lost
    return SourcePoint(
        arm_id=str(source),
        region_name=context.name,
        original_id=point.source_point_id,
        obstacle="" if is_complete else _still(point.provisioning_state),
        is_lost=is_lost,
        consistency=point.consistency,
        source_time_created=point.source_time_created or point.time_created,
        source_metadata=point.source_metadata,
    )


def _remote(source: ArmId, remote: RemoteResource) -> SourcePoint:
    properties = object_at(remote.document, "properties")
    state = text_at(properties, "provisioningState") or "of unknown state"
    is_lost = bool(object_at(properties, "farpoint", "error"))
    is_complete = state == ProvisioningState.SUCCEEDED and value_at(properties, "farpoint", "complete") is True
    return SourcePoint(
        arm_id=text_at(remote.document, "id") or str(source),
        region_name=remote.region_name,
        original_id=text_at(properties, "sourceRestorePoint", "id"),
        obstacle="" if is_complete else "it failed" if is_lost else _still(state),
        is_lost=is_lost,
        consistency=_consistency(properties),
        source_time_created=_source_time(properties),
        source_metadata=without_disk_points(object_at(properties, "sourceMetadata")),
    )


def _still(state: str) -> str:
    # A copy's ARM state says Succeeded as soon as the copy has started.
    return "it is still being copied itself" if state == ProvisioningState.SUCCEEDED else state


def _consistency(properties: JsonObject) -> Consistency | None:
    text = text_at(properties, "consistencyMode")
    return Consistency(text) if text in set(Consistency) else None


def _source_time(properties: JsonObject) -> dt.datetime | None:
    text = text_at(properties, "farpoint", "sourceTimeCreated") or text_at(properties, "timeCreated")
    try:
        moment = None if text is None else dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    # A time without an offset cannot be compared with ours.
    return moment if moment is None or moment.tzinfo is not None else None
