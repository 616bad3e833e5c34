"""Azure's limits on copies (model.limits), looked at before a copy begins.

What counts are the copies that are here: complete or under way, never failed ones or those being deleted. They are counted in the
transaction that inserts the new one, so of two requests for the last place one gets it.
"""

import datetime as dt
from typing import Final

from farpoint.metadata import collections, points
from farpoint.metadata.connection import Connection
from farpoint.model import limits
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import Collection, RestorePoint
from farpoint.services.context import RegionContext
from farpoint.services.copy_source import SourcePoint
from farpoint.services.hourly_limits import refuse_too_often
from farpoint.services.references import COLLECTION_TYPE
from farpoint.services.refusals import invalid

SOURCE_TARGET: Final = "properties.sourceRestorePoint.id"
EXCLUDE_TARGET: Final = "properties.excludeDisks"


def refuse_excluded_disks(context: RegionContext, excluded: tuple[str, ...]) -> None:
    """Refuse to leave disks out of a copy."""
    rule = limits.EXCLUDE_DISKS_ON_COPY
    if excluded and context.limits.enforces(rule):
        raise rule.refusal(target=EXCLUDE_TARGET, disks=", ".join(excluded))


def refuse_other_source(context: RegionContext, conn: Connection, collection: Collection, source: ArmId) -> None:
    """Refuse a source point that does not belong to the collection's own source."""
    owner = source.parent
    if collections.get_collection(conn, group=owner.group, name=owner.name) is not None:
        refuse_same_region(context, owner.name, target=SOURCE_TARGET)
    if collection.source_id.lower() == owner.key:
        return
    if not parse_arm_id(collection.source_id).is_type(COLLECTION_TYPE):
        message = f"Collection '{collection.name}' holds points of {collection.source_id}."
        raise invalid(SOURCE_TARGET, message, hint=f"Copy into a collection whose source is {owner}.")
    rule = limits.SOURCES_PER_COLLECTION
    if context.limits.enforces(rule):
        raise rule.refusal(
            target=SOURCE_TARGET, collection=collection.name, source=collection.source_id, point=source.name, other=str(owner)
        )


def refuse_same_region(context: RegionContext, collection: str, *, target: str) -> None:
    """Refuse to copy from a collection of this region."""
    rule = limits.SAME_REGION_COPY
    if context.limits.enforces(rule):
        raise rule.refusal(target=target, collection=collection, region=context.name)


def refuse_copied_source(context: RegionContext, source: SourcePoint) -> None:
    """Refuse a source that is a copy itself."""
    rule = limits.COPY_OF_COPY
    if source.original_id is not None and context.limits.enforces(rule):
        name = parse_arm_id(source.arm_id).name
        raise rule.refusal(target=SOURCE_TARGET, point=name, region=source.region_name, original=source.original_id)


def refuse_over_limits(context: RegionContext, conn: Connection, collection: Collection, copy: RestorePoint) -> None:
    """Refuse *copy*, whose row is about to be inserted, when the copies that are here leave it no place.

    What no waiting helps against is said first.
    """
    _refuse_second(context, conn, copy)
    _refuse_older(context, conn, collection, copy)
    _refuse_concurrent(context, conn, collection, copy)
    _refuse_too_often(context, conn, collection)


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


def _refuse_too_often(context: RegionContext, conn: Connection, collection: Collection) -> None:
    key = context.arm_id(collection.group, ("restorePointCollections", collection.name)).key

    def goes_there(operation: Operation) -> bool:
        return parse_arm_id(operation.resource_id).parent.key == key

    refuse_too_often(context, conn, limits.COPIES_PER_HOUR, OperationKind.COPY_POINT, goes_there, collection=collection.name)


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
