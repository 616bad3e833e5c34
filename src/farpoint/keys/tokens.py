"""Bearer tokens and assertions: Ed25519-signed JWTs. Any region issues them, every region that pinned its key accepts them."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import jwt
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from farpoint.clock import Clock
from farpoint.errors import Code, RefusedError
from farpoint.keys.signing import Signer

if TYPE_CHECKING:
    from jwt.types import Options

TOKEN_SECONDS: Final = 3600
#: An assertion accompanies one request; a minute covers slow links and small clock differences.
ASSERTION_SECONDS: Final = 60
#: Clocks of regions may differ this much.
LEEWAY_SECONDS: Final = 30
_ALGORITHM = "EdDSA"
#: What an assertion says it is from; regions know each other by id.
_REGION = "urn:farpoint:region:"
_ACCESS, _ASSERTION = "access", "assertion"

#: Finds the raw public token key of a region by its GUID text; None when that region is unknown.
KeyLookup = Callable[[str], bytes | None]


@frozen(kw_only=True)
class TokenClaims:
    """What a checked token says."""

    client_id: str
    tenant_id: str
    #: GUID of the region that issued it.
    region_id: str
    #: The operation an assertion speaks for; empty on access tokens.
    operation: str = ""

    @property
    def client_name(self) -> str:
        """What people call the client: by its id."""
        return self.client_id


@frozen(kw_only=True)
class TokenIssuer:
    """Issues tokens in the name of one region."""

    signer: Signer
    region_id: str
    tenant_id: str
    #: Base URL of the region's client API.
    endpoint: str
    clock: Clock

    @property
    def name(self) -> str:
        """What its access tokens say they are from, and its discovery document is about: the tenant at this region's endpoint."""
        return f"{self.endpoint}/{self.tenant_id}/v2.0"

    def issue(self, client_id: str, *, resource: str = "") -> tuple[str, int]:
        """Return (access token, seconds until it expires): for *resource*, if any, and for the tenant, so for every region."""
        audience = [resource, self.tenant_id] if resource else [self.tenant_id]
        return self._sign(client_id, {"iss": self.name, "aud": audience, "use": _ACCESS}, seconds=TOKEN_SECONDS), TOKEN_SECONDS

    def assertion(self, client_id: str, *, operation: str, audience_region: str) -> str:
        """Return a short-lived statement to another region: this operation runs on behalf of *client_id*."""
        claims = {"iss": _REGION + self.region_id, "aud": audience_region, "use": _ASSERTION, "op": operation}
        return self._sign(client_id, claims, seconds=ASSERTION_SECONDS)

    def _sign(self, client_id: str, claims: Mapping[str, object], *, seconds: int) -> str:
        now = self.clock.now()
        common = {
            "sub": client_id,
            "oid": client_id,
            "appid": client_id,
            "tid": self.tenant_id,
            "iat": int(now.timestamp()),
            "exp": int((now + dt.timedelta(seconds=seconds)).timestamp()),
        }
        return jwt.encode({**claims, **common}, self.signer.private, algorithm=_ALGORITHM, headers={"kid": self.region_id})


@frozen(kw_only=True)
class TokenVerifier:
    """Checks tokens of this region and of its peers."""

    tenant_id: str
    clock: Clock
    key_of: KeyLookup
    #: Tells whether a client is still known; its tokens end with it.
    knows_client: Callable[[str], bool]

    def verify(self, token: str) -> TokenClaims:
        """Check an access token. Raises RefusedError: EXPIRED_TOKEN, else AUTHENTICATION_FAILED."""
        claims = self._check(token, use=_ACCESS, audience=self.tenant_id)
        if not self.knows_client(claims.client_id):
            raise _refused("it is of a client that is not known here")
        return claims

    def verify_assertion(self, token: str, *, region_id: str, own_region_id: str, operation: str) -> TokenClaims:
        """Check that *region_id* says it asks for *operation* on behalf of somebody; what they may do is another question."""
        claims = self._check(token, use=_ASSERTION, audience=own_region_id)
        if claims.region_id != region_id or claims.operation != operation:
            raise RefusedError(Code.AUTHORIZATION_FAILED, "the assertion was made by another region or for another operation")
        return claims

    def _check(self, token: str, *, use: str, audience: str) -> TokenClaims:
        region, claims = self._decode(token, audience)
        expires = claims["exp"]
        if not isinstance(expires, int):
            raise _refused("it does not say when it expires")
        if self.clock.now().timestamp() > expires + LEEWAY_SECONDS:
            raise RefusedError(Code.EXPIRED_TOKEN, "the access token has expired", hint="Get a new token and repeat the request.")
        if claims.get("use") != use or claims.get("tid") != self.tenant_id:
            raise _refused("it is of another kind or tenant")
        return TokenClaims(
            client_id=str(claims["sub"]),
            tenant_id=self.tenant_id,
            region_id=region,
            operation=str(claims.get("op", "")),
        )

    def _decode(self, token: str, audience: str) -> tuple[str, Mapping[str, object]]:
        """Return the region that issued *token*, and what it says. The key proves the region; what ``iss`` calls it others may read."""
        try:
            region = str(jwt.get_unverified_header(token).get("kid", ""))
            key = self.key_of(region)
            if key is None:
                raise _refused("it was issued by a region that is not known here")
            # Expiry is checked against the injected clock, not the machine's.
            options: Options = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iss", "sub", "aud"]}
            public = Ed25519PublicKey.from_public_bytes(key)
            return region, jwt.decode(token, public, algorithms=[_ALGORITHM], audience=audience, options=options)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise _refused("it is malformed or its signature does not match") from error


def _refused(why: str) -> RefusedError:
    return RefusedError(Code.AUTHENTICATION_FAILED, f"the access token is not accepted: {why}", hint="Get a new token from this region.")
