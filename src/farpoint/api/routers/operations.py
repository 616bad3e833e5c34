"""Asynchronous operations, in the two forms clients poll (azure-wire.md §1.1)."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import RETRY_AFTER_SECONDS, empty_answer, json_answer, operation_headers
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described, flag
from farpoint.api.disk_documents import disk_document, snapshot_document
from farpoint.api.paths import ALL
from farpoint.api.views.operations import arm_failure, arm_status, status_view
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Operation, OperationKind
from farpoint.services import granting, operations

router = APIRouter()
_MAKING = frozenset({OperationKind.RESTORE_DISK, OperationKind.COPY_DISK, OperationKind.CREATE_SNAPSHOT, OperationKind.COPY_SNAPSHOT})
_FACTS = described(200, 202, shows=Shown.OPERATION, query=(flag("monitor"),))


@router.get(f"{ALL}/locations/{{region}}/operations/{{operation_id}}", openapi_extra=_FACTS)
@router.get(f"{ALL}/locations/{{region}}/diskoperations/{{operation_id}}", openapi_extra=_FACTS)
def get_operation(caller: ArmCaller, region: str, operation_id: str) -> Response:  # noqa: ARG001 - the id alone names the operation
    """Show an operation's state, or with ``monitor=true`` its result."""
    operation = operations.get_operation(caller.context, operation_id)
    if operation.principal != caller.principal:
        # Its result may be more than a reader of the resource should see, such as an access URL.
        caller.require("PUT", operation.resource_id)
    if caller.query.get("monitor", "").lower() == "true":
        return _result(caller, operation)
    document = status_view(operation, output=_output(caller, operation))
    return json_answer(document, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def _result(caller: Caller, operation: Operation) -> Response:
    """Answer the Location form: 202 while it runs, then the result itself."""
    status = arm_status(operation)
    if status == "InProgress":
        headers = operation_headers(caller.context, operation, api_version=caller.api_version, location=True)
        return empty_answer(202, headers=headers)
    if status == "Failed":
        return json_answer({"error": arm_failure(operation.failure)}, status=409)
    document = _output(caller, operation)
    return empty_answer(200) if document is None else json_answer(document)


def _output(caller: Caller, operation: Operation) -> JsonObject | None:
    """Return what a finished operation of the disk provider made: a resource, or the URL of its bytes; others have nothing to show."""
    if arm_status(operation) != "Succeeded":
        return None
    if operation.kind not in _MAKING:
        url = granting.granted_url(caller.context, operation, principal=caller.principal)
        return None if url is None else {"accessSAS": url}
    snapshot = operations.snapshot_of(caller.context, operation)
    if snapshot is not None:
        return snapshot_document(caller.context, snapshot)
    disk = operations.disk_of(caller.context, operation)
    return None if disk is None else disk_document(caller.context, disk)
