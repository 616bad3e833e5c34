"""One connection to a peer, and the few that are kept open.

HTTP/1.1 over mutual TLS with the standard library: its readinto() hands received bytes straight to the caller's buffer, at a
quarter of the processor time that httpx needs for the same stream (docs/decisions/0009-peer-streams-over-http-client.md). The
peer's certificate is checked before the first byte of a request leaves. Network failures become UnavailableError at once;
retrying is the workflow's.
"""

import http.client
import io
import select
import socket
import ssl
import threading
from typing import Final

from attrs import frozen

from farpoint.clock import Clock
from farpoint.errors import Code, FarpointError, IntegrityError, RefusedError, UnavailableError
from farpoint.peers.framing import ReceiveBuffer
from farpoint.peers.identity import TrustedPeer, check_presented, presented_by
from farpoint.peers.protocol import ANSWER_BYTES_MAX

CONNECT_SECONDS: Final = 5.0
#: Longest silence inside an answer.
READ_SECONDS: Final = 30.0
#: Connections kept open to one peer: streams of two copies.
IDLE_MAX: Final = 8
#: Below the listener's keep-alive time, so that a kept connection is rarely found closed.
IDLE_SECONDS_MAX: Final = 20.0
#: What the network and the standard library raise; ssl.SSLError and TimeoutError are OSErrors.
NETWORK_ERRORS: Final = (OSError, http.client.HTTPException)


@frozen(kw_only=True)
class PeerRoute:
    """Where a peer is reached, and how."""

    peer: TrustedPeer
    host: str
    port: int
    context: ssl.SSLContext
    #: Name of this region, for messages.
    here: str

    def explain(self, error: Exception) -> FarpointError:
        """Say what a network failure means."""
        where = f"peer {self.peer.name} at {self.host}:{self.port}"
        if isinstance(error, ssl.SSLCertVerificationError):
            ca_file = self.peer.ca_file
            return _untrusted(
                f"region {self.here}, by the CA in {ca_file}, does not trust the certificate of {where}: {error.verify_message}"
            )
        if isinstance(error, ssl.SSLError) and _is_refusal(error.reason or ""):
            return _untrusted(f"{where} does not accept the certificate of region {self.here}: {error.reason}")
        if isinstance(error, TimeoutError):
            return UnavailableError(Code.PEER_UNAVAILABLE, f"{where} did not answer in time")
        return UnavailableError(Code.PEER_UNAVAILABLE, f"{where} does not answer: {_in_words(error)}")


