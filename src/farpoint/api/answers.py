"""Answers: JSON bodies, empty bodies, and the headers by which clients follow a long-running operation (azure-wire.md §1.1)."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response

from farpoint.api.caller import Caller
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Operation
from farpoint.services.context import RegionContext
from farpoint.services.operations import DISK_KINDS

_JSON: Final = "application/json; charset=utf-8"
#: Clients wait this long between polls; a whole number above 0, or they fall back to 30 s (azure-clients.md §0, rule 6).
RETRY_AFTER_SECONDS: Final = 1
_NO_HEADERS: Final[Mapping[str, str]] = {}


def json_answer(document: JsonObject, *, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """Answer with *document*."""
    return Response(encode_json(document), status_code=status, headers=dict(headers), media_type=_JSON)


def encode_json(document: JsonObject) -> bytes:
    """Return *document* as it is sent."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(errors="replace")


def list_answer(caller: Caller, documents: Sequence[JsonObject]) -> Response:
    """Answer with those elements that *caller* may read, all of them: a list that is always short; long ones go by pages (paging.py)."""
    return json_answer({"value": [document for document in documents if caller.may_read(str(document["id"]))]})


def empty_answer(status: int, *, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """Answer without a body."""
    return Response(status_code=status, headers=dict(headers))


def deletion_answer(context: RegionContext, operation: Operation | None, *, api_version: str) -> Response:
    """Answer a DELETE: 202 while it goes on, 204 when there was nothing."""
    if operation is None:
        return empty_answer(204)
    return empty_answer(202, headers=operation_headers(context, operation, api_version=api_version, location=True))


def operation_headers(context: RegionContext, operation: Operation, *, api_version: str, location: bool) -> Mapping[str, str]:
    """Return the headers that lead to *operation*; *location* adds the second form, which ends with the result itself."""
    headers = {
        "Azure-AsyncOperation": _operation_url(context, operation, api_version=api_version, monitor=False),
        "Retry-After": str(RETRY_AFTER_SECONDS),
        # Azure's request id of a request that starts an operation is the operation's.
        "x-ms-request-id": str(operation.id),
    }
    if operation.kind not in DISK_KINDS:
        # A word of the compute provider's that the disk provider does not have.
        headers["Azure-AsyncNotification"] = "Enabled"
    if location:
        headers["Location"] = _operation_url(context, operation, api_version=api_version, monitor=True)
    return headers


def _operation_url(context: RegionContext, operation: Operation, *, api_version: str, monitor: bool) -> str:
    kind = "DiskOperations" if operation.kind in DISK_KINDS else "operations"
    # Azure names a partition of its provider here; a constant per region and provider, and nobody reads it.
    partition = uuid.uuid5(context.region_id, kind)
    path = f"/subscriptions/{context.subscription_id}/providers/Microsoft.Compute/locations/{context.name}/{kind}/{operation.id}"
    query = f"p={partition}{'&monitor=true' if monitor else ''}&api-version={api_version}"
    return f"{context.endpoint}{path}?{query}"
