"""Restore points, read and deleted; how they are made is new_point.py and new_copy.py."""

from collections.abc import Sequence

from farpoint.metadata import disk_points, operations, points
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import Collection, DiskRestorePoint, RestorePoint
from farpoint.services.access_grants import refuse_if_point_shared
from farpoint.services.collections import require_collection
from farpoint.services.context import RegionContext
from farpoint.services.new_operations import new_operation, retire, running_operation
from farpoint.services.point_details import PointDetails
from farpoint.services.refusals import conflict, entity_missing


def get_point(context: RegionContext, *, group: str, collection: str, name: str) -> PointDetails:
    """Return the restore point with its disks and operation, or refuse with NotFound."""
    with context.database.read() as conn:
        found = points.get_point(conn, group=group, collection=collection, name=name)
        if found is None:
            raise entity_missing(point_id(context, group=group, collection=collection, name=name))
        return details_of(conn, found)


def list_points(context: RegionContext, collection: Collection) -> Sequence[PointDetails]:
    """Return the restore points of *collection*, oldest first."""
    with context.database.read() as conn:
        return [details_of(conn, point) for point in points.list_points(conn, collection.id)]


def get_disk_point(context: RegionContext, *, group: str, collection: str, point: str, name: str) -> tuple[PointDetails, DiskRestorePoint]:
    """Return one disk of a restore point, or refuse with NotFound."""
    details = get_point(context, group=group, collection=collection, name=point)
    for disk in details.disks:
        if disk.name.lower() == name.lower():
            return details, disk
    raise entity_missing(point_id(context, group=group, collection=collection, name=point).child("diskRestorePoints", name))


def delete_point(context: RegionContext, *, group: str, collection: str, name: str, principal: str) -> Operation | None:
    """Unpublish the point and start removing it; None when there is none. Whatever still makes it is ended."""
    with context.database.write() as conn:
        point = points.get_point(conn, group=group, collection=collection, name=name)
        if point is None:
            return None
        running = _deletion_under_way(conn, point)
        if running is not None:
            return running
        refuse_if_point_shared(context, conn, point)
        retire(context, conn, point, why=f"restore point '{point.name}' was deleted")
        arm_id = point_id(context, group=point.group, collection=point.collection_name, name=point.name)
        operation = new_operation(context, OperationKind.DELETE_POINT, resource=arm_id, subject=str(point.id), principal=principal)
        operations.insert_operation(conn, operation)
    context.launch(operation.id)
    return operation


def details_of(conn: Connection, point: RestorePoint) -> PointDetails:
    """Read what belongs to *point*."""
    return PointDetails(
        point=point,
        disks=tuple(disk_points.list_disk_points(conn, point.id)),
        operation=operations.get_operation(conn, point.operation),
    )


def require_open_collection(context: RegionContext, conn: Connection, *, group: str, name: str) -> Collection:
    """Return the collection a new point goes to; refuse one that is going away."""
    found = require_collection(context, conn, group=group, name=name)
    if running_operation(conn, str(found.id), OperationKind.DELETE_COLLECTION) is not None:
        raise conflict(f"Collection '{found.name}' is being deleted.", hint="Wait until it is gone, then create it again.")
    return found


def point_id(context: RegionContext, *, group: str, collection: str, name: str) -> ArmId:
    """Return the ARM id of a restore point of this subscription."""
    return context.arm_id(group, ("restorePointCollections", collection), ("restorePoints", name))


def _deletion_under_way(conn: Connection, point: RestorePoint) -> Operation | None:
    """Return the operation that is removing *point*, its own or its collection's; None when it is not, or its removal has failed."""
    own = running_operation(conn, str(point.id), OperationKind.DELETE_POINT)
    return own or running_operation(conn, str(point.collection), OperationKind.DELETE_COLLECTION)
