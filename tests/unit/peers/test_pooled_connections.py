"""What the pool believes about a connection nobody uses."""

import socket
import ssl
from pathlib import Path

from farpoint.model.ids import RegionId
from farpoint.peers.connection import PeerConnection, PeerRoute
from farpoint.peers.identity import TrustedPeer
from farpoint.testing.example_rows import guid


def test_a_connection_whose_socket_was_closed_beneath_it_is_stale() -> None:
    peer = TrustedPeer(name="eastus", region=RegionId(guid(1)), ca_file=Path("ca.crt"), roots=frozenset())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    connection = PeerConnection(PeerRoute(peer=peer, host="127.0.0.1", port=1, context=context, here="westus"))
    ours, theirs = socket.socketpair()
    connection.sock = ours
    assert not connection.is_stale(0.0)

    ours.close()

    assert connection.is_stale(0.0)
    theirs.close()
