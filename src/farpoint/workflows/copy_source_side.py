"""What the steps of a copy share: its source, the hold on record, patience, and the deadline."""

import logging
from collections.abc import Callable

from farpoint.errors import Code, FarpointError, HoldLostError, RefusedError, SupersededError
from farpoint.metadata import copy_sources, operations
from farpoint.metadata.copy_sources import CopySource
from farpoint.metadata.operations import claimed_write
from farpoint.model.ids import OperationId
from farpoint.model.limits import COPY_DURATION
from farpoint.model.manifest import Manifest
from farpoint.movers.ports import HeldPoint, SourceRegion
from farpoint.vault.manifests import check_statement
from farpoint.workflows.bench import Work
from farpoint.workflows.patience import patiently
from farpoint.workflows.recipe import NEXT

_log = logging.getLogger(__name__)
#: Name of the step that takes the hold: where a copy goes back to when it lost it.
HOLD = "hold"
#: Name of the step that lists what must travel: while it runs the list is not whole.
PLAN = "plan"
_HOLD_PAUSE_SECONDS = 0.5


def pulling(work: Work, pull: Callable[[HeldPoint], None]) -> str:
    """Pull with the hold on record, waiting for the source as long as it takes; go back to the hold when that was lost."""
    kept = kept_source(work)
    if kept is None:
        return HOLD
    try:
        patiently(work, lambda: pull(kept.held), check_deadline=lambda: check_deadline(work))
    except HoldLostError:
        with claimed_write(work.bench.database, work.claim) as conn:
            copy_sources.delete_copy_source(conn, work.operation.id)
        # A source that loses one hold after the other must not make us run in circles.
        work.wait_for("a new hold: the source let the last one go", _HOLD_PAUSE_SECONDS)
        return HOLD
    return NEXT


def kept_source(work: Work) -> CopySource | None:
    """Return what the source said, None before the hold or after it was lost."""
    with work.bench.database.read() as conn:
        return copy_sources.get_copy_source(conn, work.operation.id)


def source_of(work: Work) -> SourceRegion:
    """Return the region the copy pulls from."""
    return work.bench.sources.source(request_text(work, "sourceRegion"))


def request_text(work: Work, key: str) -> str:
    """Return a text of the operation's request."""
    value = work.operation.request[key]
    assert isinstance(value, str)
    return value


def check_deadline(work: Work) -> None:
    """Raise LimitError(COPY_TIMED_OUT) when the copy has had its time."""
    allowed = work.bench.copy_deadline
    if allowed is not None and work.bench.clock.now() - work.operation.created_at > allowed:
        last = f"; it was waiting for this: {work.progress.waiting}" if work.progress.waiting else ""
        raise COPY_DURATION.refusal(allowed=allowed, waiting=last)


def prove(work: Work, held: HeldPoint) -> Manifest:
    """Check the source's statement with the key pinned for its region."""
    key = work.bench.sources.signing_key(held.statement.region)
    if key is None:
        message = f"the statement about the point is signed by region {held.statement.region}, which was never met"
        raise RefusedError(Code.PEER_UNTRUSTED, message, hint="Configure that region as a peer.")
    return check_statement(held.statement, key)


def try_release(work: Work, kept: CopySource, receipt: bytes | None) -> None:
    """End the hold if the source answers; a hold that is not released ends by its ticks."""
    _release(work, request_text(work, "sourceRegion"), kept, receipt)


def let_go(work: Work, copy: OperationId) -> None:
    """Tidy up after another copy, one whose point is being deleted: its hold, its plan, what its source had said. Idempotent."""
    with work.bench.database.read() as conn:
        operation, kept = operations.get_operation(conn, copy), copy_sources.get_copy_source(conn, copy)
    if operation is None or not operation.kind.is_copy_from_region:
        return
    if kept is not None:
        _release(work, str(operation.request["sourceRegion"]), kept, None)
    work.bench.plans.discard(copy)
    with claimed_write(work.bench.database, work.claim) as conn:
        copy_sources.delete_copy_source(conn, copy)


def _release(work: Work, region: str, kept: CopySource, receipt: bytes | None) -> None:
    try:
        work.bench.sources.source(region).release(kept.held.token, receipt=receipt)
    except SupersededError:
        raise
    except FarpointError as error:
        _log.warning("hold_not_released", extra={"operation": str(work.operation.id), "token": kept.held.token, "reason": str(error)})
