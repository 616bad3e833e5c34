"""Who asks, in which API version, about which subscription: checked for every ARM request before anything else is read."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Final, Protocol

from attrs import frozen
from fastapi import Depends
from starlette.requests import Request

from farpoint.api.settling import READING
from farpoint.errors import Code, RefusedError
from farpoint.services.context import RegionContext
from farpoint.services.refusals import invalid

_VERSION: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(-[a-z]+)?")
_OLDEST: Final = "2021-03-01"
_SCHEME: Final = "bearer"
#: Key in the state of a request.
_CALLER: Final = "farpoint.caller"
_COMPUTE: Final = "/providers/microsoft.compute/"
#: Clients register a provider with a version of 2016.
_REGISTRATION: Final = f"{_COMPUTE}register"


class Claims(Protocol):
    """What a checked token says."""

    @property
    def client_id(self) -> str:
        """The client on whose behalf work is done."""
        ...


class TokenVerifier(Protocol):
    """Checks access tokens; keys.tokens.TokenVerifier is one."""

    def verify(self, token: str) -> Claims:
        """Check *token*. Raises RefusedError: EXPIRED_TOKEN, else AUTHENTICATION_FAILED."""
        ...


@frozen(kw_only=True)
class Caller:
    """One authenticated request."""

    context: RegionContext
    #: Client id of the token.
    principal: str
    #: As the caller sent it; it is echoed in operation URLs.
    api_version: str
    #: Query parameters by lower-case name.
    query: Mapping[str, str]
    #: Path of the request, decoded, its fixed words in lower case.
    path: str

    @property
    def subscription(self) -> str:
        """The one subscription there is."""
        return self.context.subscription_id

    def expands(self, word: str) -> bool:
        """Tell whether ``$expand`` asks for *word*; refuse any other expansion."""
        asked = self.query.get("$expand")
        if asked is None:
            return False
        if asked.lower() != word.lower():
            raise invalid("$expand", f"'{asked}' cannot be expanded here.", hint=f"Ask for $expand={word}.")
        return True


def authenticate(request: Request) -> Caller:
    """Check who asks, once for each request; refuse a write here that could not be acknowledged."""
    known = request.scope.get("state", {}).get(_CALLER)
    caller = known if isinstance(known, Caller) else identify(request)
    if request.method not in READING:
        caller.context.catalogue.refuse_when_stuck()
    return caller


def identify(request: Request) -> Caller:
    """Check token, API version and subscription, in this order."""
    context: RegionContext = request.app.state.context
    verifier: TokenVerifier = request.app.state.verifier
    claims = verifier.verify(_bearer_token(request))
    query = {name.lower(): value for name, value in request.query_params.items()}
    version = _check_version(query.get("api-version"), oldest=_OLDEST if _is_of_compute(request) else "")
    _check_subscription(context, request.path_params.get("subscription"))
    return Caller(context=context, principal=claims.client_id, api_version=version, query=query, path=request.scope["path"])


def remember_caller(request: Request, caller: Caller) -> Caller:
    """Keep who asks with the request, so that it is not checked again further in."""
    request.scope["state"][_CALLER] = caller
    return caller


ArmCaller = Annotated[Caller, Depends(authenticate)]


def _bearer_token(request: Request) -> str:
    header = request.headers.get("authorization")
    if header is None:
        hint = "Get a token from the token endpoint and send it as 'Authorization: Bearer TOKEN'."
        raise RefusedError(Code.AUTHENTICATION_FAILED, "Authentication failed. The 'Authorization' header is missing.", hint=hint)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        hint = "Send 'Authorization: Bearer TOKEN'."
        raise RefusedError(
            Code.AUTHENTICATION_FAILED, "Authentication failed. The 'Authorization' header is not a bearer token.", hint=hint
        )
    return token.strip()


def _is_of_compute(request: Request) -> bool:
    path = request.url.path.lower()
    return _COMPUTE in path and not path.endswith(_REGISTRATION)


def _check_version(version: str | None, *, oldest: str) -> str:
    if not version:
        hint = f"Add ?api-version=YYYY-MM-DD; any version since {_OLDEST} is accepted."
        raise RefusedError(Code.MISSING_API_VERSION, "The api-version query parameter (?api-version=) is required.", hint=hint)
    matched = _VERSION.fullmatch(version)
    if matched is None or not _is_date(matched[1]):
        hint = f"Versions are dates, YYYY-MM-DD or YYYY-MM-DD-preview, since {_OLDEST}."
        raise RefusedError(Code.INVALID_API_VERSION, f"The api-version '{version:.50}' is invalid.", hint=hint)
    if matched[1] < oldest:
        raise RefusedError(
            Code.BAD_REQUEST,
            f"This request can be made with api-version '{oldest}' or newer, not '{version}'.",
            hint="Ask again with a newer one.",
        )
    return version


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_subscription(context: RegionContext, subscription: str | None) -> None:
    if subscription is not None and subscription.lower() != context.subscription_id.lower():
        hint = f"This region serves subscription {context.subscription_id}."
        raise RefusedError(Code.SUBSCRIPTION_NOT_FOUND, f"The subscription '{subscription:.100}' could not be found.", hint=hint)
