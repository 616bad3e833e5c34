"""What workflows write while they work, without the work: rows as a running or ended capture, copy or restore leaves them."""

import datetime as dt
import uuid

from attrs import evolve

from farpoint.metadata import collections, disk_points, disks, operations, points, snapshots
from farpoint.model.arm_id import parse_arm_id
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.ids import CollectionId, DiskId, DiskPointId, ManifestId, NodeId, OperationId, PointId, ScopeId
from farpoint.model.manifest import CaptureMode, ChangeDetection, Consistency, WhyFull
from farpoint.model.operations import Failure, Operation, OperationKind, OperationState, Progress
from farpoint.model.resources import CopyState, DiskRestorePoint, ProvisioningState
from farpoint.services.context import RegionContext

_ROOT = NodeId(bytes(range(32)))
_SCOPE = ScopeId(uuid.UUID(int=7))
#: How long before its commit a played capture freezes.
_FREEZE = dt.timedelta(milliseconds=250)


def play_progress(context: RegionContext, operation: OperationId, progress: Progress, *, answered: bool = False) -> None:
    """Record *progress*, and that ARM may call the operation Succeeded."""
    with context.database.write() as conn:
        claim = operations.claim_operation(conn, operation)
        operations.save_progress(conn, claim, progress)
        if answered:
            operations.mark_answered(conn, claim)


def play_end(context: RegionContext, operation: OperationId, *, failure: Failure | None = None) -> Operation:
    """End an operation, well or not."""
    with context.database.write() as conn:
        claim = operations.claim_operation(conn, operation)
        state = OperationState.SUCCEEDED if failure is None else OperationState.FAILED
        operations.finish_operation(conn, claim, state, failure, context.clock.now())
        found = operations.get_operation(conn, operation)
    assert found is not None
    return found


def play_publish(context: RegionContext, point_id: PointId) -> None:
    """Publish a captured or copied point, and end its operation."""
    with context.database.write() as conn:
        point = points.get_point_by_guid(conn, point_id)
        assert point is not None
        for disk in disk_points.list_disk_points(conn, point_id):
            disk_points.update_disk_point(conn, _published(disk))
        published = evolve(
            point,
            provisioning_state=ProvisioningState.SUCCEEDED,
            manifest=ManifestId(uuid.uuid5(uuid.NAMESPACE_OID, str(point_id))),
            consistency=point.consistency or Consistency.CRASH,
            copy_state=None if point.copy_state is None else CopyState.SUCCEEDED,
            source_time_created=point.source_time_created or context.clock.now() - _FREEZE,
        )
        points.update_point(conn, published)
    play_end(context, point.operation)


def play_copy_start(context: RegionContext, point_id: PointId, sources: tuple[DiskRestorePoint, ...], *, source_point: str) -> None:
    """Give a copy its disks, as the hold told them, and let ARM call it started."""
    with context.database.write() as conn:
        point = points.get_point_by_guid(conn, point_id)
        assert point is not None
        disk_points.insert_disk_points(conn, [_copied(context, point_id, disk, source_point) for disk in sources])
        points.update_point(conn, evolve(point, provisioning_state=ProvisioningState.SUCCEEDED))


def play_point_failure(context: RegionContext, point_id: PointId, failure: Failure) -> None:
    """Let a capture or copy fail."""
    with context.database.write() as conn:
        point = points.get_point_by_guid(conn, point_id)
        assert point is not None
        failed = None if point.copy_state is None else CopyState.FAILED
        points.update_point(conn, evolve(point, provisioning_state=ProvisioningState.FAILED, copy_state=failed, failure=failure))
    play_end(context, point.operation, failure=failure)


def play_restore(context: RegionContext, disk_id: DiskId, *, failure: Failure | None = None) -> None:
    """Let a restore end."""
    with context.database.write() as conn:
        disk = disks.get_disk_by_guid(conn, disk_id)
        assert disk is not None
        state = ProvisioningState.SUCCEEDED if failure is None else ProvisioningState.FAILED
        contents = _state(disk.size_bytes, disk.block_bytes) if failure is None else None
        disks.update_disk(conn, evolve(disk, provisioning_state=state, state=contents, failure=failure))
        assert disk.operation is not None
    play_end(context, disk.operation, failure=failure)


