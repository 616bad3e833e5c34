"""Connections that cannot be held open for nothing: what the client listener does about slow, silent and endless clients.

uvicorn bounds only how long a connection may be idle between two requests. Here a request's head must come within a time, a body
that nobody reads any more is cut off, an answer that is not taken is given up, and past a number of connections the quietest idle one
makes room. How long a body that is being read may take is body.BODY_SECONDS.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

#: From the first byte of a request, or from a connection's birth, to the end of its head: one round trip takes far less.
HEAD_SECONDS: Final = 20.0
#: A client may go on with a body that was answered already (too large, say) this long; then it has surely seen the answer.
LINGER_SECONDS: Final = 2.0
#: An answer of which nothing is taken for this long is given up.
STALLED_SECONDS: Final = 60.0
#: Connections at one time. Each is a file descriptor of the 1024 that a process commonly has, and disks need some too.
CONNECTIONS_MAX: Final = 512


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 for the client listener."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Begin without a connection."""
        super().__init__(config, server_state, app_state, _loop)
        self._heard_at = self.loop.time()
        #: True from the first answer on; before it, silence is not keep-alive.
        self._answered = False
        #: Seconds that the client has now, and the timer that ends them; None while it is not the client's turn.
        self._allowed: float | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """True while no request is being answered."""
        return self.conn.our_state not in {h11.SEND_RESPONSE, h11.SEND_BODY}

    @property
    def heard_at(self) -> float:
        """When the client last sent something, on the loop's clock."""
        return self._heard_at

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn itself narrows it
        """Let the client's time begin, and keep the number of connections bounded."""
        super().connection_made(transport)
        self._bound()
        _make_room(self.connections, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        super().connection_lost(exc)
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what came, then see whose turn it is."""
        self._heard_at = self.loop.time()
        super().data_received(data)
        self._bound()

    def on_response_complete(self) -> None:
        """See whose turn it is after an answer."""
        self._answered = True
        super().on_response_complete()
        self._bound()

    def pause_writing(self) -> None:
        """Wait for the client to take the answer, but not for ever."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with the answer."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def _bound(self) -> None:
        allowed = None if self.transport.is_closing() else self._client_seconds()
        if allowed == self._allowed:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._allowed = allowed
        self._deadline = None if allowed is None else self.loop.call_later(allowed, self.transport.abort)

    def _client_seconds(self) -> float | None:
        """Return how long the client may take for what it is to send now; None when that is bounded elsewhere."""
        if self.conn.their_state is h11.IDLE:
            begun = bool(self.conn.trailing_data[0])
            return HEAD_SECONDS if begun or not self._answered else None
        if self.conn.their_state is h11.SEND_BODY and self.is_idle:
            return LINGER_SECONDS
        return None


def _make_room(connections: Iterable[object], newest: BoundedProtocol) -> None:
    """Cut the idle connection that has been quiet for longest when there are too many; when none is idle, the newest."""
    known = [connection for connection in connections if isinstance(connection, BoundedProtocol)]
    if len(known) <= CONNECTIONS_MAX:
        return
    idle = [connection for connection in known if connection.is_idle and connection is not newest]
    min(idle, key=lambda connection: connection.heard_at, default=newest).transport.abort()
