"""Copy a disk of this region to a new one, as it is at one instant; nothing of it enters the vault.

1. copy   open the source (the instant), open and lock the target, write every block, see that the source stood still, give the
          copy its name, publish its row, let the lock go

A copy that is interrupted has lost its instant and begins again, over what it wrote: the checkpoint, always at 0, only says
whose work the target holds.
"""

import uuid
from contextlib import closing
from pathlib import Path

from attrs import evolve

from farpoint.disks.open_target import open_target
from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.source import BlockSource
from farpoint.disks.target import RestoreTarget, TargetRequest, TargetState
from farpoint.errors import Code, RefusedError
from farpoint.metadata import disks
from farpoint.metadata.operations import claimed_write
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.ids import DiskId
from farpoint.model.operations import DiskProgress
from farpoint.model.resources import Disk
from farpoint.movers.batches import data_bytes
from farpoint.movers.copy_disk import copy_disk
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


def _copy(work: Work) -> str:
    disk = load_disk(work)
    if disk.state is None or not _commit_published(work, disk, disk.state):
        _copy_at_one_instant(work, disk)
    return NEXT


def _commit_published(work: Work, disk: Disk, state: DiskState) -> bool:
    """Commit what an earlier run published and had no time to commit: its source may have changed since, or be gone."""
    with closing(_open_target(work, disk, needed_bytes=0)) as target:
        check_still_ours(work, target)
        if target.state is not TargetState.PUBLISHED:
            return False
        target.publish()
        commit_disk(work, disk, state)
    return True


def _copy_at_one_instant(work: Work, disk: Disk) -> None:
    geometry = Geometry(size_bytes=disk.size_bytes, block_bytes=disk.block_bytes)
    with closing(_open_source(work, disk)) as source:
        needed_bytes = data_bytes(source.extents(), geometry)
        with closing(_open_target(work, disk, needed_bytes=needed_bytes)) as target:
            check_still_ours(work, target)
            line = DiskProgress(disk=disk.name, bytes_total=needed_bytes)
            # An earlier attempt's bytes count for nothing: this is another instant. Its percent stays as the floor.
            look_for_data(work, target)
            work.report(evolve(work.progress, planned=True, disks=(line,), waiting=""), now=True)
            # On record before the first write: what is on the target from now on is known to be ours.
            record_checkpoint(work, disk, target, 0)
            state = _write(work, source, geometry, target, line)
            source.check_unchanged()
            _record_state(work, disk, state)
            target.publish()
            # A crash here leaves the finished disk without its row: the next attempt finds it PUBLISHED and commits.
            commit_disk(work, disk, state)


def _open_source(work: Work, disk: Disk) -> BlockSource:
    with work.bench.database.read() as conn:
        original = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(str(work.operation.request["sourceDiskId"]))))
    if original is None:
        raise RefusedError(Code.DISK_NOT_FOUND, f"{disk.source_resource_id} was deleted before its copy began", hint="Copy another disk.")
    source = open_raw_source(Path(original.path), allow_live=False)
    if source.size_bytes != disk.size_bytes:
        source.close()
        message = f"disk {original.name} had {disk.size_bytes} bytes when its copy was asked for, and has {source.size_bytes} now"
        raise RefusedError(Code.DISK_CHANGED, message, hint="Delete the copy and ask again.")
    return source


def _open_target(work: Work, disk: Disk, *, needed_bytes: int) -> RestoreTarget:
    request = TargetRequest(
        path=Path(disk.path),
        size_bytes=disk.size_bytes,
        data_bytes=needed_bytes,
        overwrite=work.operation.request.get("overwrite") is True,
        resume=recorded_resume(work, disk),
    )
    return open_target(request, clock=work.bench.clock, wait=waiting(work, request.path))


def _write(work: Work, source: BlockSource, geometry: Geometry, target: RestoreTarget, line: DiskProgress) -> DiskState:
    def on_copied(copied: int) -> None:
        done = evolve(line, bytes_done=min(line.bytes_total, copied))
        work.report(evolve(work.set_disk(done), read_bytes=copied))

    return copy_disk(source, geometry, target, work.bench.lanes, on_copied)


def _record_state(work: Work, disk: Disk, state: DiskState) -> None:
    """Keep what the copy holds: once it is published nothing else tells."""
    with claimed_write(work.bench.database, work.claim) as conn:
        found = disks.get_disk_by_guid(conn, disk.id)
        assert found is not None
        disks.update_disk(conn, evolve(found, state=state))


COPY_DISK = Recipe(steps=(Step("copy", _copy),), fail=fail_disk)