def _published(disk: DiskRestorePoint) -> DiskRestorePoint:
    return evolve(
        disk,
        state=_state(disk.size_bytes, disk.block_bytes),
        scope=_SCOPE,
        mode=CaptureMode.FULL,
        why_full=WhyFull.FIRST,
        change_detection=ChangeDetection.FILE_TIMES,
        read_bytes=disk.size_bytes,
        stored_bytes=disk.size_bytes // 2,
    )


def _copied(context: RegionContext, point: PointId, source: DiskRestorePoint, source_point: str) -> DiskRestorePoint:
    guid = DiskPointId(context.entropy.guid())
    return evolve(
        source,
        id=guid,
        point=point,
        name=f"{source.disk_name}_{guid}",
        source_disk_point_id=f"{source_point}/diskRestorePoints/{source.name}",
        # As a copy does it: a family of its own in each region.
        family_id=str(uuid.uuid5(context.region_id, source.source_unique_id)),
        time_created=context.clock.now(),
        state=None,
        scope=None,
        mode=None,
        why_full=None,
        change_detection=None,
        read_bytes=0,
        stored_bytes=0,
    )


def _state(size_bytes: int, block_bytes: int) -> DiskState:
    return DiskState(geometry=Geometry(size_bytes=size_bytes, block_bytes=block_bytes), root=_ROOT)


def play_deletion(context: RegionContext, operation: Operation) -> None:
    """Remove what a deletion is about, and end it."""
    subject = uuid.UUID(operation.subject)
    with context.database.write() as conn:
        if operation.kind is not OperationKind.DELETE_COLLECTION:
            snapshot = snapshots.get_snapshot_of_point(conn, PointId(subject))
            if snapshot is not None:
                snapshots.delete_snapshot(conn, snapshot.id)
            points.delete_point(conn, PointId(subject))
        else:
            for point in points.list_points(conn, CollectionId(subject)):
                points.delete_point(conn, point.id)
            collections.delete_collection(conn, CollectionId(subject))
    play_end(context, operation.id)


def play_whole_operation(context: RegionContext, operation_id: OperationId, *, source: RegionContext) -> None:
    """Let an operation succeed at once, whatever it is; a copy finds its disks in *source*."""
    with context.database.read() as conn:
        operation = operations.get_operation(conn, operation_id)
    assert operation is not None
    match operation.kind:
        case OperationKind.CREATE_POINT | OperationKind.CREATE_SNAPSHOT:
            play_publish(context, PointId(uuid.UUID(operation.subject)))
        case OperationKind.COPY_POINT | OperationKind.COPY_SNAPSHOT:
            _play_whole_copy(context, operation, source=source)
        case OperationKind.RESTORE_DISK | OperationKind.COPY_DISK:
            play_restore(context, DiskId(uuid.UUID(operation.subject)))
        case OperationKind.DELETE_POINT | OperationKind.DELETE_SNAPSHOT | OperationKind.DELETE_COLLECTION:
            play_deletion(context, operation)
        case _:
            play_end(context, operation_id)


def _play_whole_copy(context: RegionContext, operation: Operation, *, source: RegionContext) -> None:
    source_id = parse_arm_id(str(operation.request["sourcePointId"]))
    with source.database.read() as conn:
        if operation.kind is OperationKind.COPY_SNAPSHOT:
            snapshot = snapshots.get_snapshot(conn, group=source_id.group, name=source_id.name)
            point = None if snapshot is None else points.get_point_by_guid(conn, snapshot.point)
        else:
            point = points.get_point(conn, group=source_id.group, collection=source_id.parent.name, name=source_id.name)
        assert point is not None
        disks_there = tuple(disk_points.list_disk_points(conn, point.id))
    play_copy_start(context, PointId(uuid.UUID(operation.subject)), disks_there, source_point=str(source_id))
    play_publish(context, PointId(uuid.UUID(operation.subject)))
