"""Tokens of external issuers: what is accepted, every way to be refused, and how keys are fetched, kept and rotated."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping

import jwt
import pytest
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from farpoint.errors import Code, RefusedError, UnavailableError
from farpoint.keys.external_tokens import AnyTokens, ExternalIssuer
from farpoint.keys.key_sets import AGE_SECONDS_MAX, REFETCH_SECONDS, KeySet, read_keys
from farpoint.keys.tokens import TokenClaims
from farpoint.testing.ambient import FakeClock

ISSUER = "https://login.example.net/"
AUDIENCE = "farpoint"
NOTHING: Mapping[str, object] = {}
CLIENT = "2f4a7c3e-0000-4000-8000-00000000000c"
Private = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

RSA_KEY = generate_rsa(65537, 2048)
WEAK_KEY = generate_rsa(65537, 1024)  # noqa: S505 - must not be accepted
EC_KEY = generate_ec(SECP256R1())
ED_KEY = Ed25519PrivateKey.generate()


def jwk(private: Private, kid: str, **more: str) -> dict[str, object]:
    if isinstance(private, RSAPrivateKey):
        text = RSAAlgorithm.to_jwk(private.public_key())
    elif isinstance(private, EllipticCurvePrivateKey):
        text = ECAlgorithm.to_jwk(private.public_key())
    else:
        text = OKPAlgorithm.to_jwk(private.public_key())
    return {**json.loads(text), "kid": kid, **more}


class NoOwn:
    """Stands for the region's own tokens: none is good."""

    def verify(self, token: str) -> TokenClaims:
        raise RefusedError(Code.AUTHENTICATION_FAILED, "not one of ours")


@define
class Issuer:
    """An issuer that publishes *document*, or fails."""

    clock: FakeClock = field(factory=FakeClock)
    document: dict[str, object] = field(factory=dict)
    down: bool = False
    fetches: int = 0

    def fetch(self) -> Mapping[str, object]:
        self.fetches += 1
        if self.down:
            raise UnavailableError(Code.ISSUER_UNAVAILABLE, "it does not answer")
        return self.document

    def publish(self, *keys: dict[str, object]) -> None:
        self.document = {"keys": list(keys)}

    def verifier(self, *algorithms: str) -> AnyTokens:
        keys = KeySet(ISSUER, fetch=self.fetch, clock=self.clock)
        accepted = algorithms or ("RS256", "ES256", "EdDSA")
        issuer = ExternalIssuer(issuer=ISSUER, audience=AUDIENCE, algorithms=accepted, keys=keys)
        return AnyTokens(own=NoOwn(), issuers={ISSUER: issuer}, clock=self.clock, is_client=lambda principal: principal == CLIENT)

    def token(
        self, private: Private = ED_KEY, claims: Mapping[str, object] = NOTHING, *, kid: str = "one", algorithm: str = "EdDSA"
    ) -> str:
        now = self.clock.now()
        said: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + dt.timedelta(hours=1), **claims}
        return jwt.encode({name: value for name, value in said.items() if value is not None}, private, algorithm, headers={"kid": kid})


@pytest.fixture
def issuer() -> Issuer:
    made = Issuer()
    made.publish(jwk(ED_KEY, "one"))
    return made


def refusal(verifier: AnyTokens, token: str) -> Code:
    with pytest.raises(RefusedError) as caught:
        verifier.verify(token)
    return caught.value.code


@pytest.mark.parametrize(("private", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256"), (ED_KEY, "EdDSA")])
def test_tokens_of_every_accepted_algorithm_are_accepted(issuer: Issuer, private: Private, algorithm: str) -> None:
    issuer.publish(jwk(private, "k", use="sig", alg=algorithm))
    token = issuer.token(private, kid="k", algorithm=algorithm)
    assert issuer.verifier().verify(token).client_id == "alice"
    assert issuer.verifier(algorithm).verify(token).client_id == "alice"
    other = "RS256" if algorithm != "RS256" else "ES256"
    assert refusal(issuer.verifier(other), token) is Code.AUTHENTICATION_FAILED


@pytest.mark.parametrize(
    ("claims", "principal", "name"),
    [
        ({}, "alice", "alice"),
        ({"oid": "o-1"}, "o-1", "o-1"),
        ({"oid": "o-1", "appid": "app"}, "o-1", "app"),
        ({"sub": None, "appid": "app"}, "app", "app"),
        ({"preferred_username": "alice@example.net", "aud": ["other", AUDIENCE], "tid": "t"}, "alice", "alice@example.net"),
    ],
)
def test_a_principal_is_who_the_token_is_about(issuer: Issuer, claims: dict[str, object], principal: str, name: str) -> None:
    checked = issuer.verifier().verify(issuer.token(claims=claims))
    assert (checked.client_id, checked.client_name) == (principal, name)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "other"},
        {"aud": None},
        {"iss": "https://login.example.net"},
        {"iss": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"nbf": 4e9},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": CLIENT},
        {"oid": CLIENT},
    ],
)
def test_a_token_that_says_anything_wrong_is_refused(issuer: Issuer, claims: dict[str, object]) -> None:
    assert refusal(issuer.verifier(), issuer.token(claims=claims)) is Code.AUTHENTICATION_FAILED


