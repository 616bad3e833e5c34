"""Snapshots, read, changed and deleted; how they are made is new_snapshot.py."""

from collections.abc import Sequence

from attrs import evolve, frozen

from farpoint.metadata import operations, points, snapshots
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.ids import PointId
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import DiskRestorePoint
from farpoint.model.snapshots import Snapshot
from farpoint.model.spans import WHOLE, Span
from farpoint.services.access_grants import refuse_if_shared
from farpoint.services.context import RegionContext
from farpoint.services.new_operations import new_operation, retire, running_operation
from farpoint.services.point_details import PointDetails
from farpoint.services.points import details_of
from farpoint.services.refusals import resource_missing


@frozen(kw_only=True)
class SnapshotDetails:
    """One snapshot, the point that holds its contents, and the operation that makes it."""

    snapshot: Snapshot
    details: PointDetails

    @property
    def disk(self) -> DiskRestorePoint | None:
        """The disk as it was captured, with its state and scope once complete; None while a copy has not held its source yet."""
        return next(iter(self.details.disks), None)


def get_snapshot(context: RegionContext, *, group: str, name: str) -> SnapshotDetails:
    """Return the snapshot, or refuse with ResourceNotFound."""
    with context.database.read() as conn:
        return details_of_snapshot(conn, require_snapshot(context, conn, group=group, name=name))


def find_snapshot_of(context: RegionContext, point: PointId) -> SnapshotDetails | None:
    """Return the snapshot whose contents this point is, if it still exists."""
    with context.database.read() as conn:
        found = snapshots.get_snapshot_of_point(conn, point)
        return None if found is None else details_of_snapshot(conn, found)


def list_snapshots(context: RegionContext, *, group: str | None = None, span: Span = WHOLE) -> Sequence[SnapshotDetails]:
    """Return the region's own snapshots, of one group or of all, or a stretch of them."""
    with context.database.read() as conn:
        return [details_of_snapshot(conn, found) for found in snapshots.list_snapshots(conn, group=group, span=span)]


def patch_snapshot(context: RegionContext, *, group: str, name: str, tags: JsonObject | None, sku: str | None) -> SnapshotDetails:
    """Change the tags or the sku."""
    with context.database.write() as conn:
        found = require_snapshot(context, conn, group=group, name=name)
        updated = evolve(found, tags=found.tags if tags is None else tags, sku=sku or found.sku)
        snapshots.update_snapshot(conn, updated)
        return details_of_snapshot(conn, updated)


def delete_snapshot(
    context: RegionContext, *, group: str, name: str, principal: str, request: JsonObject | None = None
) -> Operation | None:
    """Unpublish the snapshot and start removing it; None when there is none. Whatever still makes it is ended.

    *request* is kept with the operation.
    """
    with context.database.write() as conn:
        found = snapshots.get_snapshot(conn, group=group, name=name)
        if found is None:
            return None
        running = running_operation(conn, str(found.point), OperationKind.DELETE_SNAPSHOT)
        if running is not None:
            return running
        refuse_if_shared(context, conn, found.id)
        point = details_of_snapshot(conn, found).details.point
        retire(context, conn, point, why=f"snapshot '{found.name}' was deleted")
        arm_id = snapshot_id(context, group=found.group, name=found.name)
        operation = new_operation(
            context, OperationKind.DELETE_SNAPSHOT, resource=arm_id, subject=str(point.id), principal=principal, request=request
        )
        operations.insert_operation(conn, operation)
    context.launch(operation.id)
    return operation


def require_snapshot(context: RegionContext, conn: Connection, *, group: str, name: str) -> Snapshot:
    """Return the snapshot's row, or refuse with ResourceNotFound."""
    found = snapshots.get_snapshot(conn, group=group, name=name)
    if found is None:
        raise resource_missing(snapshot_id(context, group=group, name=name))
    return found


def details_of_snapshot(conn: Connection, snapshot: Snapshot) -> SnapshotDetails:
    """Read what belongs to *snapshot*."""
    point = points.get_point_by_guid(conn, snapshot.point)
    assert point is not None, "a snapshot's point outlives it"
    return SnapshotDetails(snapshot=snapshot, details=details_of(conn, point))


def snapshot_id(context: RegionContext, *, group: str, name: str) -> ArmId:
    """Return the ARM id of a snapshot of this subscription."""
    return context.arm_id(group, ("snapshots", name))
