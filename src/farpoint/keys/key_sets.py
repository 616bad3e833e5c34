"""The public keys of an external issuer: fetched when first needed, kept, and fetched again when they are old or one is missing.

An issuer rotates its keys by publishing a new one before it signs with it. A token with an unknown key id makes us look again, but
not oftener than every half minute, whatever tokens come. When the keys cannot be fetched, those known stay good.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import jwt
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from farpoint.clock import Clock
from farpoint.errors import Code, FarpointError, UnavailableError

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

#: Strangers' tokens make us fetch at most this often.
REFETCH_SECONDS: Final = 30
#: A key that the issuer withdrew is accepted at most this much longer, as long as the issuer answers.
AGE_SECONDS_MAX: Final = 3600
_KEYS_MAX: Final = 100
_RSA_BITS_MIN: Final = 2048
_log = logging.getLogger(__name__)


@frozen
class IssuerKey:
    """One key and the one signature algorithm it is for."""

    algorithm: str
    public: PublicKey


class KeySet:
    """The keys of one issuer; share it between threads."""

    def __init__(self, issuer: str, *, fetch: Callable[[], Mapping[str, object]], clock: Clock) -> None:
        """*fetch* returns the issuer's JWKS; nothing is fetched yet."""
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._fetching = threading.Lock()
        self._keys: Mapping[str, IssuerKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure: FarpointError | None = None

    def find(self, key_id: str) -> IssuerKey | None:
        """Return the key of that id, None when the issuer has none.

        Raises UnavailableError when nobody can say, because the issuer does not answer or is being asked just now.
        """
        if self._clock.monotonic() - self._fetched_at > AGE_SECONDS_MAX or key_id not in self._keys:
            self._look(needed=key_id not in self._keys)
        found = self._keys.get(key_id)
        if found is None and self._failure is not None:
            raise self._failure
        return found

    def _look(self, *, needed: bool) -> None:
        """Fetch the keys if it is time; whoever *needed* a new one is told when another thread is at it."""
        if not self._fetching.acquire(blocking=False):
            if needed:
                raise UnavailableError(Code.ISSUER_UNAVAILABLE, f"the keys of {self._issuer} are being fetched", hint="Ask again.")
            return
        try:
            if self._clock.monotonic() - self._tried_at >= REFETCH_SECONDS:
                self._tried_at = self._clock.monotonic()
                self._keys, self._failure = read_keys(self._fetch()), None
                self._fetched_at = self._tried_at
        except FarpointError as error:
            self._failure = error
            _log.warning("issuer_keys_not_fetched", extra={"issuer": self._issuer, "known": len(self._keys), "reason": str(error)})
        finally:
            self._fetching.release()


def read_keys(document: Mapping[str, object]) -> Mapping[str, IssuerKey]:
    """Return the signature keys in a JWKS by id; others, weak ones and shared secrets are left out."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise UnavailableError(Code.ISSUER_UNAVAILABLE, "the issuer's document is no key set", hint="Check jwks_uri.")
    found = {}
    for entry in listed[:_KEYS_MAX]:
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and entry.get("use", "sig") == "sig":
            key = _read_key(entry)
            if key is not None:
                found[entry["kid"]] = key
    return found


def _read_key(entry: dict[str, object]) -> IssuerKey | None:
    if entry.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    try:
        public: object = jwt.PyJWK(entry).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    key = _for_its_algorithm(public)
    # A key that says what it is for is for nothing else.
    return key if key is not None and entry.get("alg", key.algorithm) == key.algorithm else None


def _for_its_algorithm(public: object) -> IssuerKey | None:
    if isinstance(public, RSAPublicKey) and public.key_size >= _RSA_BITS_MIN:
        return IssuerKey("RS256", public)
    if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
        return IssuerKey("ES256", public)
    return IssuerKey("EdDSA", public) if isinstance(public, Ed25519PublicKey) else None