def _is_refusal(reason: str) -> bool:
    return "ALERT" in reason and any(word in reason for word in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"))


def _in_words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _untrusted(message: str) -> RefusedError:
    hint = "Compare the peer's id, certificate and CA in both regions' configurations."
    return RefusedError(Code.PEER_UNTRUSTED, message, hint=hint)


class _KeptReader(io.BufferedReader):
    """Reads one answer after the other: http.client closes its reader with each answer, and what that had read of the next were lost."""

    def makefile(self, _mode: str) -> "_KeptReader":
        """Give itself to an answer that asks its socket for a reader."""
        return self

    def close(self) -> None:
        """Stay open: an answer has ended, the connection has not."""

    def flush(self) -> None:
        """Do nothing: an answer asks for this also when the connection has ended already."""

    def end(self) -> None:
        """Close, with the connection."""
        super().close()


class PeerConnection(http.client.HTTPSConnection):
    """One keep-alive connection, used by one thread at a time.

    The next request may be sent once the head of the answer to the last has come (http.client allows it, see its states): while the
    rest of that answer arrives the peer has the next in its hands, and the line is never silent for a round trip.
    """

    def __init__(self, route: PeerRoute) -> None:
        """Connect later, at the first request."""
        super().__init__(route.host, route.port, timeout=CONNECT_SECONDS, context=route.context)
        self.route = route
        #: Reused by every stream on this connection.
        self.buffer = ReceiveBuffer()
        self.idle_since = 0.0
        self._reader: _KeptReader | None = None

    def connect(self) -> None:
        """Connect, shake hands and make sure that it is the configured peer."""
        super().connect()
        if not isinstance(self.sock, ssl.SSLSocket):
            message = "a peer connection without TLS"
            raise TypeError(message)
        try:
            check_presented(presented_by(self.sock), self.route.peer, here=self.route.here)
        except RefusedError:
            self.close()
            raise
        self._reader = _KeptReader(socket.SocketIO(self.sock, "r"))

    def close(self) -> None:
        """Close the connection, and the reader of its answers."""
        super().close()
        if self._reader is not None:
            self._reader.end()

    def send_request(self, path: str, body: bytes, *, read_seconds: float) -> None:
        """Send a request; the head of the answer to the one before has been received."""
        try:
            if self.sock is None:
                self.connect()
            self.sock.settimeout(read_seconds)
            self.request("POST", path, body=body, headers={"content-type": "application/json"})
        except NETWORK_ERRORS as error:
            raise self.route.explain(error) from error

    def receive_answer(self) -> "Answer":
        """Receive the head of the answer to the request that was sent last."""
        try:
            return Answer(self.getresponse(), self.route)
        except NETWORK_ERRORS as error:
            raise self.route.explain(error) from error

    def response_class(  # type: ignore[override]  # http.client calls it as it would the class
        self, _socket: socket.socket, *, method: str | None
    ) -> http.client.HTTPResponse:
        """Make an answer that is read by the connection's one reader."""
        assert self._reader is not None
        return http.client.HTTPResponse(self._reader, method=method)  # type: ignore[arg-type]  # all it asks of a socket is a reader

    def is_stale(self, now: float) -> bool:
        """Tell whether the other end has closed the connection, or soon will."""
        # A socket that was closed beneath http.client has no descriptor left.
        if self.sock is None or self.sock.fileno() < 0 or now - self.idle_since > IDLE_SECONDS_MAX:
            return True
        # Between requests a live peer sends nothing: anything to read is the end of the connection.
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))


class Answer:
    """The answer to one request, while it arrives."""

    def __init__(self, response: http.client.HTTPResponse, route: PeerRoute) -> None:
        """Take the response after its headers."""
        self._response = response
        self._route = route
        self.status = response.status

    def readinto(self, buffer: memoryview, /) -> int:
        """Receive into the start of *buffer*; 0 at the end. A cut answer raises UnavailableError."""
        try:
            return self._response.readinto(buffer)
        except NETWORK_ERRORS as error:
            raise self._route.explain(error) from error

    def read_all(self) -> bytes:
        """Receive a bounded answer as a whole."""
        try:
            data = self._response.read(ANSWER_BYTES_MAX + 1)
        except NETWORK_ERRORS as error:
            raise self._route.explain(error) from error
        if len(data) > ANSWER_BYTES_MAX:
            raise IntegrityError(f"an answer of region {self._route.peer.name} is longer than {ANSWER_BYTES_MAX} bytes")
        return data

    def expect_end(self) -> None:
        """Make sure that nothing follows, which leaves the connection ready for the next request."""
        if self.readinto(memoryview(bytearray(1))):
            raise IntegrityError(f"a stream from region {self._route.peer.name} goes on after its end")

    @property
    def leaves_open(self) -> bool:
        """True when the whole answer was read and the connection may be used again."""
        return self._response.isclosed() and not self._response.will_close


class ConnectionPool:
    """The open connections to one peer, most recently used first."""

    def __init__(self, route: PeerRoute, clock: Clock) -> None:
        """Open nothing yet."""
        self.route = route
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[PeerConnection] = []
        self._closed = False

    def close(self) -> None:
        """Close the idle connections, and the others as they come back."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for connection in idle:
            connection.close()

    def take(self) -> PeerConnection:
        """Lend a connection to one thread."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return PeerConnection(self.route)
            if not connection.is_stale(self._clock.monotonic()):
                return connection
            connection.close()

    def give_back(self, connection: PeerConnection) -> None:
        """Take back a connection on which nothing is unread; the last of many is closed."""
        connection.idle_since = self._clock.monotonic()
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()
