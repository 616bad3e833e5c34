"""The ARM documents of disks and snapshots, which also show what is granted on them."""

from collections.abc import Sequence

from farpoint.api.views.disks import disk_view
from farpoint.api.views.snapshots import snapshot_view
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Operation
from farpoint.model.resources import Disk
from farpoint.services.access_grants import live_access
from farpoint.services.context import RegionContext
from farpoint.services.snapshots import SnapshotDetails


def disk_document(context: RegionContext, disk: Disk, *, restore: Operation | None = None) -> JsonObject:
    """Return the document of one disk, with how far *restore* is if it is being made."""
    granted = live_access(context)
    return disk_view(disk, subscription=context.subscription_id, access=granted.get(disk.id), restore=restore)


def disk_documents(context: RegionContext, disks: Sequence[Disk]) -> list[JsonObject]:
    """Return the documents of these disks, as they are at one moment."""
    granted = live_access(context)
    return [disk_view(disk, subscription=context.subscription_id, access=granted.get(disk.id)) for disk in disks]


def snapshot_document(context: RegionContext, snapshot: SnapshotDetails) -> JsonObject:
    """Return the document of one snapshot."""
    return snapshot_documents(context, [snapshot])[0]


def snapshot_documents(context: RegionContext, snapshots: Sequence[SnapshotDetails]) -> list[JsonObject]:
    """Return the documents of these snapshots, as they are at one moment."""
    granted = live_access(context)
    return [snapshot_view(one, subscription=context.subscription_id, shared=one.snapshot.id in granted) for one in snapshots]
