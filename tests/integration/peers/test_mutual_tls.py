"""Who may talk to whom: certificates, authorities and region ids, over real TLS."""

import datetime as dt
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.errors import Code, RefusedError, UnavailableError
from farpoint.peers.client import PeerClient
from farpoint.peers.tls import OwnCertificate, context_for_peers, context_towards, trusted_peer
from farpoint.testing.region_certificates import RegionAuthority
from farpoint.testing.served_region import ServedRegion, region_id

Connect = Callable[..., PeerClient]


@pytest.fixture
def other_authority(tmp_path: Path) -> RegionAuthority:
    return RegionAuthority(tmp_path / "other-pki", name="Somebody else's CA", now=SystemClock().now())


@pytest.fixture
def connect(eastus: ServedRegion, westus: ServedRegion) -> Iterator[Connect]:
    clients: list[PeerClient] = []

    def connect(own: OwnCertificate | None = None, name: str = "eastus") -> PeerClient:
        clients.append(westus.client_of(name, port=eastus.port, own=own))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def refusal(client: PeerClient) -> RefusedError:
    with pytest.raises(RefusedError) as raised:
        client.identity()
    assert raised.value.code is Code.PEER_UNTRUSTED
    assert raised.value.hint
    return raised.value


def test_regions_of_one_authority_with_the_right_ids_talk(eastus: ServedRegion, connect: Connect) -> None:
    eastus.start(["westus"])

    assert connect().identity() == eastus.identity


def test_a_server_of_another_authority_is_untrusted(eastus: ServedRegion, other_authority: RegionAuthority, connect: Connect) -> None:
    eastus.own = other_authority.issue("eastus", region=region_id("eastus"))
    eastus.start(["westus"])

    error = refusal(connect())

    assert "region westus" in error.message
    assert "peer eastus" in error.message
    assert "ca.pem" in error.message


def test_a_client_of_another_authority_reads_why_it_is_refused(
    eastus: ServedRegion, other_authority: RegionAuthority, connect: Connect
) -> None:
    eastus.start(["westus"])
    stranger = other_authority.issue("westus", region=region_id("westus"))

    error = refusal(connect(stranger))

    assert "peer eastus" in error.message
    assert "does not accept the certificate of region westus" in error.message
    assert "UNKNOWN_CA" in error.message


def test_a_client_with_the_id_of_no_peer_is_refused(eastus: ServedRegion, authority: RegionAuthority, connect: Connect) -> None:
    eastus.start(["westus"])
    northus = authority.issue("northus", region=region_id("northus"))

    error = refusal(connect(northus))

    assert str(region_id("northus")) in error.message
    assert f"westus ({region_id('westus')})" in error.message


def test_a_client_whose_certificate_names_no_region_is_refused(eastus: ServedRegion, authority: RegionAuthority, connect: Connect) -> None:
    eastus.start(["westus"])
    nobody = authority.issue("nobody", region=None)

    assert "names no region" in refusal(connect(nobody)).message


def test_a_server_with_another_region_id_is_refused_before_anything_is_sent(
    eastus: ServedRegion, authority: RegionAuthority, connect: Connect
) -> None:
    eastus.own = authority.issue("northus", region=region_id("northus"))
    eastus.start(["westus"])

    error = refusal(connect())

    assert f"expects peer eastus to be region {region_id('eastus')}" in error.message
    assert f"certificate of region {region_id('northus')}" in error.message
    with eastus.database.read() as conn:
        assert conn.exec_driver_sql("select count(*) from peer_pins").scalar_one() == 0


def test_a_client_with_an_expired_certificate_reads_why_it_is_refused(
    eastus: ServedRegion, authority: RegionAuthority, connect: Connect
) -> None:
    eastus.start(["westus"])
    long_ago = SystemClock().now() - dt.timedelta(days=3650)
    expired = authority.issue("expired", region=region_id("westus"), now=long_ago)

    assert "EXPIRED" in refusal(connect(expired)).message


