"""Azure's limits on copies (model.limits), looked at before a copy begins.

What counts are the copies that are here: complete or under way, never failed ones or those being deleted. They are counted in the
transaction that inserts the new one, so of two requests for the last place one gets it.
"""

import datetime as dt
from typing import Final

from farpoint.errors import RefusedError
from farpoint.metadata import collections, points
from farpoint.metadata.connection import Connection
from farpoint.model import limits
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.remote import RemoteResource
from farpoint.model.resources import Collection, RestorePoint
from farpoint.services.context import RegionContext
from farpoint.services.json_reading import text_at
from farpoint.services.references import COLLECTION_TYPE
from farpoint.services.refusals import invalid, not_allowed

SOURCE_TARGET: Final = "properties.sourceRestorePoint.id"
_EXCLUDE_TARGET: Final = "properties.excludeDisks"
#: What no limit forbids is still not done until it is built.
_NOT_BUILT: Final = "This region's limits would allow it, but Farpoint cannot do it yet."


def refuse_excluded_disks(context: RegionContext, excluded: tuple[str, ...]) -> None:
    """Refuse to leave disks out of a copy."""
    if not excluded:
        return
    rule = limits.EXCLUDE_DISKS_ON_COPY
    if context.limits.enforces(rule):
        raise rule.refusal(target=_EXCLUDE_TARGET, disks=", ".join(excluded))
    raise not_allowed(f"A copy cannot leave disks out. {_NOT_BUILT}", hint="Leave excludeDisks out.", target=_EXCLUDE_TARGET)


def refuse_other_source(context: RegionContext, conn: Connection, collection: Collection, source: ArmId) -> None:
    """Refuse a source point that does not belong to the collection's own source."""
    if collection.source_id.lower() == source.parent.key:
        return
    owner = source.parent
    if collections.get_collection(conn, group=owner.group, name=owner.name) is not None:
        raise same_region_copy(context, owner.name, target=SOURCE_TARGET)
    if not parse_arm_id(collection.source_id).is_type(COLLECTION_TYPE):
        message = f"Collection '{collection.name}' holds points of {collection.source_id}."
        raise invalid(SOURCE_TARGET, message, hint=f"Copy into a collection whose source is {owner}.")
    rule = limits.SOURCES_PER_COLLECTION
    if context.limits.enforces(rule):
        raise rule.refusal(
            target=SOURCE_TARGET, collection=collection.name, source=collection.source_id, point=source.name, other=str(owner)
        )
    message = f"Collection '{collection.name}' takes copies from {collection.source_id}. {_NOT_BUILT}"
    raise not_allowed(message, hint=f"Copy into a collection whose source is {owner}.", target=SOURCE_TARGET)


def same_region_copy(context: RegionContext, collection: str, *, target: str) -> RefusedError:
    """Return the refusal to copy from a collection of this region."""
    rule = limits.SAME_REGION_COPY
    if context.limits.enforces(rule):
        return rule.refusal(target=target, collection=collection, region=context.name)
    message = f"Collection '{collection}' is in this region, '{context.name}'. {_NOT_BUILT}"
    return not_allowed(message, hint="Copy to another region.", target=target)


def refuse_copied_source(context: RegionContext, source: ArmId, remote: RemoteResource) -> None:
    """Refuse a source that is a copy itself."""
    original = text_at(remote.document, "properties", "sourceRestorePoint", "id")
    rule = limits.COPY_OF_COPY
    if original is not None and context.limits.enforces(rule):
        raise rule.refusal(target=SOURCE_TARGET, point=source.name, region=remote.region_name, original=original)


def refuse_over_limits(context: RegionContext, conn: Connection, collection: Collection, copy: RestorePoint) -> None:
    """Refuse *copy*, whose row is about to be inserted, when the copies that are here leave it no place.

    What no waiting helps against is said first.
    """
    _refuse_second(context, conn, copy)
    _refuse_older(context, conn, collection, copy)
    _refuse_concurrent(context, conn, collection, copy)


def _refuse_second(context: RegionContext, conn: Connection, copy: RestorePoint) -> None:
    rule = limits.COPIES_PER_REGION
    assert copy.source_point_id is not None
    if not context.limits.enforces(rule):
        return
    for existing in points.list_live_copies(conn, copy.source_point_id):
        if _shows_another_instant(existing, copy):
            # The source was deleted and another point took its name: that one has no copy here.
            continue
        raise rule.refusal(target=SOURCE_TARGET, point=_source_name(copy), region=context.name, existing=_name_of(existing))


def _refuse_older(context: RegionContext, conn: Connection, collection: Collection, copy: RestorePoint) -> None:
    rule = limits.COPY_ORDER
    # A source that does not tell its time cannot be called older; one of the same time is not.
    if copy.source_time_created is None or not context.limits.enforces(rule):
        return
    newest = points.newest_copied_point(conn, collection.id)
    if newest is None or newest.source_time_created is None or newest.source_time_created <= copy.source_time_created:
        return
    raise rule.refusal(
        target=SOURCE_TARGET,
        point=_source_name(copy),
        time=_written(copy.source_time_created),
        collection=collection.name,
        existing=_name_of(newest),
        newest=_written(newest.source_time_created),
    )


def _refuse_concurrent(context: RegionContext, conn: Connection, collection: Collection, copy: RestorePoint) -> None:
    rule = limits.COPY_CONCURRENCY
    if not context.limits.enforces(rule):
        return
    running = points.oldest_running_copy(conn, collection.id)
    if running is not None:
        raise rule.refusal(target=SOURCE_TARGET, point=_source_name(copy), collection=collection.name, existing=_name_of(running))


def _shows_another_instant(one: RestorePoint, other: RestorePoint) -> bool:
    times = {one.source_time_created, other.source_time_created}
    return None not in times and len(times) > 1


def _source_name(copy: RestorePoint) -> str:
    assert copy.source_point_id is not None
    return copy.source_point_id.rpartition("/")[2]


def _name_of(point: RestorePoint) -> str:
    return f"'{point.collection_name}/{point.name}'"


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
