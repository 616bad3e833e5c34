"""The activity log's ears: every write request and how it was answered, also when it was refused.

An entry is written before the answer leaves, so what a client knows to be done is in the log. When it cannot be written the answer
goes out all the same, for the work is done, and the region's own log has the entry as an error. Requests that were refused because
too many came (429) are left out, and those of nobody, but for tokens that were never good, which are throttled: whoever floods a region
must not flood history out of its log.
"""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import urlsplit

from attrs import asdict, define, field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farpoint.api.methods import READING
from farpoint.errors import Code
from farpoint.model.actions import requested
from farpoint.model.activity import Activity
from farpoint.services.activity import record_activity
from farpoint.services.authority import Principal
from farpoint.services.context import RegionContext

#: Key in the state of a request: the headers that name it, as api.edge gives them to its answer.
IDENTITY: Final = "farpoint.identity"
_NOTE: Final = "farpoint.activity"
#: Longer paths are cut: no resource has one.
_RESOURCE_LENGTH_MAX: Final = 2048
_WORD_LENGTH_MAX: Final = 100
_LOG = logging.getLogger("farpoint.api")


@define
class _Note:
    """What is learned of a request on its way in."""

    principal: Principal = field(factory=lambda: Principal(id="", name=""))


def note_principal(scope: Scope, principal: Principal) -> None:
    """Tell the log whose request this is."""
    note = scope.get("state", {}).get(_NOTE)
    if isinstance(note, _Note):
        note.principal = principal


class ActivityLog:
    """Stands inside the edge, around everything that answers."""

    def __init__(self, app: ASGIApp, *, context: RegionContext) -> None:
        """Wrap *app*."""
        self._app = app
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in READING or not scope["path"].startswith("/subscriptions/"):
            await self._app(scope, receive, send)
            return
        note = _Note()
        noted = {**scope, "state": {**scope.get("state", {}), _NOTE: note}}
        start: Message | None = None

        async def send_recorded(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                # Kept until the body comes: an error's code is in there.
                start = message
                return
            if start is not None:
                head, start = start, None
                await self._record(_entry(self._context, noted, note, head, body=message.get("body", b"")))
                await send(head)
            await send(message)

        try:
            await self._app(noted, receive, send_recorded)
        except Exception:
            head = {"status": HTTPStatus.INTERNAL_SERVER_ERROR, "headers": []}
            await self._record(_entry(self._context, noted, note, head, body=b""))
            raise

    async def _record(self, entry: Activity) -> None:
        is_known = bool(entry.principal) or entry.code == Code.AUTHENTICATION_FAILED.value
        if entry.status == HTTPStatus.TOO_MANY_REQUESTS or not is_known:
            return
        try:
            await run_in_threadpool(record_activity, self._context, entry)
        except Exception:  # noqa: BLE001 - the API edge: the work is done, whatever is wrong with the log
            _LOG.exception("activity_not_recorded", extra={"activity": {name: str(value) for name, value in asdict(entry).items()}})


def _entry(context: RegionContext, scope: Scope, note: _Note, head: Message, *, body: bytes) -> Activity:
    asked, sent = requested(scope["method"], scope["path"]), Headers(scope=scope)
    answered = Headers(raw=head["headers"])
    identity = cast("Mapping[str, str]", scope["state"].get(IDENTITY, {}))
    client = scope.get("client")
    return Activity(
        id=context.entropy.guid(),
        at=context.clock.now(),
        principal=note.principal.id[:_WORD_LENGTH_MAX],
        client_name=note.principal.name[:_WORD_LENGTH_MAX],
        action=asked.action[:_RESOURCE_LENGTH_MAX],
        resource=asked.scope[:_RESOURCE_LENGTH_MAX],
        method=scope["method"][:_WORD_LENGTH_MAX],
        address="" if client is None else str(client[0]),
        region=context.name,
        status=int(head["status"]),
        code=_code_in(int(head["status"]), body),
        correlation_id=identity.get("x-ms-correlation-request-id", ""),
        request_id=identity.get("x-ms-request-id", ""),
        client_request_id=sent.get("x-ms-client-request-id", "")[:_WORD_LENGTH_MAX],
        operation_id=_operation_in(answered),
    )


def _operation_in(answered: Headers) -> str:
    """Return the id of the operation that an answer leads to."""
    url = answered.get("azure-asyncoperation") or answered.get("location") or ""
    return urlsplit(url).path.rpartition("/")[2]


def _code_in(status: int, body: bytes) -> str:
    if status < HTTPStatus.BAD_REQUEST:
        return ""
    try:
        code: object = json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return Code.INTERNAL.value if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return code[:_WORD_LENGTH_MAX] if isinstance(code, str) else ""
