"""The catalogue log folded into resources, and the same resources as rows: what a rebuild makes of the log is what was there."""

import uuid
from collections.abc import Mapping

from farpoint.metadata import catalogue, collections, descriptions, directory, disk_points, disks, points, snapshots, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.model.catalogue import PointRecord, Resource, ResourceKind
from farpoint.model.resources import Collection
from farpoint.vault.catalogue import CatalogueLog

#: Resources by kind and id.
Resources = Mapping[tuple[ResourceKind, uuid.UUID], Resource]


def fold(log: CatalogueLog) -> Resources:
    """Read the whole log, proving its chain, and let each record replace the one before it."""
    found: dict[tuple[ResourceKind, uuid.UUID], Resource] = {}
    for entry in log.entries():
        for change in entry.changes:
            key = (change.kind, change.guid)
            found.pop(key, None)
            if change.resource is not None:
                found[key] = change.resource
    return found


def rows(conn: Connection) -> Resources:
    """Read every resource there is."""
    found: dict[tuple[ResourceKind, uuid.UUID], Resource] = {}
    found |= {(ResourceKind.DIRECTORY, one.guid): one for one in directory.all_records(conn)}
    found |= {(ResourceKind.DISK, one.id): one for one in disks.list_disks(conn)}
    found |= {(ResourceKind.VIRTUAL_MACHINE, one.id): one for one in virtual_machines.list_vms(conn)}
    found |= {(ResourceKind.SNAPSHOT, one.id): one for one in snapshots.list_snapshots(conn)}
    found |= {(ResourceKind.DESCRIPTION, one.id): one for one in descriptions.list_descriptions(conn)}
    for collection in [*collections.list_collections(conn), *_behind_snapshots(conn)]:
        found[ResourceKind.COLLECTION, collection.id] = collection
        for point in points.list_points(conn, collection.id):
            record = PointRecord(point=point, disks=tuple(disk_points.list_disk_points(conn, point.id)))
            found[ResourceKind.POINT, point.id] = record
    return found


def _behind_snapshots(conn: Connection) -> list[Collection]:
    behind = [points.get_point_by_guid(conn, snapshot.point) for snapshot in snapshots.list_snapshots(conn)]
    found = [collections.get_collection_by_guid(conn, guid) for guid in {point.collection for point in behind if point is not None}]
    return [collection for collection in found if collection is not None]


def check_log(log: CatalogueLog, database: Database) -> None:
    """Check that a settled log says what the rows say, and that the database knows what the log says."""
    with database.read() as conn:
        assert not catalogue.has_work(conn), "the log is not settled"
        assert fold(log) == rows(conn)
        newest: dict[tuple[ResourceKind, uuid.UUID], tuple[int, str, bool]] = {}
        for entry in log.entries():
            newest |= {(one.kind, one.guid): (entry.seq, one.arm_path, one.resource is None) for one in entry.changes}
        published = catalogue.changes_after(conn, 0, len(newest) + 1)
        assert {(one.kind, one.guid): (one.seq, one.arm_path, one.deleted) for one in published} == newest
        head = catalogue.newest_object(conn)
        last = max(log.entries(), key=lambda entry: (entry.epoch, entry.seq), default=None)
        assert (None if head is None else head.digest) == (None if last is None else last.digest)
