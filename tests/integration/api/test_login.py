"""Logging in: tokens, discovery, the cloud's metadata; and what happens without a good token."""

import base64

import jwt
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.testing.arm_region import CLIENT, SECRET, SUBSCRIPTION, TENANT

TOKEN = f"/{TENANT}/oauth2/v2.0/token"
EAST, WEST = "https://eastus.test:8443", "https://westus.test:8443"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""}


def form(**fields: str) -> bytes:
    return "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in fields.items()).encode()


def test_a_token_is_given_for_the_right_secret_and_accepted(east: Arm) -> None:
    sent = form(grant_type="client_credentials", client_id=CLIENT, client_secret=SECRET, scope=f"{EAST}/.default", client_info="1")
    answer = east.send("POST", TOKEN, sent, headers=FORM, version=None)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    assert answer.headers["cache-control"] == "no-store"
    east.token = answer.json()["access_token"]
    assert east.send("GET", "/subscriptions").status_code == 200


def audience_of(arm: Arm, **asked: str) -> object:
    """Log in for what is asked; return the resource that the token is for, or the refusal's word."""
    sent = form(grant_type="client_credentials", client_id=CLIENT, client_secret=SECRET, **asked)
    answer = arm.send("POST", TOKEN, sent, headers=FORM, version=None).json()
    if "error" in answer:
        return answer["error"]
    return jwt.decode(answer["access_token"], options={"verify_signature": False})["aud"][0]


@pytest.mark.parametrize(
    ("asked", "audience"),
    [
        ({}, EAST),
        ({"scope": ""}, EAST),
        ({"scope": f"{EAST}/.default"}, EAST),
        ({"scope": f"{EAST.upper()}//.default"}, EAST),
        ({"scope": f"{WEST}/.default"}, WEST),
        ({"resource": f"{WEST}/"}, WEST),
        # What Azure's clients ask for when nobody told them another.
        ({"scope": "https://management.azure.com/.default"}, "https://management.azure.com"),
        ({"resource": "https://management.core.windows.net/"}, "https://management.core.windows.net"),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_resource"),
        ({"resource": "https://vault.azure.net"}, "invalid_resource"),
        ({"scope": EAST}, "invalid_scope"),
        ({"scope": f"{EAST}/.default openid"}, "invalid_scope"),
        ({"scope": f"{EAST}/.default {WEST}/.default"}, "invalid_resource"),
    ],
)
@pytest.mark.usefixtures("west")
def test_a_token_is_for_the_resource_that_was_asked_for_if_that_is_a_region(east: Arm, asked: dict[str, str], audience: str) -> None:
    assert audience_of(east, **asked) == audience


def test_a_region_that_does_not_answer_is_no_known_resource_and_the_refusal_says_which_is(east: Arm) -> None:
    east.region.peers.down = {"westus"}
    sent = form(grant_type="client_credentials", client_id=CLIENT, client_secret=SECRET, scope=f"{WEST}/.default")
    answer = east.send("POST", TOKEN, sent, headers=FORM, version=None)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_resource")
    assert answer.json()["error_description"].startswith(f"AADSTS500011: The resource '{WEST}' was not found in the tenant {TENANT}.")
    assert f"Ask for {EAST}/.default" in answer.json()["error_description"]


def test_a_token_can_be_checked_by_the_discovery_document_alone(east: Arm) -> None:
    sent = form(grant_type="client_credentials", client_id=CLIENT, client_secret=SECRET, scope=f"{EAST}/.default")
    token = east.send("POST", TOKEN, sent, headers=FORM, version=None).json()["access_token"]
    discovery = east.send("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration", headers={"Authorization": ""}).json()
    assert discovery["issuer"] == f"{EAST}/{TENANT}/v2.0"
    keys = jwt.PyJWKSet.from_dict(east.send("GET", discovery["jwks_uri"], headers={"Authorization": ""}).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token, key, audience=EAST, issuer=discovery["issuer"], algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False}
    )
    assert (claims["tid"], claims["oid"]) == (TENANT, CLIENT)


