"""What a disk can be made from: a disk restore point, a snapshot, or another disk, all of this region."""

from attrs import evolve, frozen

from farpoint.errors import RefusedError
from farpoint.metadata import disk_points, disks, points, snapshots
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.ids import DiskPointId
from farpoint.model.resources import Disk, DiskRestorePoint
from farpoint.services.context import RegionContext
from farpoint.services.disks import refuse_unready
from farpoint.services.json_reading import text_at
from farpoint.services.references import DISK_TYPE, SNAPSHOT_TYPE
from farpoint.services.refusals import entity_missing, not_allowed, resource_missing
from farpoint.services.verification import refuse_incomplete

SOURCE_TARGET = "properties.creationData.sourceResourceId"


@frozen(kw_only=True)
class DiskSource:
    """Contents that a new disk is to have."""

    size_bytes: int
    block_bytes: int
    os_type: str | None
    hyper_v_generation: str | None
    #: ARM's uniqueId of what the contents are of.
    unique_id: str
    #: Where they are: in the vault, or on a disk. One of the two.
    disk_point: DiskPointId | None = None
    disk: Disk | None = None


def find_source(conn: Connection, source: ArmId) -> DiskSource | None:
    """Return what *source* names, None when this region has no such thing; refuse what is not complete."""
    if source.is_type(DISK_TYPE):
        disk = disks.get_disk(conn, group=source.group, name=source.name)
        return None if disk is None else _of_disk(disk)
    if source.is_type(SNAPSHOT_TYPE):
        return _of_snapshot(conn, source)
    point = points.get_point(conn, group=source.group, collection=source.parent.parent.name, name=source.parent.name)
    found = None if point is None else disk_points.get_disk_point(conn, point.id, source.name)
    if point is None or found is None:
        return None
    refuse_incomplete(conn, point)
    generation = text_at(point.source_metadata, "hyperVGeneration") if found.lun is None else None
    return _of_disk_point(found, unique_id=found.source_unique_id, hyper_v_generation=generation)


def missing_source(context: RegionContext, source: ArmId) -> RefusedError:
    """Return the refusal of a source that this region has not: another one may, and then what to do is known. Asks the peers."""
    remote = context.peers.resource(str(source))
    if remote is not None:
        message = f"'{source.name}' is in region '{remote.region_name}'; a disk is made in the region that has its source."
        return not_allowed(message, hint=_advice(context, source), target=SOURCE_TARGET)
    if source.is_type(DISK_TYPE) or source.is_type(SNAPSHOT_TYPE):
        return resource_missing(source, target=SOURCE_TARGET)
    error = entity_missing(source, target=SOURCE_TARGET)
    hint = f"{error.hint} A disk is restored in the region that has the restore point."
    return RefusedError(error.code, error.message, hint=hint, target=SOURCE_TARGET)


def _advice(context: RegionContext, source: ArmId) -> str:
    if source.is_type(DISK_TYPE):
        return f"Make a snapshot of it there, bring that to '{context.name}' with createOption CopyStart, and copy the disk from it."
    if source.is_type(SNAPSHOT_TYPE):
        return f"Bring the snapshot to '{context.name}' with createOption CopyStart first, and copy the disk from that one."
    return f"Copy the restore point to '{context.name}' first, and restore from the copy; or restore the disk there."


def _of_disk(disk: Disk) -> DiskSource:
    refuse_unready(disk, target=SOURCE_TARGET)
    return DiskSource(
        size_bytes=disk.size_bytes,
        block_bytes=disk.block_bytes,
        os_type=disk.os_type,
        hyper_v_generation=disk.hyper_v_generation,
        unique_id=str(disk.id),
        disk=disk,
    )


def _of_snapshot(conn: Connection, source: ArmId) -> DiskSource | None:
    snapshot = snapshots.get_snapshot(conn, group=source.group, name=source.name)
    point = None if snapshot is None else points.get_point_by_guid(conn, snapshot.point)
    if snapshot is None or point is None:
        return None
    refuse_incomplete(conn, point, what="Snapshot")
    [disk] = disk_points.list_disk_points(conn, point.id)
    found = _of_disk_point(disk, unique_id=str(snapshot.id), hyper_v_generation=snapshot.hyper_v_generation)
    return evolve(found, os_type=snapshot.os_type)


def _of_disk_point(found: DiskRestorePoint, *, unique_id: str, hyper_v_generation: str | None) -> DiskSource:
    return DiskSource(
        size_bytes=found.size_bytes,
        block_bytes=found.block_bytes,
        os_type=found.os_type,
        hyper_v_generation=hyper_v_generation,
        unique_id=unique_id,
        disk_point=found.id,
    )
