"""Restore a disk from a complete restore point, local or copied, or from a snapshot.

1. restore   open and lock the target, write and prove every chunk, give the disk its name, publish its row, let the lock go

One step, because the lock must outlast the row: a disk is attachable only after nobody writes it any more. Progress is a
checkpoint in the database, below which everything is written and synced; a killed restore goes on from there, having read back
and proved what is below.
"""

import uuid
from contextlib import closing
from pathlib import Path

from attrs import evolve

from farpoint.disks.open_target import open_target
from farpoint.disks.target import TargetRequest, TargetState
from farpoint.errors import Code, RefusedError
from farpoint.metadata import disk_points, points
from farpoint.model.ids import DiskPointId
from farpoint.model.operations import DiskProgress
from farpoint.model.resources import Disk, DiskRestorePoint
from farpoint.movers.restore import Reports, RestoreParts, count_data_bytes, restore_disk
from farpoint.movers.written import is_as_written
from farpoint.units import human_bytes
from farpoint.workflows.bench import Work
from farpoint.workflows.disk_target import (
    check_still_ours,
    commit_disk,
    fail_disk,
    load_disk,
    look_for_data,
    record_checkpoint,
    recorded_resume,
    waiting,
)
from farpoint.workflows.recipe import NEXT, Recipe, Step


def _restore(work: Work) -> str:
    disk, source = load_disk(work), _load_source(work)
    request, done_before = _target_request(work, disk, source)
    if not _go_on(work, disk, source, request, done_before=done_before):
        # Somebody changed what the earlier run had written: begin anew, with all that is asked of a new target.
        _go_on(work, disk, source, evolve(request, resume=None), done_before=0)
    return NEXT


def _go_on(work: Work, disk: Disk, source: DiskRestorePoint, request: TargetRequest, *, done_before: int) -> bool:
    """Restore, from where the request resumes; False, nothing written, when that is not what an earlier run left."""
    state, scope = source.state, source.scope
    assert state is not None
    assert scope is not None
    with closing(open_target(request, clock=work.bench.clock, wait=waiting(work, request.path))) as target:
        check_still_ours(work, target)
        if target.state is not TargetState.PUBLISHED:
            parts = RestoreParts(vault=work.bench.vault, lanes=work.bench.lanes, scope=scope, disk=disk.name, state=state, target=target)
            if target.state is TargetState.RESUMED and not _is_as_written(work, parts):
                return False
            already = done_before if target.state is TargetState.RESUMED else 0
            _write(work, disk, parts, DiskProgress(disk=disk.name, bytes_total=request.data_bytes, bytes_done=already))
        # Also when an earlier run got this far: it may have been killed before the name itself was durable.
        target.publish()
        # A crash here leaves the finished disk without its row: the next attempt finds it PUBLISHED and commits.
        commit_disk(work, disk, state)
    return True


def _is_as_written(work: Work, parts: RestoreParts) -> bool:
    def on_read(read: int) -> None:
        work.report(evolve(work.progress, waiting=f"{human_bytes(read)} read back to see that they are as an earlier run wrote them"))

    return is_as_written(parts, on_read)


def _load_source(work: Work) -> DiskRestorePoint:
    """Return the disk restore point; refuse one that is not complete, or was deleted meanwhile."""
    source_guid = DiskPointId(uuid.UUID(str(work.operation.request["diskPointId"])))
    with work.bench.database.read() as conn:
        source = disk_points.get_disk_point_by_guid(conn, source_guid)
        point = None if source is None else points.get_point_by_guid(conn, source.point)
    if source is None or point is None or point.manifest is None:
        message = f"what disk {work.operation.resource_id} is restored from is gone or not complete"
        raise RefusedError(Code.RESTORE_POINT_NOT_READY, message, hint="Choose a complete restore point or snapshot.")
    return source


def _target_request(work: Work, disk: Disk, source: DiskRestorePoint) -> tuple[TargetRequest, int]:
    """Return what to open, and how many data bytes lie below the checkpoint an earlier run recorded."""
    state, scope = source.state, source.scope
    assert state is not None
    assert scope is not None
    resume = recorded_resume(work, disk)
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


def _write(work: Work, disk: Disk, parts: RestoreParts, line: DiskProgress) -> None:
    target = parts.target
    look_for_data(work, target)
    work.report(evolve(work.progress, planned=True, disks=(line,), waiting=""), now=True)
    # On record before the first write: what is on the target from now on is known to be ours.
    record_checkpoint(work, disk, target, target.synced_bytes)

    def on_written(written: int) -> None:
        work.report(work.set_disk(evolve(line, bytes_done=min(line.bytes_total, line.bytes_done + written))))

    restore_disk(parts, Reports(on_written=on_written, on_checkpoint=lambda offset: record_checkpoint(work, disk, target, offset)))


RESTORE_DISK = Recipe(steps=(Step("restore", _restore),), fail=fail_disk)
