"""Clients that are slow, silent or without end, over a real TLS listener: each is let go after its time, and others are served."""

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from attrs import frozen
from tests.integration.api.arm_client import Arm, compute

from farpoint.api import body, bounded_connections
from farpoint.api.listeners import Listeners, client_listener
from farpoint.clock import SystemClock
from farpoint.peers.tls import context_for_clients
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.region_certificates import RegionAuthority

#: Far more than any of the times that are shortened here.
PATIENCE_SECONDS = 30.0
SHORT_SECONDS = 0.2
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g?api-version=2024-11-01"


@frozen
class Served:
    """A region behind a socket."""

    port: int
    ca_file: Path
    token: str
    open_sockets: ExitStack

    def connect(self) -> ssl.SSLSocket:
        """Make a connection that the test's end closes."""
        context = ssl.create_default_context(cafile=self.ca_file)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        return self.open_sockets.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))

    def head(self, method: str, path: str, *lines: str) -> bytes:
        """Return the head of a request."""
        words = (f"{method} {path} HTTP/1.1", "Host: region", f"Authorization: Bearer {self.token}", *lines)
        return "\r\n".join(words).encode() + b"\r\n\r\n"

    def ask(self, method: str, path: str, *lines: str) -> bytes:
        """Send one request on a connection of its own; return all of the answer."""
        connection = self.connect()
        connection.sendall(self.head(method, path, "Connection: close", *lines))
        return read_all(connection)


def read_all(connection: ssl.SSLSocket) -> bytes:
    """Read until the other side closes or cuts the connection."""
    received = b""
    with suppress(ConnectionError, ssl.SSLError):
        while piece := connection.recv(65536):
            received += piece
    return received


def send_until_cut_off(connection: ssl.SSLSocket, piece: bytes) -> bytes:
    """Send the same piece until the other side has let go; return what it said meanwhile.

    In one thread, since two must not use one TLS connection, and without blocking: the other side does not read all the time.
    """
    connection.setblocking(False)
    received, rest = b"", memoryview(piece)
    with suppress(ConnectionError, ssl.SSLEOFError):
        while True:
            with suppress(ssl.SSLWantReadError):
                got = connection.recv(65536)
                if not got:
                    break
                received += got
            try:
                rest = rest[connection.send(rest) :] or memoryview(piece)
            except ssl.SSLWantWriteError:
                select.select([connection], [connection], [], PATIENCE_SECONDS)
    return received


def is_cut_off(connection: ssl.SSLSocket, more: bytes) -> bool:
    """Send a little more, and tell whether the other side has let go."""
    try:
        connection.sendall(more)
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.fixture
def served(east: Arm, tmp_path: Path) -> Iterator[Served]:
    authority = RegionAuthority(tmp_path / "ca", name="clients", now=SystemClock().now())
    own = authority.issue("eastus", region=None)
    listeners = Listeners([client_listener(east.app, host="127.0.0.1", port=0, tls=context_for_clients(own))])
    ready = threading.Event()
    thread = threading.Thread(target=listeners.run, args=(ready.set,))
    thread.start()
    assert ready.wait(PATIENCE_SECONDS)
    with ExitStack() as sockets:
        yield Served(listeners.ports[0], authority.ca_file, east.token, sockets)
    listeners.stop()
    thread.join()


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make one of the connection's times short."""
    return lambda name: monkeypatch.setattr(bounded_connections, name, SHORT_SECONDS)


def test_a_connection_that_says_nothing_is_closed(served: Served, shorten: Callable[[str], None]) -> None:
    shorten("HEAD_SECONDS")
    assert read_all(served.connect()) == b""


def test_a_head_that_trickles_is_cut_off(served: Served, shorten: Callable[[str], None]) -> None:
    shorten("HEAD_SECONDS")
    connection = served.connect()
    connection.settimeout(0.01)
    head = served.head("GET", compute("disks"), "X-Long: " + "x" * 10_000)
    assert any(is_cut_off(connection, bytes([letter])) for letter in head)


def test_a_second_request_that_does_not_end_is_cut_off_too(served: Served, shorten: Callable[[str], None]) -> None:
    shorten("HEAD_SECONDS")
    connection = served.connect()
    connection.sendall(served.head("GET", "/nothing") + b"GET /nothing HT")
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 404")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_body_that_trickles_is_answered_408_and_nothing_is_started(
    served: Served, east: Arm, monkeypatch: pytest.MonkeyPatch, shorten: Callable[[str], None]
) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", SHORT_SECONDS)
    shorten("LINGER_SECONDS")
    connection = served.connect()
    connection.sendall(served.head("PUT", GROUP, "Content-Length: 1000") + b'{"location": ')
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"RequestTimeout"' in answer
    assert east.send("GET", GROUP, version=None).status_code == 404


def test_a_chunked_body_without_end_is_answered_413_and_cut_off(served: Served, shorten: Callable[[str], None]) -> None:
    shorten("LINGER_SECONDS")
    connection = served.connect()
    connection.sendall(served.head("PUT", GROUP, "Transfer-Encoding: chunked"))
    chunk = b"%x\r\n" % 65536 + b" " * 65536 + b"\r\n"
    answer = send_until_cut_off(connection, chunk)
    assert answer[:12] == b"HTTP/1.1 413"


def test_a_body_that_nobody_asked_for_does_not_keep_the_connection(served: Served, shorten: Callable[[str], None]) -> None:
    shorten("LINGER_SECONDS")
    connection = served.connect()
    connection.sendall(served.head("GET", "/nothing", "Content-Length: 1000000") + b"x")
    assert read_all(connection).startswith(b"HTTP/1.1 404")


def test_an_answer_that_is_not_taken_is_given_up(served: Served, east: Arm, shorten: Callable[[str], None]) -> None:
    shorten("STALLED_SECONDS")
    tags = {f"tag{number}": "v" * 250 for number in range(50)}
    for number in range(20):
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g{number}"
        assert east.send("PUT", group, {"location": "eastus", "tags": tags}).status_code == 201
    connection = served.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    request = served.head("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups?api-version=2024-11-01")
    # Nothing is read: answers fill the buffers of both sides, then the server waits, then it does not any more.
    send_until_cut_off(connection, request)


def test_many_idle_connections_keep_nobody_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_connections, "CONNECTIONS_MAX", 5)
    idle = [served.connect() for _ in range(8)]
    assert served.ask("GET", "/nothing").startswith(b"HTTP/1.1 404")
    # The first to be quiet made room; the last is still there.
    assert read_all(idle[0]) == b""
    idle[-1].sendall(served.head("GET", "/nothing", "Connection: close"))
    assert read_all(idle[-1]).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01" * 100 + b"\r\n\r\n",
        b"GET /subscriptions/../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /subscriptions/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"CONNECT region:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
    ids=["headers", "target", "lengths", "encoding", "chunk", "http2", "tls", "dots", "encoded-dots", "connect", "asterisk"],
)
def test_what_is_no_request_is_refused_and_the_listener_goes_on(served: Served, sent: bytes) -> None:
    connection = served.connect()
    # It may be refused before it is all sent.
    with suppress(OSError):
        connection.sendall(sent)
    answer = read_all(connection)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
    assert served.ask("GET", "/nothing").startswith(b"HTTP/1.1 404")
