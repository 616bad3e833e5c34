"""One request of the application to itself: what a client could have sent is checked, routed and answered the same way."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from attrs import frozen
from starlette.types import ASGIApp, Message, Scope

from farpoint.model.documents import JsonObject

#: What is the same for the inner request: the connection it came over.
_SHARED: Final = ("type", "asgi", "http_version", "scheme", "client", "server", "root_path")


@frozen(kw_only=True)
class InnerAnswer:
    """What the application answered."""

    status: int
    body: bytes


async def call_inside(app: ASGIApp, outer: Scope, *, path: str, query: Mapping[str, str], document: JsonObject) -> InnerAnswer:
    """PUT *document* at *path*, as whoever sent the request *outer*, with its headers but those of its body."""
    body = json.dumps(document).encode()
    headers = [(name, value) for name, value in outer["headers"] if not name.startswith((b"content-", b"transfer-"))]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    text = "&".join(f"{quote(name)}={quote(value)}" for name, value in query.items())
    scope = {
        **{name: outer[name] for name in _SHARED if name in outer},
        "method": "PUT",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": text.encode(),
        "headers": headers,
        "state": {},
    }
    answer = _Answer()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    await app(scope, receive, answer.send)
    return InnerAnswer(status=answer.status, body=bytes(answer.body))


class _Answer:
    """Collects what is sent."""

    def __init__(self) -> None:
        self.status = 0
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
