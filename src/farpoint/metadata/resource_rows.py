"""Resources by kind and id, as the catalogue log records them."""

import uuid
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from farpoint.metadata.collections import get_collection_by_guid
from farpoint.metadata.descriptions import get_description_by_guid
from farpoint.metadata.directory import get_record_by_guid
from farpoint.metadata.disk_points import list_disk_points
from farpoint.metadata.disks import get_disk_by_guid
from farpoint.metadata.points import get_point_by_guid
from farpoint.metadata.snapshots import get_snapshot_by_guid
from farpoint.metadata.virtual_machines import get_vm_by_guid
from farpoint.model.catalogue import PointRecord, Resource, ResourceKind
from farpoint.model.ids import CollectionId, DescriptionId, DiskId, PointId, SnapshotId, VmId


def read_resource(conn: Connection, kind: ResourceKind, guid: uuid.UUID) -> Resource | None:
    """Return the resource with that id, None when it is gone."""
    return _READERS[kind](conn, guid)


def _point(conn: Connection, guid: uuid.UUID) -> PointRecord | None:
    point = get_point_by_guid(conn, PointId(guid))
    return None if point is None else PointRecord(point=point, disks=tuple(list_disk_points(conn, point.id)))


_READERS: Mapping[ResourceKind, Callable[[Connection, uuid.UUID], Resource | None]] = {
    ResourceKind.DIRECTORY: get_record_by_guid,
    ResourceKind.DISK: lambda conn, guid: get_disk_by_guid(conn, DiskId(guid)),
    ResourceKind.VIRTUAL_MACHINE: lambda conn, guid: get_vm_by_guid(conn, VmId(guid)),
    ResourceKind.COLLECTION: lambda conn, guid: get_collection_by_guid(conn, CollectionId(guid)),
    ResourceKind.POINT: _point,
    ResourceKind.SNAPSHOT: lambda conn, guid: get_snapshot_by_guid(conn, SnapshotId(guid)),
    ResourceKind.DESCRIPTION: lambda conn, guid: get_description_by_guid(conn, DescriptionId(guid)),
}
