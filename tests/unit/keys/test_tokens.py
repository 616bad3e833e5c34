"""Bearer tokens and assertions: who issued them, for whom, of what kind, and for how long."""

import base64
import json
from collections.abc import Callable

import jwt
import pytest
from attrs import evolve

from farpoint.errors import Code, RefusedError
from farpoint.keys.signing import Signer
from farpoint.keys.tokens import ASSERTION_SECONDS, LEEWAY_SECONDS, TOKEN_SECONDS, TokenClaims, TokenIssuer, TokenVerifier
from farpoint.testing.ambient import FakeClock

EAST, WEST, NOBODY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000009"
TENANT, CLIENT, OPERATION = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000", "op-1"
SIGNERS = {EAST: Signer.from_seed(b"e" * 32), WEST: Signer.from_seed(b"w" * 32)}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def issuer(clock: FakeClock) -> TokenIssuer:
    return TokenIssuer(signer=SIGNERS[EAST], region_id=EAST, tenant_id=TENANT, endpoint="https://east.test", clock=clock)


@pytest.fixture
def verifier(clock: FakeClock) -> TokenVerifier:
    return TokenVerifier(
        tenant_id=TENANT,
        clock=clock,
        key_of=lambda region: SIGNERS[region].public if region in SIGNERS else None,
        knows_client=lambda client: client == CLIENT,
    )


def code_of(verifier: TokenVerifier, token: str) -> Code:
    with pytest.raises(RefusedError) as caught:
        verifier.verify(token)
    assert token not in str(caught.value)
    return caught.value.code


