"""What every capture of a disk begins with: a look at the disk, and the row of what is to be captured."""

from pathlib import Path

from attrs import evolve

from farpoint.disks.in_use import refuse_if_in_use
from farpoint.disks.inspect import inspect_disk
from farpoint.errors import FarpointError, RefusedError
from farpoint.metadata import disk_points
from farpoint.metadata.connection import Connection
from farpoint.model.ids import DiskPointId
from farpoint.model.resources import Disk, DiskRestorePoint, RestorePoint
from farpoint.services.context import RegionContext


def look_at_disk(disk: Disk, *, allow_live: bool) -> int:
    """Return the disk's size now; refuse one that is missing, unreadable or in use. Not for transactions."""
    path = Path(disk.path)
    try:
        facts = inspect_disk(path)
        refuse_if_in_use(path, allow_live=allow_live)
    except RefusedError as error:
        raise _of_disk(error, disk) from error
    return facts.size_bytes


def captured_disk_row(context: RegionContext, conn: Connection, point: RestorePoint, disk: Disk, *, lun: int | None) -> DiskRestorePoint:
    """Return the row of *disk* in a new point; the first capture of a disk begins its family."""
    guid = DiskPointId(context.entropy.guid())
    before = disk_points.latest_state_of_disk(conn, source_unique_id=str(disk.id))
    return DiskRestorePoint(
        id=guid,
        point=point.id,
        name=f"{disk.name}_{guid}",
        disk_name=disk.name,
        lun=lun,
        os_type=disk.os_type,
        source_disk_id=str(context.arm_id(disk.group, ("disks", disk.name))),
        source_disk_point_id=None,
        source_location=context.name,
        source_unique_id=str(disk.id),
        family_id=before.family_id if before is not None else str(context.entropy.guid()),
        time_created=point.time_created,
        size_bytes=disk.size_bytes,
        block_bytes=disk.block_bytes,
    )


def _of_disk(error: FarpointError, disk: Disk) -> RefusedError:
    return RefusedError(error.code, f"Disk '{disk.name}': {error.message}", hint=error.hint, place=evolve(error.place, disk=disk.name))
