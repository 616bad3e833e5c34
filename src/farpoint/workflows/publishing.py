"""What capture and copy share at their ends: closing walks, the manifest, and the transaction that makes a point restorable."""

import uuid
from collections.abc import Callable, Mapping
from functools import partial

from attrs import evolve

from farpoint.errors import Code, IntegrityError, Place
from farpoint.metadata import disk_points, operations, points
from farpoint.metadata.connection import Connection
from farpoint.metadata.operations import check_claim, claimed_write
from farpoint.model.disk import DiskState
from farpoint.model.ids import ManifestId, OperationId, PointId, ScopeId
from farpoint.model.manifest import Manifest
from farpoint.model.operations import Failure, OperationState
from farpoint.model.resources import CopyState, DiskRestorePoint, ProvisioningState, RestorePoint
from farpoint.movers.lanes import each
from farpoint.vault.closing import Closure
from farpoint.workflows.bench import Work

#: Collection may condemn something between the walk and the commit; each round then walks again. It cannot go on for ever.
_ROUNDS_MAX = 100


def manifest_id_of(operation: OperationId) -> ManifestId:
    """Return the one manifest id an operation can publish under: a retried publish finds its own earlier attempt there."""
    return ManifestId(uuid.uuid5(operation, "manifest"))


def load_point(work: Work) -> tuple[RestorePoint, list[DiskRestorePoint]]:
    """Return the operation's restore point and its disks."""
    with work.bench.database.read() as conn:
        point = points.get_point_by_guid(conn, _point_guid(work))
        assert point is not None, "a point outlives its running operation"
        return point, disk_points.list_disk_points(conn, point.id)


def close_disks(work: Work, disks: list[DiskRestorePoint]) -> Mapping[str, Closure]:
    """Walk every disk's map and close it; return what each walk proved, by disk name."""
    closures = {}
    for disk in disks:
        assert disk.state is not None
        assert disk.scope is not None
        try:
            closures[disk.disk_name] = work.bench.vault.close(
                disk.scope, disk.state, work.claim, on_step=lambda: work.report(work.progress), each=partial(each, work.bench.lanes)
            )
        except IntegrityError as error:
            place = evolve(error.place, disk=disk.disk_name) if error.place != Place() else Place(disk=disk.disk_name)
            raise IntegrityError(error.message, hint=error.hint, place=place) from error
    return closures


def publish_point(work: Work, manifest: Manifest, finish: Callable[[Connection, RestorePoint, Manifest], None]) -> Manifest:
    """Commit a point: last walk, manifest, then one transaction that makes the rows say so; return the stored manifest.

    *finish* completes that transaction. Nothing may have been condemned between the walk and the commit.
    """
    index = work.bench.vault.index
    for _ in range(_ROUNDS_MAX):
        condemned = index.condemn_count()
        point, disks = load_point(work)
        close_disks(work, disks)
        if _states(manifest) != {disk.disk_name: (disk.state, disk.scope) for disk in disks}:
            message = f"manifest {manifest.id} would commit other disk states than those just proven"
            raise IntegrityError(message)
        # The bucket knows no claims: look once more before a put that only a tombstone takes back.
        work.report(work.progress, now=True)
        # A crash here leaves a complete, closed vault without a manifest: the next attempt comes here again at once.
        stored = work.bench.vault.manifests.publish(manifest)
        if not _rows_say(stored, point, disks):
            # An earlier attempt committed another instant, and its steps were forgotten since: a commit stands, so the rows follow it.
            _adopt(work, point, disks, stored)
            manifest = stored
            continue
        # A crash here leaves the manifest without its row: the next attempt finds it and commits.
        with work.bench.database.write() as conn:
            check_claim(conn, work.claim)
            if index.condemn_count() == condemned:
                finish(conn, evolve(point, manifest=stored.id, provisioning_state=ProvisioningState.SUCCEEDED), stored)
                return stored
    message = "collection condemned something during every attempt to publish"
    raise IntegrityError(message)


def _rows_say(manifest: Manifest, point: RestorePoint, disks: list[DiskRestorePoint]) -> bool:
    shown = {disk.disk_name: (disk.state, disk.scope) for disk in disks}
    return shown == _states(manifest) and point.source_time_created == manifest.guest_freeze


def _states(manifest: Manifest) -> dict[str, tuple[DiskState | None, ScopeId | None]]:
    return {entry.name: (entry.state, entry.scope) for entry in manifest.disks}


def _adopt(work: Work, point: RestorePoint, disks: list[DiskRestorePoint], manifest: Manifest) -> None:
    entries = {entry.name: entry for entry in manifest.disks}
    with claimed_write(work.bench.database, work.claim) as conn:
        for disk in disks:
            entry = entries[disk.disk_name]
            row = evolve(
                disk,
                size_bytes=entry.state.size_bytes,
                time_created=manifest.guest_freeze,
                state=entry.state,
                scope=entry.scope,
                mode=entry.mode,
                why_full=entry.why_full,
                change_detection=entry.change_detection,
                read_bytes=entry.read_bytes,
                stored_bytes=entry.stored_bytes,
            )
            disk_points.update_disk_point(conn, row)
        points.update_point(conn, evolve(point, source_time_created=manifest.guest_freeze, consistency=manifest.consistency_achieved))


def fail_point(work: Work, conn: Connection, failure: Failure, *, copy_state: CopyState | None = None) -> None:
    """End the operation as failed, in the caller's transaction, and record that on the point, if it is still there."""
    failure = _of_point(work, failure)
    point = points.get_point_by_guid(conn, _point_guid(work))
    if point is not None:
        points.update_point(conn, evolve(point, provisioning_state=ProvisioningState.FAILED, copy_state=copy_state, failure=failure))
    operations.finish_operation(conn, work.claim, OperationState.FAILED, failure, work.bench.clock.now())


def end_operation(work: Work, conn: Connection) -> None:
    """End the operation as succeeded, in the caller's transaction, with its progress as it is now."""
    operations.save_progress(conn, work.claim, work.progress)
    operations.finish_operation(conn, work.claim, OperationState.SUCCEEDED, None, work.bench.clock.now())


def _of_point(work: Work, failure: Failure) -> Failure:
    """Return the failure with a hint that holds for points: one that failed is in the way of the same request."""
    if failure.code != Code.OUT_OF_SPACE:
        return failure
    progress = work.progress
    # A capture's total is what its disks hold; how little of that is new nobody knows before it is read.
    left_bytes = progress.bytes_total - progress.bytes_done if work.operation.kind.is_copy_from_region else 0
    left = f"At least {left_bytes} bytes are still to be stored. " if left_bytes else ""
    return evolve(failure, hint=f"{left}Make room, delete what failed, then ask for it again: what was stored is reused.")


def _point_guid(work: Work) -> PointId:
    return PointId(uuid.UUID(work.operation.subject))