def forged(issuer: TokenIssuer, token: str, **changes: object) -> str:
    """Change claims and sign again with the region's own key."""
    claims = jwt.decode(token, options={"verify_signature": False})
    claims = {key: value for key, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(claims, issuer.signer.private, algorithm="EdDSA", headers={"kid": issuer.region_id})


def unsigned(token: str, header: dict[str, str]) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    return f"{part(json.dumps(header).encode())}.{token.split('.')[1]}."


def test_a_token_is_accepted_by_every_region_that_knows_its_issuer(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    token, seconds = issuer.issue(CLIENT)
    assert seconds == TOKEN_SECONDS
    assert verifier.verify(token) == TokenClaims(client_id=CLIENT, tenant_id=TENANT, region_id=EAST)


def test_a_token_says_for_which_resource_it_is_and_which_tenant_gave_it_where(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    token, _ = issuer.issue(CLIENT, resource="https://west.test")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (f"https://east.test/{TENANT}/v2.0", ["https://west.test", TENANT])
    assert verifier.verify(token).region_id == EAST


def test_a_region_is_known_by_its_key_whatever_it_calls_itself(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    name = "urn:farpoint:region:" + WEST
    assert verifier.verify(forged(issuer, issuer.issue(CLIENT)[0], iss=name)).region_id == EAST
    assert check(verifier, forged(issuer, assertion(issuer), iss=name)).region_id == EAST


def test_a_token_expires(issuer: TokenIssuer, verifier: TokenVerifier, clock: FakeClock) -> None:
    token, _ = issuer.issue(CLIENT)
    clock.advance(TOKEN_SECONDS + LEEWAY_SECONDS)
    assert verifier.verify(token).client_id == CLIENT
    clock.advance(1)
    assert code_of(verifier, token) is Code.EXPIRED_TOKEN


def test_the_machine_s_own_clock_has_no_say(issuer: TokenIssuer, verifier: TokenVerifier, clock: FakeClock) -> None:
    for seconds in (-(10**9), 10**9):
        clock.advance(seconds)
        assert verifier.verify(issuer.issue(CLIENT)[0]).client_id == CLIENT


@pytest.mark.parametrize("expiry", [None, "soon", "1793500000", 1.5e12, [1], {}])
def test_a_token_must_say_when_it_expires(issuer: TokenIssuer, verifier: TokenVerifier, expiry: object) -> None:
    assert code_of(verifier, forged(issuer, issuer.issue(CLIENT)[0], exp=expiry)) is Code.AUTHENTICATION_FAILED


@pytest.mark.parametrize(
    "change",
    [
        lambda issuer: evolve(issuer, tenant_id=NOBODY),
        lambda issuer: evolve(issuer, region_id=NOBODY),
        lambda issuer: evolve(issuer, region_id=WEST),
        lambda issuer: evolve(issuer, signer=SIGNERS[WEST]),
    ],
    ids=["wrong tenant", "unknown region", "another region's name", "another region's key"],
)
def test_a_token_of_somebody_else_is_refused(
    issuer: TokenIssuer, verifier: TokenVerifier, change: Callable[[TokenIssuer], TokenIssuer]
) -> None:
    assert code_of(verifier, change(issuer).issue(CLIENT)[0]) is Code.AUTHENTICATION_FAILED


def test_a_token_ends_with_its_client(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    assert code_of(verifier, issuer.issue(NOBODY)[0]) is Code.AUTHENTICATION_FAILED


@pytest.mark.parametrize(
    "change",
    [
        {"tid": NOBODY},
        {"iss": None},
        {"aud": NOBODY},
        {"aud": ["https://east.test", NOBODY]},
        {"use": "assertion"},
        {"sub": None},
    ],
)
def test_each_claim_counts(issuer: TokenIssuer, verifier: TokenVerifier, change: dict[str, str | None]) -> None:
    token, _ = issuer.issue(CLIENT)
    assert verifier.verify(forged(issuer, token)).client_id == CLIENT
    assert code_of(verifier, forged(issuer, token, **change)) is Code.AUTHENTICATION_FAILED


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256"])
def test_an_algorithm_of_the_bearer_s_choice_is_refused(issuer: TokenIssuer, verifier: TokenVerifier, algorithm: str) -> None:
    token, _ = issuer.issue(CLIENT)
    assert code_of(verifier, unsigned(token, {"alg": algorithm, "typ": "JWT", "kid": EAST})) is Code.AUTHENTICATION_FAILED


def test_the_public_key_is_no_shared_secret(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    claims = jwt.decode(issuer.issue(CLIENT)[0], options={"verify_signature": False})
    token = jwt.encode(claims, SIGNERS[EAST].public, algorithm="HS256", headers={"kid": EAST})
    assert code_of(verifier, token) is Code.AUTHENTICATION_FAILED


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.é.é", "\ud800", "A" * 10_000])
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(RefusedError) as caught:
        verifier.verify(token)
    assert caught.value.code is Code.AUTHENTICATION_FAILED


def test_every_changed_letter_is_noticed(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    token, _ = issuer.issue(CLIENT)
    for place in range(0, len(token), 7):
        changed = token[:place] + ("B" if token[place] == "A" else "A") + token[place + 1 :]
        assert code_of(verifier, changed) is Code.AUTHENTICATION_FAILED


def assertion(issuer: TokenIssuer) -> str:
    return issuer.assertion(CLIENT, operation=OPERATION, audience_region=WEST)


def check(verifier: TokenVerifier, token: str, *, region: str = EAST, own: str = WEST, operation: str = OPERATION) -> TokenClaims:
    return verifier.verify_assertion(token, region_id=region, own_region_id=own, operation=operation)


def test_an_assertion_speaks_for_one_operation_of_one_region_to_another(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    claims = check(verifier, assertion(issuer))
    assert claims == TokenClaims(client_id=CLIENT, tenant_id=TENANT, region_id=EAST, operation=OPERATION)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"region": WEST}, Code.AUTHORIZATION_FAILED),
        ({"operation": "op-2"}, Code.AUTHORIZATION_FAILED),
        ({"own": NOBODY}, Code.AUTHENTICATION_FAILED),
    ],
)
def test_an_assertion_for_somebody_else_is_refused(
    issuer: TokenIssuer, verifier: TokenVerifier, other: dict[str, str], expected: Code
) -> None:
    with pytest.raises(RefusedError) as caught:
        check(verifier, assertion(issuer), **other)
    assert caught.value.code is expected


def test_an_assertion_is_short_lived(issuer: TokenIssuer, verifier: TokenVerifier, clock: FakeClock) -> None:
    token = assertion(issuer)
    clock.advance(ASSERTION_SECONDS + LEEWAY_SECONDS + 1)
    with pytest.raises(RefusedError) as caught:
        check(verifier, token)
    assert caught.value.code is Code.EXPIRED_TOKEN


def test_an_assertion_is_no_access_token_even_to_a_region_named_as_the_tenant(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    assert code_of(verifier, assertion(issuer)) is Code.AUTHENTICATION_FAILED
    assert code_of(verifier, issuer.assertion(CLIENT, operation=OPERATION, audience_region=TENANT)) is Code.AUTHENTICATION_FAILED


def test_an_access_token_is_no_assertion_even_to_a_region_named_as_the_tenant(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    token, _ = issuer.issue(CLIENT)
    for own in (WEST, TENANT):
        with pytest.raises(RefusedError) as caught:
            check(verifier, token, own=own, operation="")
        assert caught.value.code is Code.AUTHENTICATION_FAILED
