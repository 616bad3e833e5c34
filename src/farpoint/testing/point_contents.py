"""The bytes of a disk restore point, by the code that restores disks: what a user would get."""

from farpoint.metadata import collections, disk_points, points, snapshots
from farpoint.model.resources import DiskRestorePoint, RestorePoint
from farpoint.movers.lanes import InlineLanes
from farpoint.movers.restore import Reports, RestoreParts, restore_disk
from farpoint.testing.memory_disks import MemoryTarget
from farpoint.testing.regions import SmallRegion


def read_disk_point(region: SmallRegion, disk: DiskRestorePoint) -> bytes:
    """Return the contents of one disk of a complete point."""
    assert disk.state is not None
    assert disk.scope is not None
    target = MemoryTarget(disk.size_bytes)
    parts = RestoreParts(
        vault=region.vault, lanes=InlineLanes(), scope=disk.scope, disk=disk.disk_name, state=disk.state, target=target
    )  # fmt: skip
    restore_disk(parts, Reports(on_written=lambda _written: None, on_checkpoint=lambda _offset: None))
    return bytes(target.data)


def find_point(region: SmallRegion, collection: str, name: str) -> tuple[RestorePoint, list[DiskRestorePoint]] | None:
    """Return a point and its disks."""
    with region.database.read() as conn:
        point = points.get_point(conn, group="default", collection=collection, name=name)
        return None if point is None else (point, disk_points.list_disk_points(conn, point.id))


def read_point(region: SmallRegion, collection: str, name: str) -> dict[str, bytes]:
    """Return the contents of every disk of a complete point, by disk name."""
    found = find_point(region, collection, name)
    assert found is not None, f"there is no point {name}"
    assert found[0].manifest is not None, f"point {name} is not complete"
    return {disk.disk_name: read_disk_point(region, disk) for disk in found[1]}


def read_snapshot(region: SmallRegion, name: str) -> bytes:
    """Return the contents of a complete snapshot."""
    with region.database.read() as conn:
        snapshot = snapshots.get_snapshot(conn, group="default", name=name)
        assert snapshot is not None, f"there is no snapshot {name}"
        [disk] = disk_points.list_disk_points(conn, snapshot.point)
    return read_disk_point(region, disk)


def all_points(region: SmallRegion) -> list[tuple[RestorePoint, list[DiskRestorePoint]]]:
    """Return every point of a region with its disks, those behind snapshots too."""
    with region.database.read() as conn:
        found = [point for collection in collections.list_collections(conn) for point in points.list_points(conn, collection.id)]
        behind = [points.get_point_by_guid(conn, snapshot.point) for snapshot in snapshots.list_snapshots(conn)]
        found.extend(point for point in behind if point is not None)
        return [(point, disk_points.list_disk_points(conn, point.id)) for point in found]
