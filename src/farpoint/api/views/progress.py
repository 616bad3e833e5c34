"""How far work is, and why it failed, as the ``farpoint`` objects show it."""

from farpoint.api.views.text import optional_time, shown_percent
from farpoint.errors import sentence
from farpoint.model.documents import JsonObject
from farpoint.model.operations import DiskProgress, Failure, Operation, OperationState, Progress
from farpoint.services.json_reading import present


def failure_view(failure: Failure | None) -> JsonObject | None:
    """Show all that is known about a failure; nothing is withheld."""
    if failure is None:
        return None
    place = failure.place
    return present(
        code=failure.code,
        message=failure.message,
        hint=failure.hint or None,
        disk=place.disk,
        offsetBytes=place.offset_bytes,
        lengthBytes=place.length_bytes,
        pack=place.pack,
        frame=place.frame,
        cause=failure.cause.value,
        percent=failure.percent,
        attempts=failure.attempts,
        bytesSafe=failure.bytes_safe,
    )


def failure_sentence(failure: Failure) -> str:
    """Join message, place and hint for clients that show only ``error.message``."""
    return sentence(failure.message, where=str(failure.place), hint=failure.hint)


def operation_view(operation: Operation) -> JsonObject:
    """Show the work itself: its true state, step, bytes, rate and time left."""
    progress = operation.progress
    return present(
        state=operation.state.value,
        kind=operation.kind.value,
        step=progress.step or None,
        waiting=progress.waiting or None,
        **rates(progress, running=operation.state is OperationState.RUNNING),
        bytesTotal=progress.bytes_total if progress.planned else None,
        bytesDone=progress.bytes_done,
        readBytes=progress.read_bytes,
        storedBytes=progress.stored_bytes,
        wireBytes=progress.wire_bytes,
        disks=[disk_view(disk, planned=progress.planned) for disk in progress.disks],
        updatedAt=optional_time(progress.updated_at),
        notes=list(progress.notes) or None,
        error=failure_view(operation.failure),
    )


def work_percent(operation: Operation) -> float:
    """Percent of the work that is done; 100 only once it has succeeded."""
    return shown_percent(operation.progress.percent, complete=operation.state is OperationState.SUCCEEDED)


def rates(progress: Progress, *, running: bool) -> JsonObject:
    """Show rate and time left, while there are any."""
    return present(
        bytesPerSecond=round(progress.bytes_per_second) if running else None,
        etaSeconds=_rounded(progress.eta_seconds) if running else None,
    )


def disk_view(disk: DiskProgress, *, planned: bool) -> JsonObject:
    """Show one disk's bytes; its total is unknown until the work is planned."""
    return present(name=disk.disk, bytesTotal=disk.bytes_total if planned else None, bytesDone=disk.bytes_done)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
