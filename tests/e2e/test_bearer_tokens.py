"""Bearer tokens over real TLS: what is not one of ours, or no more, is refused; what one region gave, both accept."""

import base64
import datetime as dt
import json

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.e2e.arm_http import ArmHttp, error_code
from tests.e2e.dev_regions import EAST, DevRegions

pytestmark = pytest.mark.e2e


def disks_with(client: ArmHttp, token: str) -> httpx.Response:
    return client.send("GET", client.compute("disks"), token=token)


def claims_of(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def signed_by_eastus(pair: DevRegions, token: str, **changed: object) -> str:
    """Sign changed claims with eastus's real key, as only eastus could."""
    key = load_pem_private_key((pair.folder.region(EAST) / "keys" / "tokens.pem").read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return jwt.encode(claims_of(token) | changed, key, algorithm="EdDSA", headers=dict(jwt.get_unverified_header(token)))


def test_a_token_of_either_region_is_accepted_by_both(east: ArmHttp, west: ArmHttp) -> None:
    answers = [disks_with(client, token) for client in (east, west) for token in (east.token, west.token)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200]


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "x" * 9000])
def test_garbage_is_refused(east: ArmHttp, token: str) -> None:
    answer = disks_with(east, token)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_token_that_was_changed_is_refused(east: ArmHttp) -> None:
    head, payload, signature = east.token.split(".")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    answer = disks_with(east, f"{head}.{payload}.{other}")
    assert (answer.status_code, error_code(answer)) == (401, "AuthenticationFailed")


def test_an_expired_token_is_refused_and_says_so(pair: DevRegions, east: ArmHttp, west: ArmHttp) -> None:
    past = int(dt.datetime.now(dt.UTC).timestamp()) - 3600
    old = signed_by_eastus(pair, east.token, iat=past - 3600, nbf=past - 3600, exp=past)
    answers = [disks_with(client, old) for client in (east, west)]
    assert [(answer.status_code, error_code(answer)) for answer in answers] == [(401, "ExpiredAuthenticationToken")] * 2
    # The same key, the same claims, but for the time: it is the time that was refused.
    assert disks_with(east, signed_by_eastus(pair, east.token)).status_code == 200


def test_no_token_is_given_for_a_wrong_secret(east: ArmHttp) -> None:
    answer = east.ask_token(client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
