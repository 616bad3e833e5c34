"""Which region is at the other end of a connection, carried from TLS into each request.

uvicorn does not pass the client's certificate to the application, so a protocol of ours reads it when the connection is made. The
application finds it in the request's state under PRESENTED; nothing a client can write gets there.
"""

import asyncio
import ssl
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from farpoint.peers.identity import presented_by
from farpoint.units import MIB

#: Key in the ASGI scope's state; the value is a farpoint.peers.identity.Presented.
PRESENTED: Final = "farpoint.presented"
#: Two pieces of a stream: one is sent while the next is read.
_WRITE_BUFFER_BYTES: Final = 2 * MIB


class PeerProtocol(H11Protocol):
    """HTTP/1.1 for the peer listener."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn itself narrows it
        """Note what the peer presented; it holds for every request on this connection."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        session = transport.get_extra_info("ssl_object")
        if isinstance(session, ssl.SSLObject):
            # uvicorn copies this into the scope of each request; a dict of our own, for it is shared between connections.
            self.app_state = {**self.app_state, PRESENTED: presented_by(session)}
