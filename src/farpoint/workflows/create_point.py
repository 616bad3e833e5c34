"""Create a restore point: capture all disks of a VM as they are at one instant.

1. capture   open every disk (the instant), read them all, store what is new, see that each stood still
2. close     walk the maps: everything is present, live and sound
3. publish   manifest, then the rows

The instant lives in the open disks. A capture that is interrupted loses it and begins again at step 1 with a new one: chunks that
were stored are found by id, but nothing read at the old instant enters a map.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from attrs import evolve, frozen

from farpoint.disks.raw_source import open_raw_source
from farpoint.disks.source import BlockSource
from farpoint.errors import Code, FarpointError, RefusedError
from farpoint.metadata import disk_points, disks, points
from farpoint.metadata.connection import Connection
from farpoint.metadata.operations import claimed_write
from farpoint.model.disk import DiskState, Geometry
from farpoint.model.ids import DiskId
from farpoint.model.manifest import CaptureMode, ChangeDetection, Consistency, DiskEntry, LineageHop, Manifest, WhyFull
from farpoint.model.operations import DiskProgress, Failure
from farpoint.model.resources import DiskRestorePoint, RestorePoint
from farpoint.movers.capture import CapturedDisk, CaptureRequest, capture_disk, capture_size
from farpoint.workflows.bench import Work
from farpoint.workflows.publishing import close_disks, end_operation, fail_point, load_point, manifest_id_of, publish_point
from farpoint.workflows.recipe import NEXT, Recipe, Step


@frozen(kw_only=True)
class _OpenDisk:
    """One disk at the instant."""

    row: DiskRestorePoint
    source: BlockSource
    parent: DiskState | None

    @property
    def geometry(self) -> Geometry:
        return Geometry(size_bytes=self.source.size_bytes, block_bytes=self.row.block_bytes)


def _capture(work: Work) -> str:
    point, rows = load_point(work)
    with ExitStack() as stack:
        opened = [_open(work, stack, row) for row in rows]
        instant = work.bench.clock.now()
        vault = work.bench.vault
        totals = [DiskProgress(disk=disk.row.disk_name, bytes_total=capture_size(vault, _request(work, disk))) for disk in opened]
        # An earlier attempt's bytes count for nothing: this is another instant. Its percent stays as the floor.
        work.report(evolve(work.progress, planned=True, disks=tuple(totals), read_bytes=0, stored_bytes=0), now=True)
        captured = [_read(work, disk) for disk in opened]
        for disk in opened:
            _check_unchanged(disk)
    _keep(work, point, opened, captured, instant)
    return NEXT


def _open(work: Work, stack: ExitStack, row: DiskRestorePoint) -> _OpenDisk:
    with work.bench.database.read() as conn:
        disk = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(row.source_unique_id)))
        before = disk_points.latest_state_of_disk(conn, source_unique_id=row.source_unique_id)
    if disk is None:
        raise RefusedError(Code.DISK_NOT_FOUND, f"disk {row.disk_name} was deleted before its capture began")
    try:
        source = open_raw_source(Path(disk.path), allow_live=_allow_live(work))
    except FarpointError as error:
        raise _of_disk(error, row) from error
    stack.callback(source.close)
    return _OpenDisk(row=row, source=source, parent=None if before is None else before.state)


def _read(work: Work, disk: _OpenDisk) -> CapturedDisk:
    before = work.progress

    def on_read(done: int) -> None:
        line = DiskProgress(disk=disk.row.disk_name, bytes_total=capture_total, bytes_done=min(done, capture_total))
        work.report(evolve(work.set_disk(line), read_bytes=before.read_bytes + done))

    capture_total = next(line.bytes_total for line in before.disks if line.disk == disk.row.disk_name)
    try:
        captured = capture_disk(work.bench.vault, work.bench.lanes, _request(work, disk), on_read)
    except FarpointError as error:
        raise _of_disk(error, disk.row) from error
    work.report(evolve(work.progress, stored_bytes=before.stored_bytes + captured.stored_bytes), now=True)
    return captured


def _request(work: Work, disk: _OpenDisk) -> CaptureRequest:
    scope = work.bench.vault.platform_scope
    return CaptureRequest(source=disk.source, geometry=disk.geometry, parent=disk.parent, scope=scope, claim=work.claim)


def _check_unchanged(disk: _OpenDisk) -> None:
    try:
        disk.source.check_unchanged()
    except FarpointError as error:
        raise _of_disk(error, disk.row) from error


def _keep(work: Work, point: RestorePoint, opened: Sequence[_OpenDisk], captured: Sequence[CapturedDisk], instant: dt.datetime) -> None:
    """Record the states on the disk rows: the point is not restorable before it has a manifest."""
    with claimed_write(work.bench.database, work.claim) as conn:
        for disk, made in zip(opened, captured, strict=True):
            row = evolve(
                disk.row,
                size_bytes=made.state.size_bytes,
                time_created=instant,
                state=made.state,
                scope=work.bench.vault.platform_scope,
                mode=CaptureMode.FULL,
                why_full=WhyFull.FIRST if disk.parent is None else WhyFull.NO_TRACKER,
                change_detection=disk.source.change_detection,
                read_bytes=made.read_bytes,
                stored_bytes=made.stored_bytes,
            )
            disk_points.update_disk_point(conn, row)
        points.update_point(conn, evolve(point, source_time_created=instant, consistency=_achieved(work)))


def _close(work: Work) -> str:
    _, rows = load_point(work)
    close_disks(work, rows)
    return NEXT


def _publish(work: Work) -> str:
    point, rows = load_point(work)
    publish_point(work, _manifest(work, point, rows), lambda conn, published, _stored: _finish(work, conn, published))
    return NEXT


def _finish(work: Work, conn: Connection, point: RestorePoint) -> None:
    points.update_point(conn, point)
    end_operation(work, conn)


def _manifest(work: Work, point: RestorePoint, rows: Sequence[DiskRestorePoint]) -> Manifest:
    with work.bench.database.read() as conn:
        parent = points.latest_complete_point(conn, point.collection)
        parents = {} if parent is None else {row.source_unique_id: row for row in disk_points.list_disk_points(conn, parent.id)}
    assert point.source_time_created is not None
    now = work.bench.clock.now()
    manifest = manifest_id_of(work.operation.id)
    hop = LineageHop(
        region=work.bench.region,
        region_name=work.bench.region_name,
        point_id=work.operation.resource_id,
        manifest=manifest,
        guest_freeze=point.source_time_created,
        committed_at_source=now,
        committed_here=now,
    )
    return Manifest(
        id=manifest,
        operation=str(work.operation.id),
        point_id=work.operation.resource_id,
        vm=point.source_metadata,
        disks=tuple(_entry(row, parents.get(row.source_unique_id)) for row in rows),
        consistency_requested=_requested(work),
        consistency_achieved=_achieved(work),
        guest_freeze=point.source_time_created,
        committed_at=now,
        parent=None if parent is None else parent.manifest,
        lineage=(hop,),
    )


def _entry(row: DiskRestorePoint, parent: DiskRestorePoint | None) -> DiskEntry:
    assert row.state is not None
    assert row.scope is not None
    root = None if parent is None or parent.state is None else parent.state.root
    return DiskEntry(
        name=row.disk_name,
        lun=row.lun,
        state=row.state,
        scope=row.scope,
        source_disk_id=row.source_disk_id,
        source_unique_id=row.source_unique_id,
        mode=row.mode or CaptureMode.FULL,
        why_full=row.why_full,
        change_detection=row.change_detection or ChangeDetection.NOT_POSSIBLE,
        read_bytes=row.read_bytes,
        stored_bytes=row.stored_bytes,
        parent_root=None if root is None else root.hex(),
    )


def _allow_live(work: Work) -> bool:
    return work.operation.request.get("allowLive") is True


def _requested(work: Work) -> Consistency:
    mode = work.operation.request.get("consistencyMode")
    return Consistency(mode) if isinstance(mode, str) else Consistency.CRASH


def _achieved(work: Work) -> Consistency:
    """Disks nobody writes are consistent as after a crash; what a live guest was doing to them nobody knows."""
    return Consistency.NONE if _allow_live(work) else Consistency.CRASH


def _of_disk(error: FarpointError, row: DiskRestorePoint) -> FarpointError:
    error.place = evolve(error.place, disk=row.disk_name)
    return error


def _fail(work: Work, failure: Failure) -> None:
    with claimed_write(work.bench.database, work.claim) as conn:
        fail_point(work, conn, failure)


CREATE_POINT = Recipe(
    steps=(
        Step("capture", _capture),
        Step("close", _close),
        Step("publish", _publish),
    ),
    fail=_fail,
)