def test_the_secret_may_come_as_basic_authorisation(east: Arm) -> None:
    basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
    answer = east.send("POST", TOKEN, form(grant_type="client_credentials"), headers={**FORM, "Authorization": f"Basic {basic}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        (form(grant_type="client_credentials", client_id=CLIENT, client_secret="wrong"), 401, "invalid_client"),
        (form(grant_type="client_credentials", client_id="nobody", client_secret=SECRET), 401, "invalid_client"),
        (form(grant_type="client_credentials"), 401, "invalid_client"),
        (form(grant_type="client_credentials", client_id=CLIENT, client_secret="wrong", scope="x/.default"), 401, "invalid_client"),
        (form(grant_type="password", client_id=CLIENT, client_secret=SECRET), 400, "unsupported_grant_type"),
        (b"", 400, "unsupported_grant_type"),
        (b"\xff\xfe", 400, "invalid_request"),
        (b"&".join([b"a=b"] * 100), 400, "invalid_request"),
    ],
)
def test_a_bad_login_is_refused_in_oauths_words(east: Arm, sent: bytes, status: int, error: str) -> None:
    answer = east.send("POST", TOKEN, sent, headers=FORM)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_description"].startswith("AADSTS")
    assert SECRET not in answer.text


def test_malformed_basic_authorisation_is_a_wrong_secret(east: Arm) -> None:
    answer = east.send("POST", TOKEN, form(grant_type="client_credentials"), headers={**FORM, "Authorization": "Basic %%%"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_another_tenant_is_refused(east: Arm) -> None:
    other = "00000000-0000-0000-0000-000000000000"
    assert east.send("POST", f"/{other}/oauth2/v2.0/token", b"", headers=FORM).status_code == 400
    assert east.send("GET", f"/{other}/v2.0/.well-known/openid-configuration").status_code == 400


def test_discovery_names_the_token_endpoint(east: Arm) -> None:
    answer = east.send("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration", headers={"Authorization": ""}, version=None)
    assert answer.json()["token_endpoint"] == f"https://eastus.test:8443{TOKEN}"


def test_the_clouds_metadata_is_an_object_now_and_was_a_list_once(east: Arm) -> None:
    now = east.send("GET", "/metadata/endpoints", headers={"Authorization": ""}, version="2022-09-01").json()
    assert now["authentication"]["loginEndpoint"] == "https://eastus.test:8443"
    assert now["authentication"]["audiences"] == ["https://eastus.test:8443"]
    assert east.send("GET", "/metadata/endpoints", version="2019-05-01").json() == [now]


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer ", "Bearer nonsense", "Bearer a.b.c"])
def test_a_missing_or_bad_token_is_refused_with_a_challenge(east: Arm, header: str) -> None:
    answer = east.send("GET", "/subscriptions", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "AuthenticationFailed"
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert TOKEN in answer.headers["www-authenticate"]


def test_an_expired_token_is_refused_as_expired(east: Arm) -> None:
    east.region.clock.advance(2 * 3600)
    answer = east.send("GET", "/subscriptions")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    assert "www-authenticate" in answer.headers


def test_a_token_of_a_region_that_is_not_known_is_refused(east: Arm, west: Arm) -> None:
    del east.region.keys[west.region.issuer.region_id]
    answer = east.send("GET", "/subscriptions", headers={"Authorization": f"Bearer {west.token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")


def test_the_one_subscription_and_tenant_are_listed(east: Arm) -> None:
    assert [row["subscriptionId"] for row in east.send("GET", "/subscriptions").json()["value"]] == [SUBSCRIPTION]
    assert east.send("GET", f"/subscriptions/{SUBSCRIPTION}").json()["state"] == "Enabled"
    assert [row["tenantId"] for row in east.send("GET", "/tenants").json()["value"]] == [TENANT]


def test_locations_are_this_region_and_its_peers(east: Arm) -> None:
    rows = east.send("GET", f"/subscriptions/{SUBSCRIPTION}/locations").json()["value"]
    assert [row["name"] for row in rows] == ["eastus", "westus"]


@pytest.mark.parametrize("path", ["", "/locations", "/resourceGroups/default", "/providers/Microsoft.Compute/disks"])
def test_another_subscription_is_not_found(east: Arm, path: str) -> None:
    answer = east.send("GET", f"/subscriptions/00000000-0000-0000-0000-000000000000{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SubscriptionNotFound")


def test_a_token_is_asked_for_before_anything_else_is_told(east: Arm) -> None:
    answer = east.send("GET", compute("disks", "nothing"), headers={"Authorization": ""}, version=None)
    assert answer.status_code == 401
