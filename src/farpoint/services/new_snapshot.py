"""Creating a snapshot: of a disk of this region (Copy), or from a snapshot of another (CopyStart).

Steps: find the source and look at it (outside any transaction); in one transaction check again and insert the point, which holds the
contents, the snapshot and the operation; start the workflow. Asking again for the same snapshot is answered with what there is.
"""

from attrs import evolve, frozen

from farpoint.metadata import collections, disk_points, disks, operations, points, snapshots
from farpoint.metadata.connection import Connection
from farpoint.model.documents import JsonObject
from farpoint.model.ids import CollectionId, PointId, SnapshotId
from farpoint.model.operations import Operation, OperationKind, OperationState
from farpoint.model.resources import Collection, CopyState, ProvisioningState, RestorePoint
from farpoint.model.snapshots import Snapshot, SnapshotOption
from farpoint.services.captures import captured_disk_row, look_at_disk
from farpoint.services.context import RegionContext
from farpoint.services.disk_sources import SOURCE_TARGET
from farpoint.services.disks import refuse_unready
from farpoint.services.groups import open_group, require_group
from farpoint.services.new_operations import new_operation
from farpoint.services.outcome import Put
from farpoint.services.ownership import own_name
from farpoint.services.references import DISK_TYPE, parse_reference, require_own_location
from farpoint.services.refusals import conflict, fixed_property, not_allowed, resource_missing
from farpoint.services.snapshot_sources import SnapshotSource, find_remote_snapshot
from farpoint.services.snapshots import SnapshotDetails, details_of_snapshot, snapshot_id


@frozen(kw_only=True)
class SnapshotRequest:
    """A PUT of a snapshot."""

    group: str
    name: str
    location: str
    tags: JsonObject
    sku: str
    create_option: SnapshotOption
    #: ARM id of the disk; for CopyStart of the other region's snapshot.
    source_id: str
    #: None where the request does not say.
    incremental: bool | None
    os_type: str | None = None
    hyper_v_generation: str | None = None


def put_snapshot(context: RegionContext, request: SnapshotRequest, *, principal: str) -> Put[SnapshotDetails]:
    """Create a snapshot; the work goes on after the answer."""
    require_own_location(context, request.location)
    request = evolve(request, group=require_group(context, request.group).name)
    with context.database.read() as conn:
        is_new = snapshots.get_snapshot(conn, group=request.group, name=request.name) is None
    source = None if not is_new else _find(context, request)
    with own_name(context, snapshot_id(context, group=request.group, name=request.name)), context.database.write() as conn:
        open_group(conn, request.group)
        existing = snapshots.get_snapshot(conn, group=request.group, name=request.name)
        if existing is not None:
            return _repeated(conn, existing, request)
        if source is None:
            raise not_allowed(f"Snapshot '{request.name}' was deleted meanwhile.", hint="Ask again.")
        made = _insert(context, conn, request, source, principal=principal)
    assert made.operation is not None
    context.launch(made.operation.id)
    return made


def _find(context: RegionContext, request: SnapshotRequest) -> SnapshotSource:
    if request.create_option is SnapshotOption.COPY_START:
        return find_remote_snapshot(context, request.source_id)
    return _find_disk(context, request.source_id)


def _find_disk(context: RegionContext, source_id: str) -> SnapshotSource:
    """Return the disk to capture, looked at; refuse one that is elsewhere, not ready or in use."""
    arm_id = parse_reference(context, source_id, DISK_TYPE, target=SOURCE_TARGET)
    with context.database.read() as conn:
        disk = disks.get_disk(conn, group=arm_id.group, name=arm_id.name)
    if disk is None:
        remote = context.peers.resource(str(arm_id))
        if remote is None:
            raise resource_missing(arm_id, target=SOURCE_TARGET)
        message = f"Disk '{arm_id.name}' is in region '{remote.region_name}'; its snapshots are made there."
        hint = f"Make the snapshot there, and bring it to '{context.name}' with createOption CopyStart."
        raise not_allowed(message, hint=hint, target=SOURCE_TARGET)
    refuse_unready(disk, target=SOURCE_TARGET)
    disk = evolve(disk, size_bytes=look_at_disk(disk, allow_live=False))
    return SnapshotSource(
        id=str(context.arm_id(disk.group, ("disks", disk.name))),
        unique_id=str(disk.id),
        region_name=context.name,
        family=str(disk.id),
        size_bytes=disk.size_bytes,
        os_type=disk.os_type,
        hyper_v_generation=disk.hyper_v_generation,
        disk=disk,
    )


