"""Who asks, how often, in which API version, and whether they may: checked for every ARM request before anything else is read.

This is the one place where requests are authorised. By method and path here (authenticate); what a body refers to when it has been
read (authorise_body, which every router of the app depends on).
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Final, Protocol

from attrs import frozen
from fastapi import Depends
from starlette.requests import Request

from farpoint.api.activity_log import note_principal
from farpoint.api.body import Body
from farpoint.api.links import require_links
from farpoint.api.methods import READING
from farpoint.errors import Code, RefusedError
from farpoint.model import limits
from farpoint.model.actions import Need, Requested, requested
from farpoint.services.authority import Authority, Principal
from farpoint.services.context import RegionContext
from farpoint.services.refusals import invalid

_VERSION: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(-[a-z]+)?")
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
        """Object id of the client on whose behalf work is done."""
        ...

    @property
    def client_name(self) -> str:
        """What people call it."""
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
    #: Object id of whoever the token speaks for.
    principal: str
    authority: Authority
    #: What this request does.
    asked: Requested
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

    def may_read(self, arm_id: str) -> bool:
        """Tell whether what this list asks for may be read at the resource *arm_id*."""
        return self.asked.need is not Need.BELOW or self.authority.allows(self.asked.action, arm_id)

    def require(self, method: str, path: str) -> None:
        """Refuse what the caller could not do by a request of its own: *method* on *path*."""
        self.authority.require(requested(method, path))

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
    """Check token, rate, API version, subscription and authority, in this order."""
    context: RegionContext = request.app.state.context
    principal = _verified(request)
    request.app.state.throttles.admit(principal.id, request.method)
    query = {name.lower(): value for name, value in request.query_params.items()}
    path: str = request.scope["path"]
    is_bound = _is_of_compute(path) and context.limits.enforces(limits.API_VERSION_MIN)
    version = _check_version(query.get("api-version"), oldest=limits.API_VERSION_MIN_DATE if is_bound else "")
    _check_subscription(context, path)
    asked, authority = requested(request.method, path), context.authorities.of(principal)
    authority.require(asked)
    return Caller(context=context, principal=principal.id, authority=authority, asked=asked, api_version=version, query=query, path=path)


def remember_caller(request: Request, caller: Caller) -> Caller:
    """Keep who asks with the request, so that it is not checked again further in."""
    request.scope["state"][_CALLER] = caller
    return caller


ArmCaller = Annotated[Caller, Depends(authenticate)]


def authorise_body(caller: ArmCaller, body: Body) -> None:
    """Check what the body refers to."""
    require_links(caller.authority, caller.asked, body)


def address_of(request: Request) -> str:
    """Return the address a request came from."""
    return "" if request.client is None else request.client.host


def _verified(request: Request) -> Principal:
    """Return who the token speaks for; one that was never good counts against the address it came from."""
    verifier: TokenVerifier = request.app.state.verifier
    try:
        claims = verifier.verify(_bearer_token(request))
    except RefusedError as error:
        if error.code is Code.EXPIRED_TOKEN:
            raise
        raise request.app.state.throttles.failed(address_of(request), error) from error
    principal = Principal(id=claims.client_id, name=claims.client_name)
    note_principal(request.scope, principal)
    return principal


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


def _is_of_compute(path: str) -> bool:
    lower = path.lower()
    return _COMPUTE in lower and not lower.endswith(_REGISTRATION)


def _check_version(version: str | None, *, oldest: str) -> str:
    if not version:
        hint = f"Add ?api-version=YYYY-MM-DD; any version since {limits.API_VERSION_MIN_DATE} is accepted."
        raise RefusedError(Code.MISSING_API_VERSION, "The api-version query parameter (?api-version=) is required.", hint=hint)
    matched = _VERSION.fullmatch(version)
    if matched is None or not _is_date(matched[1]):
        hint = f"Versions are dates, YYYY-MM-DD or YYYY-MM-DD-preview, since {limits.API_VERSION_MIN_DATE}."
        raise RefusedError(Code.INVALID_API_VERSION, f"The api-version '{version:.50}' is invalid.", hint=hint)
    if matched[1] < oldest:
        raise limits.API_VERSION_MIN.refusal(oldest=oldest, version=version)
    return version


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_subscription(context: RegionContext, path: str) -> None:
    first, _, rest = path.lstrip("/").partition("/")
    subscription = rest.partition("/")[0]
    if first == "subscriptions" and subscription and subscription.lower() != context.subscription_id.lower():
        hint = f"This region serves subscription {context.subscription_id}."
        raise RefusedError(Code.SUBSCRIPTION_NOT_FOUND, f"The subscription '{subscription:.100}' could not be found.", hint=hint)
