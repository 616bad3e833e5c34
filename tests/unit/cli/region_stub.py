"""A stub of a region: the ARM API's shapes over TLS, resources in memory, answers that a test scripts."""

import json
import ssl
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import define, field, frozen

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
Document = dict[str, object]


@frozen(kw_only=True)
class Seen:
    """One request a region got."""

    method: str
    path: str
    query: dict[str, str]
    body: Document


@frozen(kw_only=True)
class Reply:
    """One answer."""

    status: int
    body: Document = field(factory=dict)
    headers: dict[str, str] = field(factory=dict)


def is_check(seen: Seen) -> bool:
    """Tell whether a request only asks whether a disk could be made."""
    return '"checkOnly": true' in json.dumps(seen.body)


@define
class RegionStub:
    """A region: resources by lower-case path, answers that a test scripts, and what it was asked."""

    name: str
    server: ThreadingHTTPServer
    resources: dict[str, Document] = field(factory=dict)
    #: Answers to give first, one each time, by "METHOD path" in lower case but for the method.
    script: dict[str, list[Reply]] = field(factory=dict)
    seen: list[Seen] = field(factory=list)
    #: Regions for which this one answers too, as any region does for all.
    peers: list["RegionStub"] = field(factory=list)
    #: Answers every request for a token, when set.
    login: Reply | None = None
    tokens: int = 0

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.server.server_address[1]}"

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{SUBSCRIPTION}"

    def path(self, *segments: str) -> str:
        return "/".join([f"{self.subscription}/resourceGroups/default/providers/Microsoft.Compute", *segments])

    def add(self, path: str, document: Document) -> Document:
        full = {"name": path.rpartition("/")[2], "id": path, "location": self.name, **document}
        self.resources[path.lower()] = full
        return full

    def say(self, method: str, path: str, *replies: Reply) -> None:
        self.script.setdefault(f"{method} {path.lower()}", []).extend(replies)

    def asked(self, method: str) -> list[Seen]:
        return [one for one in self.seen if one.method == method]

    def reply(self, seen: Seen) -> Reply:
        if seen.path.endswith("/oauth2/v2.0/token"):
            self.tokens += 1
            if self.login is not None:
                return self.login
            return Reply(status=200, body={"access_token": f"token-{self.name}-{self.tokens}", "expires_in": 3600})
        self.seen.append(seen)
        key = f"{seen.method} {seen.path.lower()}"
        # What is wrong with another region is no answer of this one.
        others = (
            peer.script[key] for peer in self.peers if key in peer.script and peer.script[key][0].status < HTTPStatus.INTERNAL_SERVER_ERROR
        )
        scripted = self.script.get(key) or next(others, None)
        if scripted:
            # The last answer stays.
            return scripted.pop(0) if len(scripted) > 1 else scripted[0]
        answer: Callable[[Seen], Reply] = getattr(self, f"_{seen.method.lower()}")
        return answer(seen)

    def _get(self, seen: Seen) -> Reply:
        key = seen.path.lower()
        known = dict(self.resources)
        for peer in self.peers:
            known = {**known, **{path: one for path, one in peer.resources.items() if path not in known}}
        if key in known:
            return Reply(status=200, body=known[key])
        kind = key.rpartition("/")[2]
        if kind in {"virtualmachines", "disks", "restorepointcollections", "diskrestorepoints", "locations"}:
            rows = [one for path, one in known.items() if path.rpartition("/")[0] == key]
            return Reply(status=200, body={"value": rows})
        return Reply(status=404, body={"error": {"code": "ResourceNotFound", "message": f"{seen.path} was not found."}})

    def _put(self, seen: Seen) -> Reply:
        if is_check(seen):
            return Reply(status=204)
        known = seen.path.lower() in self.resources
        return Reply(status=200 if known else 201, body=self.add(seen.path, seen.body))

    def _delete(self, seen: Seen) -> Reply:
        self.resources.pop(seen.path.lower(), None)
        return Reply(status=200)

    def _post(self, seen: Seen) -> Reply:
        return Reply(status=405, body={"error": {"code": "MethodNotAllowed", "message": seen.path}})


@frozen(kw_only=True)
class Outcome:
    """How a command ended."""

    exit: int
    out: str
    err: str

    def json(self) -> object:
        return json.loads(self.out)

    def rows(self) -> list[Document]:
        return cast("list[Document]", self.json())

    def row(self) -> Document:
        return cast("Document", self.json())


Farpoint = Callable[..., Outcome]


def take_down(stub: RegionStub) -> None:
    """End a region; doing it again does nothing."""
    stub.server.shutdown()
    stub.server.server_close()


def start_stub(name: str, authority: Path) -> RegionStub:
    server = _QuietServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    # The handshake is for the thread that serves the connection.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    stub = RegionStub(name=name, server=server)
    server.region = stub  # type: ignore[attr-defined]  # the handler finds its region there
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return stub


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: some tests are about them."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or every answer waits 40 ms for an acknowledgement between its head and its body.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - the names http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Keep quiet."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = json.loads(data) if data.startswith(b"{") else {}
        seen = Seen(method=self.command, path=unquote(parts.path), query=dict(parse_qsl(parts.query)), body=body)
        reply = self.server.region.reply(seen)  # type: ignore[attr-defined]  # set by _start
        payload = json.dumps(reply.body).encode() if reply.body else b""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
