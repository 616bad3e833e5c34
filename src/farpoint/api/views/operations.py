"""Asynchronous operations: what a poll of ``Azure-AsyncOperation`` answers."""

from farpoint.api.views.progress import failure_sentence, operation_view, work_percent
from farpoint.api.views.text import arm_time, optional_time
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Failure, Operation, OperationState
from farpoint.services.json_reading import present

_WORDS = {
    OperationState.RUNNING: "InProgress",
    OperationState.SUCCEEDED: "Succeeded",
    OperationState.FAILED: "Failed",
}


def arm_status(operation: Operation) -> str:
    """Return ARM's word. A copy counts as succeeded once it has started (azure-wire §3): its true state is in ``farpoint``."""
    started = operation.answered and operation.state is OperationState.RUNNING
    return _WORDS[OperationState.SUCCEEDED] if started else _WORDS[operation.state]


def status_view(operation: Operation, *, output: JsonObject | None) -> JsonObject:
    """Show the operation; *output* is the finished resource where the provider sends one (disks do)."""
    status = arm_status(operation)
    failed = status == _WORDS[OperationState.FAILED]
    return present(
        startTime=arm_time(operation.created_at),
        endTime=optional_time(operation.ended_at),
        status=status,
        properties=None if output is None else {"output": output},
        error=arm_failure(operation.failure) if failed else None,
        name=str(operation.id),
        percentComplete=work_percent(operation),
        farpoint=operation_view(operation),
    )


def arm_failure(failure: Failure | None) -> JsonObject:
    """Show a failure in ARM's two fields."""
    if failure is None:
        return {"code": "InternalError", "message": "The operation failed without leaving a reason."}
    return {"code": failure.code, "message": failure_sentence(failure)}
