"""The edge of the client API: what happens to every request, whatever it asks.

Each answer carries a request id and Azure's standing headers; the fixed words of a path may be written in any case; anything
unexpected becomes a plain InternalError with the request id, and is logged once with its cause.
"""

import logging
import uuid
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farpoint.api.activity_log import IDENTITY
from farpoint.api.errors import error_answer
from farpoint.api.paths import CLOUD, DOCUMENT, KEYS, OPENID, TENANTS, TOKEN
from farpoint.clock import Clock, Entropy
from farpoint.errors import Code, FarpointError, RefusedError

_LOG = logging.getLogger("farpoint.api")
_STANDING: Final[Mapping[str, str]] = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
#: Paths without a name in them, and what follows the name of a tenant.
_NAMELESS: Final = frozenset({CLOUD, DOCUMENT, TENANTS})
_LOGINS: Final = frozenset({KEYS, OPENID, TOKEN})
#: A name is one segment: what was written as one must not be read as two, or as a shorter one.
_HIDDEN: Final = (b"%2f", b"%5c", b"%00")
_HIDDEN_SEPARATOR: Final = RefusedError(
    Code.INVALID_PARAMETER, "The path has an encoded '/', '\\' or NUL in a name.", hint="No name has one of these.", target="path"
)


class Edge:
    """The outermost layer; the only place of the API that catches everything."""

    def __init__(self, app: ASGIApp, *, region: str, clock: Clock, entropy: Entropy) -> None:
        """Wrap *app*."""
        self._app = app
        self._region = region
        self._clock = clock
        self._entropy = entropy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(self._entropy.guid())
        identity = self._identity(scope, request_id)
        begun = False

        async def send_marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in identity.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            state = {**scope.get("state", {}), IDENTITY: identity}
            app = error_answer(_HIDDEN_SEPARATOR) if _hides_a_separator(scope) else self._app
            await app({**scope, "path": fold_path(scope["path"]), "state": state}, receive, send_marked)
        except ClientDisconnect:
            # Nobody is left to answer.
            return
        except Exception:
            _LOG.exception("request_failed", extra={"request_id": request_id, "method": scope["method"]})
            if begun:
                raise
            message = f"An unexpected error ended request {request_id}; the region's log has the details."
            error = FarpointError(Code.INTERNAL, message, hint="Report it with the request id if it happens again.")
            await error_answer(error)(scope, receive, send_marked)

    def _identity(self, scope: Scope, request_id: str) -> Mapping[str, str]:
        """Return the headers that name this request; the client's own correlation id is kept when it is one."""
        stamp = f"{self._clock.now():%Y%m%dT%H%M%SZ}"
        return {
            **_STANDING,
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": _guid_or(Headers(scope=scope).get("x-ms-correlation-request-id"), request_id),
            "x-ms-routing-request-id": f"{self._region.upper()}:{stamp}:{request_id}",
        }


def fold_path(path: str) -> str:
    """Write the fixed words of an ARM path in lower case: every second segment, and the namespace after ``providers``.

    Names keep their case. Empty segments go: ``az resource show`` sends ``…/Microsoft.Compute//disks/…``. Of the other paths those are
    written so that have no names, and those of a tenant's logins; the rest are left as they are.
    """
    if path.lower() in _NAMELESS:
        return path.lower()
    segments = ["", *(segment for segment in path.split("/") if segment)]
    if len(segments) < 2 or segments[1].lower() != "subscriptions":  # noqa: PLR2004 - the first segment of a path that begins with a slash
        tenant, _, login = path.removeprefix("/").partition("/")
        return f"/{tenant}/{login.lower()}" if login.lower() in _LOGINS else path
    folded = [segment.lower() if place % 2 else segment for place, segment in enumerate(segments)]
    for place in range(1, len(folded) - 1):
        if place % 2 and folded[place] == "providers":
            folded[place + 1] = folded[place + 1].lower()
    return "/".join(folded)


def _hides_a_separator(scope: Scope) -> bool:
    raw: bytes = (scope.get("raw_path") or b"").lower()
    return any(hidden in raw for hidden in _HIDDEN)


def _guid_or(text: str | None, default: str) -> str:
    try:
        return default if text is None else str(uuid.UUID(text))
    except ValueError:
        return default
