"""Requests that one region hands to another: how they are taken up, and how the other's application answers them in process."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from farpoint.errors import Code, RefusedError
from farpoint.model.relay import RelayedAnswer, RelayedRequest
from farpoint.peers.protocol import ANSWER_BYTES_MAX

#: The application of a region's clients.
ClientApp: TypeAlias = ASGIApp
#: Key in the state of a request that another region handed over; nothing a client can write gets there.
FORWARDED: Final = "farpoint.forwarded"
#: Headers of a request that mean something at the other region.
_ASKED: Final = (
    "authorization",
    "content-type",
    "accept",
    "user-agent",
    "x-ms-client-request-id",
    "x-ms-correlation-request-id",
)
#: Headers of an answer that are about the connection it came over.
_OF_CONNECTION: Final = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
#: Headers by which a client comes back: to whom it asked.
_RETURNING: Final = frozenset({"azure-asyncoperation", "location"})
#: In base 64 and with its headers an answer must still be a message.
_BODY_BYTES_MAX: Final = ANSWER_BYTES_MAX * 3 // 4 - (1 << 16)


def relayed_request(scope: Scope, body: bytes) -> RelayedRequest:
    """Return the request in *scope* as it is handed on."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    return RelayedRequest(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name, headers[name]) for name in _ASKED if name in headers),
        body=body,
        client="" if client is None else str(client[0]),
    )


def relayed_response(answer: RelayedAnswer, *, endpoint: str) -> Response:
    """Return what another region answered; *endpoint* is this region's, which the client goes on asking."""
    response = Response(answer.body, status_code=answer.status)
    for name, value in answer.headers:
        response.headers[name] = _at(endpoint, value) if name.lower() in _RETURNING else value
    return response


async def answer_forwarded(app: ClientApp, request: RelayedRequest) -> RelayedAnswer:
    """Have *app* answer a request that another region handed over. Its token is checked there like any other."""
    collected = _Collected()
    await app(_scope_of(request), _Body(request.body).receive, collected.send)
    return RelayedAnswer(status=collected.status, headers=collected.headers, body=bytes(collected.body))


def _scope_of(request: RelayedRequest) -> Scope:
    return {
        "type": "http",
        # From this version on an answer does not watch the request for its end.
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "https",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": _raw({**dict(request.headers), "content-length": str(len(request.body))}),
        "client": (request.client, 0),
        "server": None,
        "state": {FORWARDED: True},
    }


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


class _Body:
    """Hands over a body that is all there."""

    def __init__(self, body: bytes) -> None:
        self._message: Message = {"type": "http.request", "body": body, "more_body": False}

    async def receive(self) -> Message:
        message, self._message = self._message, {"type": "http.disconnect"}
        return message


class _Collected:
    """Collects an answer, up to what a message can carry."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = _kept(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if len(self.body) > _BODY_BYTES_MAX:
                raise RefusedError(Code.PEER_REFUSED, "the answer is too long to be forwarded", hint="Ask the region itself.")


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    named = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return tuple((name, value) for name, value in named if name.lower() not in _OF_CONNECTION)


def _at(endpoint: str, url: str) -> str:
    """Return *url* at another endpoint: paths and queries mean the same at all of them."""
    parts = urlsplit(url)
    return f"{endpoint}{parts.path}{'?' if parts.query else ''}{parts.query}"
