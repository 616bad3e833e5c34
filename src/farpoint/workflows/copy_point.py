"""Copy a restore point here, from another region as a rule.

1. hold      pin the point at its source; keep its signed statement
2. plan      compare maps; list what must travel, to the byte, before anything moves; ARM calls the copy started
3. transfer  fetch over several streams; prove, seal and pack each chunk
4. verify    read back what was written, lean on what is closed; the maps close
5. publish   manifest, rows: from here the source is not needed
6. receipt   sign what was proven
7. release   give the source the receipt and end the hold

A source that does not answer is waited for until the copy's deadline. A hold that is lost is taken again and the copy plans again:
what arrived is not sent twice.
"""

import uuid
from collections.abc import Sequence

from attrs import evolve

from farpoint.errors import Code, RefusedError
from farpoint.metadata import copy_sources, disk_points, operations, points
from farpoint.metadata.connection import Connection
from farpoint.metadata.operations import claimed_write
from farpoint.model.ids import DiskPointId
from farpoint.model.manifest import DiskEntry
from farpoint.model.operations import DiskProgress
from farpoint.model.resources import DiskRestorePoint, ProvisioningState, RestorePoint
from farpoint.movers.plan import PlanParts, plan_disk
from farpoint.movers.ports import HeldPoint
from farpoint.movers.transfer import Arrived, TransferParts, transfer_disk
from farpoint.workflows.bench import Work
from farpoint.workflows.copy_commit import fail_copy, publish_copy, release_copy, verify_copy, write_receipt
from farpoint.workflows.copy_rows import CopiedDisk, copied_disk_row, copied_disks
from farpoint.workflows.copy_source_side import HOLD, PLAN, check_deadline, prove, pulling, request_text, source_of
from farpoint.workflows.patience import patiently
from farpoint.workflows.publishing import load_point
from farpoint.workflows.recipe import NEXT, Recipe, Step

#: Name of the first step that no longer needs the source: where a copy goes on that finds itself published.
_RECEIPT = "receipt"


def _hold(work: Work) -> str:
    point, rows = load_point(work)
    if point.manifest is not None:
        # Published by a run whose steps were forgotten: nothing is needed from the source any more, and it may be gone for ever.
        return _RECEIPT
    source = source_of(work)

    def ask() -> HeldPoint:
        return source.hold(
            source_point_id=request_text(work, "sourcePointId"), operation=work.operation.id, principal=work.operation.principal
        )

    held = patiently(work, ask, check_deadline=lambda: check_deadline(work))
    with claimed_write(work.bench.database, work.claim) as conn:
        # A crash before this commits leaves a hold at the source that the next attempt is given again. On record before it is looked
        # at: whatever is wrong with it, a copy that fails gives its hold back.
        copy_sources.put_copy_source(conn, work.operation.id, held)
    original = prove(work, held)
    if rows:
        _refuse_replaced(work, rows, copied_disks(original, point))
    with claimed_write(work.bench.database, work.claim) as conn:
        if not rows:
            disk_points.insert_disk_points(conn, _new_rows(work, conn, point, copied_disks(original, point), held))
        facts = evolve(point, consistency=original.consistency_achieved, source_time_created=original.guest_freeze)
        points.update_point(conn, facts)
    return NEXT


def _refuse_replaced(work: Work, rows: Sequence[DiskRestorePoint], disks: Sequence[DiskEntry]) -> None:
    """Refuse a hold on another point of the same name: what is planned and has arrived is not that point's."""
    if {row.disk_name: row.state for row in rows} != {entry.name: entry.state for entry in disks}:
        message = f"{request_text(work, 'sourcePointId')} is not the point it was when this copy began: it was deleted and made again"
        raise RefusedError(Code.COPY_SOURCE_NOT_FOUND, message, hint="Delete this copy and copy the new point.")


