"""Two regions with real certificates and sockets: eastus serves, westus asks."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.peers.client import PeerClient
from farpoint.peers.connection import PeerConnection
from farpoint.peers.source import PeerSource
from farpoint.testing.region_certificates import RegionAuthority
from farpoint.testing.served_region import ServedRegion, region_id


@pytest.fixture
def authority(tmp_path: Path) -> RegionAuthority:
    return RegionAuthority(tmp_path / "pki", name="Farpoint test CA", now=SystemClock().now())


@pytest.fixture
def eastus(tmp_path: Path, authority: RegionAuthority) -> Iterator[ServedRegion]:
    own = authority.issue("eastus", region=region_id("eastus"))
    region = ServedRegion("eastus", tmp_path / "eastus", own=own, ca_file=authority.ca_file, clock=SystemClock())
    yield region
    region.stop()


@pytest.fixture
def westus(tmp_path: Path, authority: RegionAuthority) -> Iterator[ServedRegion]:
    own = authority.issue("westus", region=region_id("westus"))
    region = ServedRegion("westus", tmp_path / "westus", own=own, ca_file=authority.ca_file, clock=SystemClock())
    yield region
    region.stop()


@pytest.fixture
def client(eastus: ServedRegion, westus: ServedRegion) -> Iterator[PeerClient]:
    """Westus's client of eastus, which serves it."""
    eastus.start(["westus"])
    client = westus.client_of("eastus", port=eastus.port)
    yield client
    client.close()


@pytest.fixture
def source(client: PeerClient, westus: ServedRegion) -> PeerSource:
    return PeerSource(client, westus.issuer)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[PeerConnection]:
    """Collect every connection that is made."""
    made: list[PeerConnection] = []
    connect = PeerConnection.connect

    def counted(connection: PeerConnection) -> None:
        made.append(connection)
        connect(connection)

    monkeypatch.setattr(PeerConnection, "connect", counted)
    return made
