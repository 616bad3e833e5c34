"""Restore a disk from a complete restore point, local or copied.

1. restore   open and lock the target, write and prove every chunk, give the disk its name, publish its row, let the lock go

One step, because the lock must outlast the row: a disk is attachable only after nobody writes it any more. Progress is a
checkpoint in the database, below which everything is written and synced; a killed restore goes on from there.
"""

import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from attrs import evolve

from farpoint.disks.open_target import open_target
from farpoint.disks.target import RestoreTarget, Resume, TargetRequest, TargetState
from farpoint.errors import Code, RefusedError, SupersededError
from farpoint.metadata import disk_points, disks, operations, points, restore_checkpoints
from farpoint.metadata.operations import claimed_write
from farpoint.metadata.restore_checkpoints import RestoreCheckpoint
from farpoint.model.disk import DiskState
from farpoint.model.ids import DiskId, DiskPointId, ScopeId
from farpoint.model.operations import DiskProgress, Failure, OperationState
from farpoint.model.resources import Disk, DiskRestorePoint, ProvisioningState
from farpoint.movers.restore import Reports, RestoreParts, count_data_bytes, restore_disk
from farpoint.workflows.bench import Work
from farpoint.workflows.publishing import end_operation
from farpoint.workflows.recipe import NEXT, Recipe, Step


def _restore(work: Work) -> str:
    disk, source = _load(work)
    state, scope = source.state, source.scope
    assert state is not None
    assert scope is not None
    request, done_before = _target_request(work, disk, state, scope)
    with closing(open_target(request, clock=work.bench.clock, wait=_waiting(work, request.path))) as target:
        _check_still_ours(work, target)
        if target.state is not TargetState.PUBLISHED:
            already = done_before if target.state is TargetState.RESUMED else 0
            line = DiskProgress(disk=disk.name, bytes_total=request.data_bytes, bytes_done=already)
            parts = RestoreParts(vault=work.bench.vault, lanes=work.bench.lanes, scope=scope, disk=disk.name, state=state, target=target)
            _write(work, disk, parts, line)
        # Also when an earlier run got this far: it may have been killed before the name itself was durable.
        target.publish()
        # A crash here leaves the finished disk without its row: the next attempt finds it PUBLISHED and commits.
        _commit(work, disk, state)
    return NEXT


def _load(work: Work) -> tuple[Disk, DiskRestorePoint]:
    """Return the disk and the disk restore point; refuse one that is not complete, or was deleted meanwhile."""
    source_guid = DiskPointId(uuid.UUID(str(work.operation.request["diskPointId"])))
    with work.bench.database.read() as conn:
        disk = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(work.operation.subject)))
        source = disk_points.get_disk_point_by_guid(conn, source_guid)
        point = None if source is None else points.get_point_by_guid(conn, source.point)
    assert disk is not None, "a disk outlives its running operation"
    if source is None or point is None or point.manifest is None:
        message = f"the restore point that disk {disk.name} is restored from is gone or not complete"
        raise RefusedError(Code.RESTORE_POINT_NOT_READY, message, hint="Choose a complete restore point.")
    return disk, source


def _target_request(work: Work, disk: Disk, state: DiskState, scope: ScopeId) -> tuple[TargetRequest, int]:
    """Return what to open, and how many data bytes lie below the checkpoint an earlier run recorded."""
    with work.bench.database.read() as conn:
        checkpoint = restore_checkpoints.get_checkpoint(conn, disk.id)
    resume = None if checkpoint is None else Resume(identity=checkpoint.identity, synced_bytes=checkpoint.synced_bytes)
    split_block = 0 if resume is None else resume.synced_bytes // state.block_bytes
    before, after = count_data_bytes(work.bench.vault.reader(scope), state, split_block=split_block, disk=disk.name)
    request = TargetRequest(
        path=Path(disk.path),
        size_bytes=state.size_bytes,
        data_bytes=before + after,
        overwrite=work.operation.request.get("overwrite") is True,
        resume=resume,
    )
    return request, before


def _waiting(work: Work, path: Path) -> Callable[[], None]:
    def wait() -> None:
        # Raises when we were superseded ourselves, or when the region stops.
        work.report(evolve(work.progress, waiting=f"another restore holds the lock on {path}"))

    return wait


def _check_still_ours(work: Work, target: RestoreTarget) -> None:
    """See that the work is still ours before the first byte is written: waiting for the lock may have taken long."""
    try:
        work.report(evolve(work.progress, waiting=""), now=True)
    except SupersededError:
        if target.state is TargetState.FRESH:
            # Made just now, and nothing is in it: whoever took over has finished, or makes one anew.
            target.abandon()
        raise


def _write(work: Work, disk: Disk, parts: RestoreParts, line: DiskProgress) -> None:
    target = parts.target
    work.report(evolve(work.progress, planned=True, disks=(line,)), now=True)
    # On record before the first write: what is on the target from now on is known to be ours.
    _checkpoint(work, disk, target, target.synced_bytes)

    def on_written(written: int) -> None:
        work.report(work.set_disk(evolve(line, bytes_done=min(line.bytes_total, line.bytes_done + written))))

    restore_disk(parts, Reports(on_written=on_written, on_checkpoint=lambda offset: _checkpoint(work, disk, target, offset)))


def _checkpoint(work: Work, disk: Disk, target: RestoreTarget, synced_bytes: int) -> None:
    with claimed_write(work.bench.database, work.claim) as conn:
        restore_checkpoints.put_checkpoint(conn, disk.id, RestoreCheckpoint(identity=target.identity, synced_bytes=synced_bytes))


def _commit(work: Work, disk: Disk, state: DiskState) -> None:
    with claimed_write(work.bench.database, work.claim) as conn:
        found = disks.get_disk_by_guid(conn, disk.id)
        assert found is not None
        done = evolve(found, provisioning_state=ProvisioningState.SUCCEEDED, state=state, failure=None)
        disks.update_disk(conn, done)
        restore_checkpoints.delete_checkpoint(conn, disk.id)
        end_operation(work, conn)


def _fail(work: Work, failure: Failure) -> None:
    """Keep what is written: asking again for the same disk goes on from the checkpoint."""
    with claimed_write(work.bench.database, work.claim) as conn:
        disk = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(work.operation.subject)))
        if disk is not None:
            disks.update_disk(conn, evolve(disk, provisioning_state=ProvisioningState.FAILED, failure=failure))
        operations.finish_operation(conn, work.claim, OperationState.FAILED, failure, work.bench.clock.now())


RESTORE_DISK = Recipe(steps=(Step("restore", _restore),), fail=_fail)