def _new_rows(work: Work, conn: Connection, point: RestorePoint, disks: Sequence[DiskEntry], held: HeldPoint) -> list[DiskRestorePoint]:
    rows = []
    for entry in disks:
        before = disk_points.latest_state_of_disk(conn, source_unique_id=entry.source_unique_id)
        family = str(uuid.uuid5(work.bench.region, entry.source_unique_id)) if before is None else before.family_id
        guid = DiskPointId(uuid.uuid5(work.operation.id, entry.name))
        disk = CopiedDisk(entry=entry, facts=held.facts, source_location=request_text(work, "sourceRegion"))
        rows.append(copied_disk_row(disk, point=point, guid=guid, family_id=family, scope=work.bench.vault.platform_scope))
    return rows


def _plan(work: Work) -> str:
    """List what must travel. Asked again (after a lost hold), what was done stays done and the rest is counted anew."""
    _, rows = load_point(work)
    before = {line.disk: line.bytes_done for line in work.progress.disks} if work.progress.planned else {}

    def plan(held: HeldPoint) -> None:
        work.bench.plans.reset(work.claim)
        for row in rows:
            assert row.state is not None
            parts = PlanParts(
                vault=work.bench.vault,
                source=source_of(work),
                token=held.token,
                scope=work.bench.vault.platform_scope,
                store=work.bench.plans,
                claim=work.claim,
            )
            plan_disk(parts, row.disk_name, row.state, on_group=lambda: work.report(work.progress))

    goto = pulling(work, plan)
    if goto == NEXT:
        _start_answered(work, rows, before)
    return goto


def _start_answered(work: Work, rows: Sequence[DiskRestorePoint], before: dict[str, int]) -> None:
    totals = work.bench.plans.totals(work.operation.id)
    lines = []
    for row in rows:
        _, left = totals.get(row.disk_name, (0, 0))
        done = before.get(row.disk_name, 0)
        lines.append(DiskProgress(disk=row.disk_name, bytes_total=done + left, bytes_done=done))
    work.report(evolve(work.progress, planned=True, disks=tuple(lines)), now=True)
    with claimed_write(work.bench.database, work.claim) as conn:
        # ARM's contract: the operation has succeeded when the copy has started; its true state is in the instance view.
        operations.mark_answered(conn, work.claim)
        point = points.get_point_by_guid(conn, rows[0].point)
        assert point is not None
        points.update_point(conn, evolve(point, provisioning_state=ProvisioningState.SUCCEEDED))


def _transfer(work: Work) -> str:
    _, rows = load_point(work)
    return pulling(work, lambda held: _transfer_disks(work, held, rows))


def _transfer_disks(work: Work, held: HeldPoint, rows: Sequence[DiskRestorePoint]) -> None:
    totals = work.bench.plans.totals(work.operation.id)
    parts = TransferParts(
        vault=work.bench.vault,
        lanes=work.bench.streams,
        source=source_of(work),
        token=held.token,
        scope=work.bench.vault.platform_scope,
        store=work.bench.plans,
        claim=work.claim,
    )
    for row in rows:
        line = next(line for line in work.progress.disks if line.disk == row.disk_name)
        _, planned = totals.get(row.disk_name, (0, 0))
        arrival = _Arrivals(work, line, already=line.bytes_total - planned)
        stored = transfer_disk(parts, row.disk_name, block_bytes=row.block_bytes, on_arrival=arrival)
        work.report(evolve(work.progress, stored_bytes=work.progress.stored_bytes + stored), now=True)


class _Arrivals:
    """Turns arrivals into progress of one disk."""

    def __init__(self, work: Work, line: DiskProgress, *, already: int) -> None:
        self._work = work
        self._line = line
        self._done = already

    def __call__(self, arrived: Arrived) -> None:
        self._done += arrived.done_bytes
        check_deadline(self._work)
        progress = self._work.set_disk(evolve(self._line, bytes_done=self._done))
        self._work.report(evolve(progress, wire_bytes=progress.wire_bytes + arrived.wire_bytes))


COPY_POINT = Recipe(
    steps=(
        Step(HOLD, _hold),
        Step(PLAN, _plan),
        Step("transfer", _transfer),
        Step("verify", verify_copy),
        Step("publish", publish_copy),
        Step(_RECEIPT, write_receipt),
        Step("release", release_copy),
    ),
    fail=fail_copy,
)