def _repeated(conn: Connection, existing: Snapshot, request: SnapshotRequest) -> Put[SnapshotDetails]:
    """Answer the same request again; refuse a name that is taken by anything else."""
    found = details_of_snapshot(conn, existing)
    state = found.details.point.provisioning_state
    same = existing.create_option is request.create_option and existing.source_resource_id.lower() == request.source_id.lower()
    if not same or state in {ProvisioningState.FAILED, ProvisioningState.DELETING}:
        message = f"Snapshot '{existing.name}' exists: {existing.create_option} of {existing.source_resource_id}, {state}."
        raise conflict(message, hint="A snapshot never changes: choose another name, or delete it first.")
    if request.incremental not in {None, existing.incremental}:
        raise fixed_property("properties.incremental", str(existing.incremental).lower())
    updated = evolve(existing, tags=request.tags, sku=request.sku)
    snapshots.update_snapshot(conn, updated)
    running = found.details.operation
    if running is not None and running.state is not OperationState.RUNNING:
        running = None
    return Put(resource=details_of_snapshot(conn, updated), created=False, operation=running)


def _insert(
    context: RegionContext, conn: Connection, request: SnapshotRequest, source: SnapshotSource, *, principal: str
) -> Put[SnapshotDetails]:
    collection = _collection(context, conn, request, source)
    guid = PointId(context.entropy.guid())
    operation = _operation(context, request, source, point=guid, principal=principal)
    point = _point(request, source, collection=collection, guid=guid, operation=operation)
    points.insert_point(conn, point)
    if source.disk is not None:
        disk_points.insert_disk_points(conn, [captured_disk_row(context, conn, point, source.disk, lun=None)])
    snapshot = Snapshot(
        id=SnapshotId(context.entropy.guid()),
        group=request.group,
        name=request.name,
        location=request.location,
        tags=request.tags,
        sku=request.sku,
        create_option=request.create_option,
        source_resource_id=source.id,
        source_unique_id=source.unique_id,
        incremental=bool(request.incremental),
        os_type=request.os_type or source.os_type,
        hyper_v_generation=request.hyper_v_generation or source.hyper_v_generation,
        size_bytes=source.size_bytes,
        point=point.id,
        time_created=point.time_created,
    )
    snapshots.insert_snapshot(conn, snapshot)
    operations.insert_operation(conn, operation)
    return Put(resource=details_of_snapshot(conn, snapshot), created=True, operation=operation)


def _collection(context: RegionContext, conn: Connection, request: SnapshotRequest, source: SnapshotSource) -> Collection:
    """Return the collection for points of this disk; no name that people may give begins with a dollar sign."""
    name = f"${source.family}"
    found = snapshots.find_snapshot_collection(conn, group=request.group, name=name)
    if found is not None:
        return found
    collection = Collection(
        id=CollectionId(context.entropy.guid()),
        group=request.group,
        name=name,
        location=context.name,
        tags={},
        source_id=source.id,
        source_location=source.region_name,
        time_created=context.clock.now(),
        of_snapshots=True,
    )
    collections.insert_collection(conn, collection)
    return collection


def _operation(context: RegionContext, request: SnapshotRequest, source: SnapshotSource, *, point: PointId, principal: str) -> Operation:
    copies = source.disk is None
    return new_operation(
        context,
        OperationKind.COPY_SNAPSHOT if copies else OperationKind.CREATE_SNAPSHOT,
        resource=snapshot_id(context, group=request.group, name=request.name),
        subject=str(point),
        principal=principal,
        request={"sourcePointId": source.id, "sourceRegion": source.region_name} if copies else {"allowLive": False},
    )


def _point(
    request: SnapshotRequest, source: SnapshotSource, *, collection: Collection, guid: PointId, operation: Operation
) -> RestorePoint:
    copies = source.disk is None
    return RestorePoint(
        id=guid,
        collection=collection.id,
        group=collection.group,
        collection_name=collection.name,
        name=request.name,
        provisioning_state=ProvisioningState.CREATING,
        source_point_id=source.id if copies else None,
        copy_state=CopyState.REPLICATING if copies else None,
        time_created=operation.created_at,
        operation=operation.id,
    )
