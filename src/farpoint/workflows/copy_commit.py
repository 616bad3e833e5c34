"""The second half of a copy: verify what is here, publish it, let the source go; and how a copy fails."""

import logging
import uuid

from attrs import evolve

from farpoint.bucket.names import receipt_name
from farpoint.metadata import copy_sources, points
from farpoint.metadata.connection import Connection
from farpoint.metadata.copy_sources import CopySource
from farpoint.metadata.operations import claimed_write
from farpoint.model.ids import PointId
from farpoint.model.manifest import LineageHop, Manifest
from farpoint.model.operations import Failure
from farpoint.model.resources import CopyState, RestorePoint
from farpoint.movers.transfer import missing_bytes
from farpoint.vault.receipts import ReceiptDisk, keep_receipt, make_receipt
from farpoint.workflows.bench import Work
from farpoint.workflows.copy_rows import copied_disks, copied_manifest, read_proof, write_proofs
from farpoint.workflows.copy_source_side import PLAN, kept_source, prove, try_release
from farpoint.workflows.publishing import close_disks, end_operation, fail_point, load_point, manifest_id_of, publish_point
from farpoint.workflows.recipe import NEXT

_log = logging.getLogger(__name__)


def verify_copy(work: Work) -> str:
    """Read back what was written, lean on what is closed, close the maps; keep what that proved for the receipt."""
    _, rows = load_point(work)
    proofs = write_proofs(close_disks(work, rows))
    with claimed_write(work.bench.database, work.claim) as conn:
        copy_sources.put_proofs(conn, work.operation.id, proofs)
    return NEXT


def publish_copy(work: Work) -> str:
    """Commit the copy: manifest and rows. From here on nothing is needed from the source."""
    kept, original = _verified_source(work)
    now = work.bench.clock.now()
    hop = LineageHop(
        region=work.bench.region,
        region_name=work.bench.region_name,
        point_id=work.operation.resource_id,
        manifest=manifest_id_of(work.operation.id),
        guest_freeze=original.guest_freeze,
        committed_at_source=original.committed_at,
        committed_here=now,
    )
    scope = work.bench.vault.platform_scope
    point, _ = load_point(work)
    disks = copied_disks(original, point)
    manifest = copied_manifest(original, disks, kept.held.statement, hop=hop, operation=str(work.operation.id), scope=scope)
    publish_point(work, manifest, _finish)
    return NEXT


def write_receipt(work: Work) -> str:
    """Sign what was proven. A crash before this leaves the point restorable and without its receipt: the step runs again."""
    kept, original = _verified_source(work)
    stored = work.bench.vault.manifests.read(manifest_id_of(work.operation.id))
    keep_receipt(work.bench.vault.bucket, stored.id, _receipt(work, kept, stored, original))
    return NEXT


def _verified_source(work: Work) -> tuple[CopySource, Manifest]:
    kept = kept_source(work)
    assert kept is not None, "a copy that was verified has a source on record"
    return kept, prove(work, kept.held)


def _finish(conn: Connection, point: RestorePoint, _stored: Manifest) -> None:
    points.update_point(conn, evolve(point, copy_state=CopyState.SUCCEEDED))


def _receipt(work: Work, kept: CopySource, stored: Manifest, original: Manifest) -> bytes:
    disks = []
    for disk in stored.disks:
        read_back, oldest = read_proof(kept.proofs or {}, disk.name)
        disks.append(ReceiptDisk(name=disk.name, state=disk.state, bytes_verified_now=read_back, oldest_check=oldest))
    return make_receipt(
        region=work.bench.region,
        manifest=stored.id,
        source_manifest=original.id,
        disks=disks,
        now=stored.committed_at,
        signer=work.bench.vault.signer,
    )


def release_copy(work: Work) -> str:
    """Give the source its receipt, if it is there; if not, its hold dies of itself."""
    kept = kept_source(work)
    if kept is not None:
        receipt = work.bench.vault.bucket.get(receipt_name(manifest_id_of(work.operation.id)))
        try_release(work, kept, receipt)
    work.bench.plans.reset(work.claim)
    with claimed_write(work.bench.database, work.claim) as conn:
        copy_sources.delete_copy_source(conn, work.operation.id)
        end_operation(work, conn)
    return NEXT


def fail_copy(work: Work, failure: Failure) -> None:
    """Record why the copy failed; what arrived stays, so a new request resumes. A point that is published stays published."""
    kept = kept_source(work)
    failure = evolve(failure, bytes_safe=_safe_bytes(work))
    work.bench.plans.reset(work.claim)
    with claimed_write(work.bench.database, work.claim) as conn:
        copy_sources.delete_copy_source(conn, work.operation.id)
        if _is_published(work, conn):
            # After publish a copy only goes forward: what failed is its receipt or its farewell, not the copy.
            _log.error("copy_complete_but_not_tidied", extra={**work.log_fields(), "code": failure.code, "reason": failure.message})
            end_operation(work, conn)
        else:
            fail_point(work, conn, failure, copy_state=CopyState.FAILED)
    if kept is not None:
        try_release(work, kept, None)


def _safe_bytes(work: Work) -> int | None:
    """Return how many of the planned bytes are durable here; None while there is no whole plan to count by."""
    bench = work.bench
    if not work.progress.planned or work.progress.step == PLAN:
        return None
    left = (
        missing_bytes(bench.vault, bench.vault.platform_scope, bench.plans, work.operation.id, line.disk) for line in work.progress.disks
    )
    return work.progress.bytes_total - sum(left)


def _is_published(work: Work, conn: Connection) -> bool:
    point = points.get_point_by_guid(conn, PointId(uuid.UUID(work.operation.subject)))
    return point is not None and point.manifest is not None