def test_a_server_with_an_expired_certificate_is_untrusted(eastus: ServedRegion, authority: RegionAuthority, connect: Connect) -> None:
    long_ago = SystemClock().now() - dt.timedelta(days=3650)
    eastus.own = authority.issue("expired", region=region_id("eastus"), now=long_ago)
    eastus.start(["westus"])

    assert "expired" in refusal(connect()).message


def exchange(context: ssl.SSLContext, port: int, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request("POST", "/peer/identity", body=b"{}", headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())["error"]["code"]
    finally:
        connection.close()


def test_a_client_without_a_certificate_is_refused(eastus: ServedRegion, authority: RegionAuthority) -> None:
    eastus.start(["westus"])
    context = ssl.create_default_context(cafile=authority.ca_file)

    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        exchange(context, eastus.port, {})


def test_no_header_says_who_somebody_is(eastus: ServedRegion, authority: RegionAuthority) -> None:
    eastus.start(["westus"])
    peer = trusted_peer(name="eastus", region=region_id("eastus"), ca_file=authority.ca_file)
    context = context_towards(peer, authority.issue("nobody", region=None))
    claims = {"farpoint.presented": str(region_id("westus")), "x-forwarded-client-cert": f"URI=urn:farpoint:region:{region_id('westus')}"}

    assert exchange(context, eastus.port, claims) == (403, "PeerUntrusted")


def test_older_tls_is_refused(eastus: ServedRegion, westus: ServedRegion, authority: RegionAuthority) -> None:
    eastus.start(["westus"])
    context = ssl.create_default_context(cafile=authority.ca_file)
    context.load_cert_chain(westus.own.certificate, westus.own.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        exchange(context, eastus.port, {})


def test_the_authority_of_one_peer_cannot_speak_for_another(
    eastus: ServedRegion, westus: ServedRegion, authority: RegionAuthority, other_authority: RegionAuthority, connect: Connect
) -> None:
    # The listener has to accept both authorities; each may sign for its own region only.
    wests = trusted_peer(name="westus", region=region_id("westus"), ca_file=authority.ca_file)
    norths = trusted_peer(name="northus", region=region_id("northus"), ca_file=other_authority.ca_file)
    eastus.start_trusting([wests, norths])
    forged = other_authority.issue("westus", region=region_id("westus"))

    assert connect(westus.own).identity() == eastus.identity
    assert f"is not signed by the CA in {authority.ca_file}" in refusal(connect(forged)).message


def test_a_region_that_does_not_listen_is_unavailable(westus: ServedRegion) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = westus.client_of("eastus", port=port)

    with pytest.raises(UnavailableError, match=f"peer eastus at 127.0.0.1:{port} does not answer: Connection refused") as raised:
        client.identity()
    assert raised.value.code is Code.PEER_UNAVAILABLE


def test_a_listener_that_never_answers_is_unavailable(westus: ServedRegion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farpoint.peers.connection.CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = westus.client_of("eastus", port=silent.getsockname()[1])
        with pytest.raises(UnavailableError, match="did not answer in time"):
            client.identity()


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "127.0.0.1:8444", "https://host", "https://host:1/path", "https://host:99999"])
def test_an_endpoint_that_is_no_url_is_refused(westus: ServedRegion, endpoint: str) -> None:
    with pytest.raises(RefusedError, match="is not a URL like") as raised:
        westus.client_at("eastus", endpoint=endpoint)
    assert raised.value.code is Code.CONFIGURATION


def test_tls_files_of_no_use_are_named(tmp_path: Path, authority: RegionAuthority, westus: ServedRegion) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    peer = trusted_peer(name="eastus", region=region_id("eastus"), ca_file=authority.ca_file)

    with pytest.raises(RefusedError, match=r"missing\.pem"):
        trusted_peer(name="eastus", region=region_id("eastus"), ca_file=tmp_path / "missing.pem")
    with pytest.raises(RefusedError, match=r"broken\.pem"):
        trusted_peer(name="eastus", region=region_id("eastus"), ca_file=broken)
    with pytest.raises(RefusedError, match=r"westus\.pem"):
        context_for_peers([peer], OwnCertificate(certificate=westus.own.certificate, key=broken))
