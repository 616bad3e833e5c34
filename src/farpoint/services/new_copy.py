"""Creating a copy of another region's restore point: find the source, write the rows, start the copy.

Steps: see that the collection takes copies of this source and the name is free; ask the peers for the source point (outside any
transaction); in one transaction check again, and against the limits, and insert point and operation, which reserves their place; start
the workflow. The disks' rows come with the hold. The same request again is answered like the first, and asks no peer.
"""

import datetime as dt

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata import operations, points
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.ids import PointId
from farpoint.model.manifest import Consistency
from farpoint.model.operations import OperationKind
from farpoint.model.remote import RemoteResource
from farpoint.model.resources import Collection, CopyState, ProvisioningState, RestorePoint
from farpoint.services import copy_limits
from farpoint.services.context import RegionContext
from farpoint.services.groups import require_group
from farpoint.services.json_reading import object_at, text_at, value_at
from farpoint.services.new_operations import new_operation
from farpoint.services.outcome import Put
from farpoint.services.point_details import PointDetails
from farpoint.services.points import point_id, require_open_collection
from farpoint.services.references import POINT_TYPE, parse_reference
from farpoint.services.refusals import entity_missing
from farpoint.services.repeated_point import PointWish, find_repeated
from farpoint.services.storage_profile import without_disk_points


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
    """Create a copy of another region's restore point; the work goes on after the answer."""
    source = parse_reference(context, request.source_id, POINT_TYPE, target=copy_limits.SOURCE_TARGET)
    copy_limits.refuse_excluded_disks(context, request.exclude_disks)
    require_group(context, request.group)
    wish = PointWish(source=source.key)
    with context.database.read() as conn:
        repeated = find_repeated(conn, _require_target(context, conn, request, source), request.name, wish)
    if repeated is not None:
        return repeated
    remote = context.peers.resource(str(source))
    if remote is None:
        raise entity_missing(source, target=copy_limits.SOURCE_TARGET)
    copy_limits.refuse_copied_source(context, source, remote)
    _require_complete(source, remote)
    with context.database.write() as conn:
        collection = _require_target(context, conn, request, source)
        repeated = find_repeated(conn, collection, request.name, wish)
        if repeated is not None:
            return repeated
        details = _rows(context, request, collection=collection, remote=remote, principal=principal)
        copy_limits.refuse_over_limits(context, conn, collection, details.point)
        points.insert_point(conn, details.point)
        assert details.operation is not None
        operations.insert_operation(conn, details.operation)
    context.launch(details.point.operation)
    return Put(resource=details, created=True, operation=details.operation)


def _require_target(context: RegionContext, conn: Connection, request: CopyRequest, source: ArmId) -> Collection:
    """Return the collection, which must hold copies of the source point's own collection."""
    collection = require_open_collection(context, conn, group=request.group, name=request.collection)
    copy_limits.refuse_other_source(context, conn, collection, source)
    return collection


def _require_complete(source: ArmId, remote: RemoteResource) -> None:
    """Refuse a source whose own bytes are not all there yet."""
    state = text_at(remote.document, "properties", "provisioningState")
    if state == ProvisioningState.SUCCEEDED and value_at(remote.document, "properties", "farpoint", "complete") is True:
        return
    # A copy's ARM state says Succeeded as soon as the copy has started.
    why = "it is still being copied itself" if state == ProvisioningState.SUCCEEDED else state or "of unknown state"
    hint = "Wait until it is, then ask again; one that failed or is being deleted cannot be copied."
    if object_at(remote.document, "properties", "farpoint", "error"):
        why, hint = "it failed", "It never will be; choose another one."
    message = f"Restore point '{source.name}' in region '{remote.region_name}' is not complete: {why}."
    raise RefusedError(Code.RESTORE_POINT_NOT_READY, message, hint=hint, target=copy_limits.SOURCE_TARGET)


def _rows(context: RegionContext, request: CopyRequest, *, collection: Collection, remote: RemoteResource, principal: str) -> PointDetails:
    guid = PointId(context.entropy.guid())
    arm_id = point_id(context, group=collection.group, collection=collection.name, name=request.name)
    source_id = text_at(remote.document, "id") or request.source_id
    operation = new_operation(
        context,
        OperationKind.COPY_POINT,
        resource=arm_id,
        subject=str(guid),
        principal=principal,
        request={"sourcePointId": source_id, "sourceRegion": remote.region_name},
    )
    properties = object_at(remote.document, "properties")
    point = RestorePoint(
        id=guid,
        collection=collection.id,
        group=collection.group,
        collection_name=collection.name,
        name=request.name,
        provisioning_state=ProvisioningState.CREATING,
        consistency=_consistency(properties),
        source_point_id=source_id,
        copy_state=CopyState.REPLICATING,
        time_created=operation.created_at,
        source_time_created=_source_time(properties),
        source_metadata=without_disk_points(object_at(properties, "sourceMetadata")),
        operation=operation.id,
    )
    return PointDetails(point=point, disks=(), operation=operation)


def _consistency(properties: JsonObject) -> Consistency | None:
    """Inherit the source's consistency; the signed statement that comes with the hold has the last word."""
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
