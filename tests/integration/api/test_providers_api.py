"""Providers are registered, always; the keys of tokens are published."""

import base64

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.integration.api.arm_client import Arm

from farpoint.testing.arm_region import SUBSCRIPTION, TENANT

PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/providers"


def test_providers_are_listed_with_their_types_locations_and_versions(east: Arm) -> None:
    rows = {row["namespace"]: row for row in east.send("GET", PROVIDERS).json()["value"]}
    assert set(rows) == {"Microsoft.Compute", "Microsoft.Network", "Microsoft.Resources", "Microsoft.Authorization", "Microsoft.Insights"}
    compute = rows["Microsoft.Compute"]
    assert (compute["id"], compute["registrationState"]) == (f"{PROVIDERS}/Microsoft.Compute", "Registered")
    types = {row["resourceType"]: row for row in compute["resourceTypes"]}
    assert {"virtualMachines", "disks", "snapshots", "restorePointCollections/restorePoints/diskRestorePoints"} <= set(types)
    assert types["disks"]["locations"] == ["eastus", "westus"]
    assert types["disks"]["apiVersions"][0] == "2025-01-02"


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("POST", "/register")])
def test_a_provider_is_registered_whatever_the_case_of_its_name(east: Arm, method: str, suffix: str) -> None:
    answer = east.send(method, f"{PROVIDERS}/microsoft.COMPUTE{suffix}", version="2016-02-01")
    assert (answer.status_code, answer.json()["namespace"], answer.json()["registrationState"]) == (200, "Microsoft.Compute", "Registered")


def test_an_unknown_provider_is_refused(east: Arm) -> None:
    answer = east.send("GET", f"{PROVIDERS}/Microsoft.Web")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "InvalidResourceNamespace")


def test_published_keys_check_the_tokens_of_this_region(east: Arm) -> None:
    discovery = east.send("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration", headers={"Authorization": ""}).json()
    assert discovery["jwks_uri"] == f"{east.region.context.endpoint}/{TENANT}/discovery/v2.0/keys"
    answer = east.send("GET", discovery["jwks_uri"], headers={"Authorization": ""})
    header = jwt.get_unverified_header(east.token)
    [key] = [key for key in answer.json()["keys"] if key["kid"] == header["kid"]]
    assert {name: key[name] for name in ("kty", "crv", "alg", "use")} == {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"}
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    claims = jwt.decode(east.token, public, algorithms=["EdDSA"], audience=TENANT, options={"verify_exp": False, "verify_iat": False})
    assert claims["tid"] == TENANT
    assert east.send("GET", discovery["jwks_uri"].replace(TENANT, "other")).status_code == 400
