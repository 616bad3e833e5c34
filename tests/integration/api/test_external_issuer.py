"""An OpenID issuer beside the region's own: its tokens over HTTPS, its keys fetched and rotated, and what its users may do."""

import json
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from tests.integration.api.arm_client import Arm

from farpoint.clock import SystemClock
from farpoint.errors import Code, UnavailableError
from farpoint.keys.discovery import fetch_key_set
from farpoint.keys.external_tokens import ExternalIssuer
from farpoint.keys.https_get import fetch_json
from farpoint.keys.key_sets import REFETCH_SECONDS, KeySet
from farpoint.model.roles import READER
from farpoint.testing.arm_region import SUBSCRIPTION
from farpoint.testing.region_certificates import RegionAuthority

S = f"/subscriptions/{SUBSCRIPTION}"


@define
class OpenId:
    """An OpenID server on loopback: documents by path, and the keys it signs with."""

    server: ThreadingHTTPServer
    ca_file: Path
    documents: dict[str, bytes] = field(factory=dict)
    keys: dict[str, Ed25519PrivateKey] = field(factory=dict)

    @property
    def issuer(self) -> str:
        return f"https://127.0.0.1:{self.server.server_address[1]}/realm"

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on; the old one is withdrawn."""
        self.keys = {kid: Ed25519PrivateKey.generate()}
        listed = [{**json.loads(OKPAlgorithm.to_jwk(key.public_key())), "kid": name, "use": "sig"} for name, key in self.keys.items()]
        self.documents["/realm/.well-known/openid-configuration"] = json.dumps(
            {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        ).encode()
        self.documents["/realm/keys"] = json.dumps({"keys": listed}).encode()

    def token(self, arm: Arm, *, sub: str = "alice") -> str:
        ((kid, key),) = self.keys.items()
        expires = int(arm.region.clock.now().timestamp()) + 600
        claims = {"iss": self.issuer, "aud": "farpoint", "sub": sub, "exp": expires, "preferred_username": f"{sub}@example.net"}
        return jwt.encode(claims, key, "EdDSA", headers={"kid": kid})


class Handler(BaseHTTPRequestHandler):
    """Answers with the document at the path."""

    def do_GET(self) -> None:
        found: bytes | None = self.server.openid.documents.get(self.path)  # type: ignore[attr-defined]  # set by the fixture
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Says nothing of clients that hang up: some tests are about them."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet."""


@pytest.fixture
def openid(tmp_path: Path) -> Iterator[OpenId]:
    """Serve an issuer."""
    authority = RegionAuthority(tmp_path / "openid", name="openid", now=SystemClock().now())
    own = authority.issue("server", region=None)
    server = Server(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own.certificate, own.key)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    made = OpenId(server, authority.ca_file)
    server.openid = made  # type: ignore[attr-defined]  # for the handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    made.rotate("first")
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def alice(east: Arm, openid: OpenId) -> Arm:
    """Let the region accept the issuer, and log its user in."""
    fetch = partial(fetch_key_set, openid.issuer, jwks_uri="", ca_file=openid.ca_file)
    keys = KeySet(openid.issuer, fetch=fetch, clock=east.region.clock)
    east.region.issuers[openid.issuer] = ExternalIssuer(issuer=openid.issuer, audience="farpoint", algorithms=("EdDSA",), keys=keys)
    east.app = east.region.app()
    return Arm(east.region, east.app, openid.token(east))


def give_reader(owner: Arm, principal: str) -> None:
    guid = owner.region.context.entropy.guid()
    definition = f"{S}/providers/Microsoft.Authorization/roleDefinitions/{READER.id}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": principal, "principalType": "User"}}
    assert owner.send("PUT", f"{S}/providers/Microsoft.Authorization/roleAssignments/{guid}", body).status_code == 201


def test_a_user_is_known_at_once_and_may_do_what_it_was_given(east: Arm, alice: Arm) -> None:
    refused = alice.send("GET", S)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert "The client 'alice@example.net' with object id 'alice'" in refused.text
    give_reader(east, "alice")
    assert alice.send("GET", S).status_code == 200
    assert alice.send("PUT", f"{S}/resourceGroups/x", {"location": "eastus"}).status_code == 403


def test_a_rotated_key_is_found_and_the_old_one_refused(east: Arm, alice: Arm, openid: OpenId) -> None:
    give_reader(east, "alice")
    old = alice.token
    assert alice.send("GET", S).status_code == 200
    openid.rotate("second")
    alice.token = openid.token(alice)
    early = alice.send("GET", S)
    assert (early.status_code, early.json()["error"]["code"]) == (401, "AuthenticationFailed")
    east.region.clock.advance(REFETCH_SECONDS)
    assert alice.send("GET", S).status_code == 200
    alice.token = old
    assert alice.send("GET", S).status_code == 401


def test_an_issuer_that_is_away_is_unavailable_and_not_wrong(east: Arm, alice: Arm, openid: OpenId) -> None:
    openid.documents.clear()
    silent = alice.send("GET", S)
    assert (silent.status_code, silent.json()["error"]["code"]) == (503, "IssuerUnavailable")
    assert silent.headers["retry-after"] == "1"
    assert east.send("GET", S).status_code == 200


def test_the_regions_own_tokens_stay_good(east: Arm, alice: Arm) -> None:
    assert alice.region is east.region
    assert east.send("GET", S).status_code == 200


def test_discovery_must_be_about_the_issuer(openid: OpenId) -> None:
    openid.documents["/realm/.well-known/openid-configuration"] = b'{"issuer": "https://other", "jwks_uri": "https://other/keys"}'
    with pytest.raises(UnavailableError, match="is not about issuer"):
        fetch_key_set(openid.issuer, jwks_uri="", ca_file=openid.ca_file)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Expecting value"),
        (b"[]", "no JSON object"),
        (b"{", "Expecting"),
        (b"[" * 100_000, "recursion"),
        (b" " * ((1 << 20) + 1), "longer"),
    ],
)
def test_what_is_no_small_json_object_is_refused(openid: OpenId, body: bytes, says: str) -> None:
    openid.documents["/realm/keys"] = body
    with pytest.raises(UnavailableError, match=says) as caught:
        fetch_json(f"{openid.issuer}/keys", ca_file=openid.ca_file)
    assert caught.value.code is Code.ISSUER_UNAVAILABLE


def test_a_certificate_that_nobody_vouches_for_and_a_plain_address_are_refused(openid: OpenId) -> None:
    for url, ca_file in ((f"{openid.issuer}/keys", None), ("http://127.0.0.1/keys", openid.ca_file), ("https://", None)):
        with pytest.raises(UnavailableError):
            fetch_json(url, ca_file=ca_file)
