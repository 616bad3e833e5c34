"""Verify a restore point, or a disk that was restored: read back, prove, change nothing.

1. verify   a point: every chunk of every disk (full), or a closing walk that leans on what is closed;
            a disk: recompute its map root and compare it with what the restore published
"""

import uuid
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from farpoint.disks.raw_source import open_raw_source
from farpoint.errors import IntegrityError, Place
from farpoint.metadata import disks, operations
from farpoint.metadata.operations import claimed_write
from farpoint.model.disk import DiskState
from farpoint.model.ids import DiskId
from farpoint.model.operations import DiskProgress, Failure, OperationKind, OperationState
from farpoint.model.resources import DiskRestorePoint
from farpoint.movers.batches import data_bytes
from farpoint.movers.disk_digest import compute_state
from farpoint.movers.restore import count_data_bytes
from farpoint.vault.verify import DAMAGE_LISTED_MAX, Damage
from farpoint.workflows.bench import Work
from farpoint.workflows.publishing import close_disks, end_operation, load_point
from farpoint.workflows.recipe import NEXT, Recipe, Step


def _verify(work: Work) -> str:
    if work.operation.kind is OperationKind.VERIFY_DISK:
        _verify_disk(work)
    else:
        _verify_point(work)
    with claimed_write(work.bench.database, work.claim) as conn:
        end_operation(work, conn)
    return NEXT


def _verify_point(work: Work) -> None:
    point, rows = load_point(work)
    assert point.manifest is not None, "only complete points are verified"
    work.bench.vault.manifests.read(point.manifest)
    if work.operation.request.get("full") is not True:
        close_disks(work, rows)
        return
    totals = [DiskProgress(disk=row.disk_name, bytes_total=_data_bytes(work, row)) for row in rows]
    work.report(evolve(work.progress, planned=True, disks=tuple(totals), notes=()), now=True)
    for row, line in zip(rows, totals, strict=True):
        _verify_chunks(work, row, line)


def _verify_chunks(work: Work, row: DiskRestorePoint, line: DiskProgress) -> None:
    before = work.progress.read_bytes

    def on_bytes(done: int) -> None:
        work.report(evolve(work.set_disk(evolve(line, bytes_done=done)), read_bytes=before + done))

    scope = row.scope or work.bench.vault.platform_scope
    report = work.bench.vault.audit(scope, _state(row), disk=row.disk_name, on_bytes=on_bytes)
    if report.spare:
        work.report(evolve(work.progress, notes=(*work.progress.notes, _note(row, report.spare))))
    if report.damage:
        first, count = report.damage[0], len(report.damage)
        message = f"{first.message}; {count} damaged range{'s' if count > 1 else ''} on this disk"
        raise IntegrityError(
            message,
            hint="Restore another point, or this one where it is sound; a capture or copy that meets the same bytes stores them again.",
            place=first.place,
        )


def _note(row: DiskRestorePoint, spare: Sequence[Damage]) -> str:
    first, count = spare[0], len(spare)
    listed = "" if count == 1 else f" and {'at least ' if count == DAMAGE_LISTED_MAX else ''}{count - 1} more"
    message = f"disk {row.disk_name} is sound, and does not need what is damaged beside it in its packs: {first.message}"
    return f"{message} ({evolve(first.place, disk=None)}{listed}). Another point may: verify those too."


def _verify_disk(work: Work) -> None:
    with work.bench.database.read() as conn:
        disk = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(work.operation.subject)))
    assert disk is not None
    assert disk.state is not None, "only restored disks are verified"
    source = open_raw_source(Path(disk.path), allow_live=False, size_bytes=disk.state.size_bytes)
    try:
        line = DiskProgress(disk=disk.name, bytes_total=data_bytes(source.extents(), disk.state.geometry))
        work.report(evolve(work.progress, planned=True, disks=(line,)), now=True)

        def on_read(done: int) -> None:
            work.report(evolve(work.set_disk(evolve(line, bytes_done=min(done, line.bytes_total))), read_bytes=done))

        found = compute_state(source, disk.state.geometry, work.bench.lanes, on_read)
        source.check_unchanged()
    finally:
        source.close()
    if found != disk.state:
        message = f"disk {disk.name} is not what was restored: its digest is {found.digest}, it should be {disk.state.digest}"
        hint = "If a VM has written to it, that is as it should be; else restore it again."
        raise IntegrityError(message, hint=hint, place=Place(disk=disk.name))


def _data_bytes(work: Work, row: DiskRestorePoint) -> int:
    reader = work.bench.vault.reader(row.scope or work.bench.vault.platform_scope)
    return sum(count_data_bytes(reader, _state(row), disk=row.disk_name))


def _state(row: DiskRestorePoint) -> DiskState:
    assert row.state is not None
    return row.state


def _fail(work: Work, failure: Failure) -> None:
    with claimed_write(work.bench.database, work.claim) as conn:
        operations.finish_operation(conn, work.claim, OperationState.FAILED, failure, work.bench.clock.now())


VERIFY = Recipe(steps=(Step("verify", _verify),), fail=_fail)
