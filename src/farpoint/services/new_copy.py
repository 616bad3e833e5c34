"""Creating a copy of a restore point, another region's as a rule: find the source, write the rows, start the copy.

Steps: see that the collection takes copies of this source and the name is free; ask the peers for the source point (outside any
transaction); in one transaction check again, and against the limits, and insert point and operation, which reserves their place; start
the workflow. The disks' rows come with the hold. The same request again is answered like the first, and asks no peer.
"""

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata import operations, points
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.ids import PointId
from farpoint.model.operations import OperationKind
from farpoint.model.resources import Collection, CopyState, ProvisioningState, RestorePoint
from farpoint.services import copy_limits
from farpoint.services.context import RegionContext
from farpoint.services.copy_source import SourcePoint, find_source
from farpoint.services.groups import require_group
from farpoint.services.new_operations import new_operation
from farpoint.services.outcome import Put
from farpoint.services.point_details import PointDetails
from farpoint.services.points import point_id, require_open_collection
from farpoint.services.references import POINT_TYPE, excluded_keys, parse_reference
from farpoint.services.refusals import invalid
from farpoint.services.repeated_point import PointWish, find_repeated
from farpoint.services.storage_profile import without_disks


@frozen(kw_only=True)
class CopyRequest:
    """A PUT of a restore point that is to be copied here."""

    group: str
    collection: str
    name: str
    #: ARM id of the source restore point.
    source_id: str
    #: ARM ids of disks the client wants left out.
    exclude_disks: tuple[str, ...] = ()


def copy_point(context: RegionContext, request: CopyRequest, *, principal: str) -> Put[PointDetails]:
    """Create a copy of a restore point; the work goes on after the answer."""
    source = parse_reference(context, request.source_id, POINT_TYPE, target=copy_limits.SOURCE_TARGET)
    copy_limits.refuse_excluded_disks(context, request.exclude_disks)
    require_group(context, request.group)
    excluded = excluded_keys(context, request.exclude_disks, target=copy_limits.EXCLUDE_TARGET)
    wish = PointWish(source=source.key, excluded=excluded)
    with context.database.read() as conn:
        repeated = find_repeated(conn, _require_target(context, conn, request, source), request.name, wish)
    if repeated is not None:
        return repeated
    found = find_source(context, source, target=copy_limits.SOURCE_TARGET)
    copy_limits.refuse_copied_source(context, found)
    _require_complete(found)
    _require_disks(found, excluded)
    with context.database.write() as conn:
        collection = _require_target(context, conn, request, source)
        repeated = find_repeated(conn, collection, request.name, wish)
        if repeated is not None:
            return repeated
        details = _rows(context, request, collection=collection, source=found, excluded=excluded, principal=principal)
        copy_limits.refuse_over_limits(context, conn, collection, details.point)
        points.insert_point(conn, details.point)
        assert details.operation is not None
        operations.insert_operation(conn, details.operation)
    context.launch(details.point.operation)
    return Put(resource=details, created=True, operation=details.operation)


def _require_target(context: RegionContext, conn: Connection, request: CopyRequest, source: ArmId) -> Collection:
    """Return the collection, which must take copies of the source point."""
    collection = require_open_collection(context, conn, group=request.group, name=request.collection)
    copy_limits.refuse_other_source(context, conn, collection, source)
    return collection


def _require_complete(source: SourcePoint) -> None:
    """Refuse a source whose own bytes are not all there yet."""
    if not source.obstacle:
        return
    hint = "Wait until it is, then ask again; one that failed or is being deleted cannot be copied."
    if source.is_lost:
        hint = "It never will be; choose another one."
    name = parse_arm_id(source.arm_id).name
    message = f"Restore point '{name}' in region '{source.region_name}' is not complete: {source.obstacle}."
    raise RefusedError(Code.RESTORE_POINT_NOT_READY, message, hint=hint, target=copy_limits.SOURCE_TARGET)


def _require_disks(source: SourcePoint, excluded: frozenset[str]) -> None:
    """Refuse to leave out what the source does not have, or everything."""
    if strangers := excluded - source.disk_ids:
        message = f"Restore point '{source.arm_id}' has no disk {', '.join(sorted(strangers))}."
        raise invalid(copy_limits.EXCLUDE_TARGET, message, hint=f"Its disks: {', '.join(sorted(source.disk_ids))}.")
    if excluded and excluded == source.disk_ids:
        raise invalid(copy_limits.EXCLUDE_TARGET, "Nothing of the restore point is left to copy.", hint="Leave at least one disk.")


def _rows(
    context: RegionContext, request: CopyRequest, *, collection: Collection, source: SourcePoint, excluded: frozenset[str], principal: str
) -> PointDetails:
    guid = PointId(context.entropy.guid())
    arm_id = point_id(context, group=collection.group, collection=collection.name, name=request.name)
    operation = new_operation(
        context,
        OperationKind.COPY_POINT,
        resource=arm_id,
        subject=str(guid),
        principal=principal,
        request={"sourcePointId": source.arm_id, "sourceRegion": source.region_name},
    )
    point = RestorePoint(
        id=guid,
        collection=collection.id,
        group=collection.group,
        collection_name=collection.name,
        name=request.name,
        provisioning_state=ProvisioningState.CREATING,
        consistency=source.consistency,
        source_point_id=source.arm_id,
        copy_state=CopyState.REPLICATING,
        time_created=operation.created_at,
        source_time_created=source.source_time_created,
        exclude_disks=request.exclude_disks,
        source_metadata=without_disks(source.source_metadata, excluded),
        operation=operation.id,
    )
    return PointDetails(point=point, disks=(), operation=operation)