def test_an_expired_token_is_refused_as_expired(issuer: Issuer) -> None:
    token = issuer.token()
    issuer.clock.advance(2 * 3600)
    assert refusal(issuer.verifier(), token) is Code.EXPIRED_TOKEN


def test_a_token_signed_by_another_key_is_refused(issuer: Issuer) -> None:
    assert refusal(issuer.verifier(), issuer.token(Ed25519PrivateKey.generate())) is Code.AUTHENTICATION_FAILED


def test_the_public_key_is_no_shared_secret(issuer: Issuer) -> None:
    """The classic confusion: a token 'signed' by HS256 with the issuer's public key as the secret."""
    issuer.publish(jwk(RSA_KEY, "one"))
    secret = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{part(claims)}"
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).decode().rstrip("=")
    assert refusal(issuer.verifier(), f"{signed}.{signature}") is Code.AUTHENTICATION_FAILED


def test_no_signature_is_no_signature(issuer: Issuer) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    assert refusal(issuer.verifier(), f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}.") is Code.AUTHENTICATION_FAILED


def part(document: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "." * 100, "x" * 20_000])
def test_nonsense_is_left_to_the_regions_own_tokens_or_refused(issuer: Issuer, token: str) -> None:
    assert refusal(issuer.verifier(), token) is Code.AUTHENTICATION_FAILED
    assert issuer.fetches == 0


def test_only_strong_signature_keys_of_a_key_set_are_read() -> None:
    ignored = [
        jwk(WEAK_KEY, "weak"),
        jwk(RSA_KEY, "for-encryption", use="enc"),
        jwk(RSA_KEY, "for-another", alg="PS256"),
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "broken", "n": "?", "e": "?"},
        {**jwk(RSA_KEY, ""), "kid": 7},
    ]
    assert list(read_keys({"keys": [*ignored, "x", jwk(RSA_KEY, "good")]})) == ["good"]
    with pytest.raises(UnavailableError):
        read_keys({"keys": "none"})


def test_keys_are_fetched_once_and_again_for_an_unknown_one(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    for _ in range(3):
        verifier.verify(issuer.token())
    assert issuer.fetches == 1
    issuer.publish(jwk(ED_KEY, "one"), jwk(EC_KEY, "two"))
    issuer.clock.advance(REFETCH_SECONDS)
    verifier.verify(issuer.token(EC_KEY, kid="two", algorithm="ES256"))
    verifier.verify(issuer.token())
    assert issuer.fetches == 2


def test_strangers_tokens_do_not_make_us_fetch_without_end(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    verifier.verify(issuer.token())
    for number in range(5):
        assert refusal(verifier, issuer.token(kid=f"k{number}")) is Code.AUTHENTICATION_FAILED
    assert issuer.fetches == 1


def test_a_key_that_was_withdrawn_is_not_accepted_for_ever(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    verifier.verify(issuer.token())
    issuer.publish(jwk(EC_KEY, "two"))
    issuer.clock.advance(AGE_SECONDS_MAX + 1)
    assert refusal(verifier, issuer.token()) is Code.AUTHENTICATION_FAILED


def test_known_keys_stay_good_while_the_issuer_is_silent(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    verifier.verify(issuer.token())
    issuer.down = True
    issuer.clock.advance(AGE_SECONDS_MAX + 1)
    assert verifier.verify(issuer.token()).client_id == "alice"
    with pytest.raises(UnavailableError) as caught:
        verifier.verify(issuer.token(EC_KEY, kid="two", algorithm="ES256"))
    assert caught.value.code is Code.ISSUER_UNAVAILABLE


def test_without_any_key_nobody_can_say(issuer: Issuer) -> None:
    issuer.down = True
    verifier = issuer.verifier()
    for _ in range(3):
        with pytest.raises(UnavailableError):
            verifier.verify(issuer.token())
    assert issuer.fetches == 1
    issuer.down = False
    issuer.clock.advance(REFETCH_SECONDS)
    assert verifier.verify(issuer.token()).client_id == "alice"
