"""Access tokens of external OpenID issuers, beside those that regions issue themselves.

A token's ``iss`` says whose it is; then everything must fit: its key is one the issuer publishes, its algorithm is the one that this
key is for and one that is accepted of this issuer, its audience and times are right. It only says who somebody is: what they may do
is what is assigned to them.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

import jwt
from attrs import frozen

from farpoint.clock import Clock
from farpoint.errors import Code, RefusedError
from farpoint.keys.key_sets import KeySet
from farpoint.keys.tokens import LEEWAY_SECONDS, TokenClaims

if TYPE_CHECKING:
    from jwt.types import Options

#: A token is a few KiB at most.
_TOKEN_BYTES_MAX: Final = 16 * 1024
_NAME_LENGTH_MAX: Final = 256
#: Claims that name a principal, the first that is there; and how people call it.
_PRINCIPAL_CLAIMS: Final = ("oid", "sub", "appid")
_NAME_CLAIMS: Final = ("appid", "azp", "preferred_username", "upn", "email")


@frozen(kw_only=True)
class ExternalClaims:
    """What a checked token of an external issuer says."""

    client_id: str
    client_name: str


class CheckedClaims(Protocol):
    """What every checked token says."""

    @property
    def client_id(self) -> str:
        """Object id of whoever it speaks for."""
        ...

    @property
    def client_name(self) -> str:
        """What people call it."""
        ...


class OwnTokens(Protocol):
    """Checks tokens that regions issued; farpoint.keys.tokens.TokenVerifier does."""

    def verify(self, token: str) -> TokenClaims:
        """Check *token*."""
        ...


@frozen(kw_only=True)
class ExternalIssuer:
    """One issuer that is accepted."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    keys: KeySet


@frozen(kw_only=True)
class AnyTokens:
    """Checks a token, whoever issued it."""

    own: OwnTokens
    issuers: Mapping[str, ExternalIssuer]
    clock: Clock
    #: Tells whether an id is that of a configured client: no issuer may speak for one.
    is_client: Callable[[str], bool]

    def verify(self, token: str) -> CheckedClaims:
        """Check an access token. Raises RefusedError: EXPIRED_TOKEN, else AUTHENTICATION_FAILED; UnavailableError without keys."""
        issuer = self.issuers.get(_issuer_of(token)) if self.issuers else None
        return self.own.verify(token) if issuer is None else self._verify(issuer, token)

    def _verify(self, issuer: ExternalIssuer, token: str) -> ExternalClaims:
        claims = _decode(issuer, token)
        now = self.clock.now()
        expires, begins = _moment(claims, "exp"), _moment(claims, "nbf")
        if expires is None:
            raise _refused("it does not say when it expires")
        if now > expires + dt.timedelta(seconds=LEEWAY_SECONDS):
            raise RefusedError(Code.EXPIRED_TOKEN, "the access token has expired", hint="Get a new token and repeat the request.")
        if begins is not None and now < begins - dt.timedelta(seconds=LEEWAY_SECONDS):
            raise _refused("it is not valid yet")
        principal = _first(claims, _PRINCIPAL_CLAIMS)
        if not principal:
            raise _refused("it does not say whom it is about (oid, sub or appid)")
        if self.is_client(principal):
            raise _refused("it claims to be a client of this region's own issuer")
        return ExternalClaims(client_id=principal, client_name=_first(claims, _NAME_CLAIMS) or principal)


def _issuer_of(token: str) -> str:
    """Return whose token it says it is; nothing of it is trusted yet."""
    if len(token) > _TOKEN_BYTES_MAX:
        raise _refused("it is too long")
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError):
        return ""
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""


def _decode(issuer: ExternalIssuer, token: str) -> Mapping[str, object]:
    try:
        header = jwt.get_unverified_header(token)
        key = issuer.keys.find(str(header.get("kid", "")))
        if key is None:
            raise _refused("its key is none of its issuer's")
        if key.algorithm not in issuer.algorithms or header.get("alg") != key.algorithm:
            raise _refused("its signature is of a kind that is not accepted of its issuer")
        # Times are checked against the injected clock, not the machine's.
        options: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iss", "aud"]}
        return dict(
            jwt.decode(token, key.public, algorithms=[key.algorithm], audience=issuer.audience, issuer=issuer.issuer, options=options)
        )
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise _refused("it is malformed, for another audience, or its signature does not match") from error


def _moment(claims: Mapping[str, object], name: str) -> dt.datetime | None:
    seconds = claims.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise _refused(f"its '{name}' is no time")
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _refused(f"its '{name}' is no time") from error


def _first(claims: Mapping[str, object], names: tuple[str, ...]) -> str:
    for name in names:
        value = claims.get(name)
        if isinstance(value, str) and 0 < len(value) <= _NAME_LENGTH_MAX:
            return value
    return ""


def _refused(why: str) -> RefusedError:
    return RefusedError(Code.AUTHENTICATION_FAILED, f"the access token is not accepted: {why}", hint="Get a new token from its issuer.")
