"""Logging in: the token endpoint, OpenID discovery and the cloud's metadata. The only answers given without a token."""

import base64
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from farpoint.api.answers import json_answer
from farpoint.api.audiences import UnknownAudience, audience_of
from farpoint.api.body import RawBody
from farpoint.api.caller import address_of
from farpoint.api.described import Shown, described
from farpoint.api.paths import CLOUD, KEYS, OPENID, TOKEN
from farpoint.api.throttles import Throttles
from farpoint.errors import Code, RefusedError, ThrottledError
from farpoint.model.documents import JsonObject, JsonValue
from farpoint.services.context import RegionContext

router = APIRouter()
_GRANT: Final = "client_credentials"
#: Of every region's tokens.
_ALGORITHM: Final = "EdDSA"
#: A form has about eight fields; more is not one.
_FIELDS_MAX: Final = 32
#: From this version on the metadata is one object; before it, a list.
_OBJECT_VERSION: Final = "2020"
_METADATA_VERSION: Final[JsonObject] = {"name": "api-version", "in": "query", "required": False, "schema": {"type": "string"}}
_FIELD: Final[JsonObject] = {"type": "string"}
_FORM: Final[JsonObject] = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"const": _GRANT},
                    "client_id": _FIELD,
                    "client_secret": _FIELD,
                    "scope": _FIELD,
                    "resource": _FIELD,
                },
            }
        }
    },
}


class ClientDirectory(Protocol):
    """The clients of the region; keys.clients.ClientSecrets is one."""

    def check(self, client_id: str, secret: str) -> bool:
        """Tell whether *secret* is the client's."""
        ...


class TokenIssuer(Protocol):
    """Makes access tokens; keys.tokens.TokenIssuer is one."""

    @property
    def name(self) -> str:
        """What its access tokens say they are from."""
        ...

    def issue(self, client_id: str, *, resource: str = "") -> tuple[str, int]:
        """Return (access token for *resource*, seconds until it expires)."""
        ...


@router.post(f"/{{tenant}}/{TOKEN}", openapi_extra=described(200, shows=Shown.ANYTHING) | {"requestBody": _FORM})
def issue_token(request: Request, tenant: str, body: RawBody) -> Response:
    """Exchange a client's id and secret, in the form or as Basic authorisation, for an access token."""
    context: RegionContext = request.app.state.context
    directory: ClientDirectory = request.app.state.clients
    issuer: TokenIssuer = request.app.state.issuer
    if tenant.lower() != context.tenant_id.lower():
        return _unknown_tenant(context, tenant, code="invalid_request")
    try:
        form = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return _refused(400, "invalid_request", "AADSTS900144: The request body is not an application/x-www-form-urlencoded form.")
    grant = form.get("grant_type", [""])[0]
    if grant != _GRANT:
        return _refused(400, "unsupported_grant_type", f"AADSTS70003: The grant type '{grant:.50}' is not supported; use {_GRANT}.")
    client, secret = _basic(request.headers.get("authorization", "")) or (
        form.get("client_id", [""])[0],
        form.get("client_secret", [""])[0],
    )
    throttles: Throttles = request.app.state.throttles
    throttles.refuse_guesser(address_of(request))
    if not directory.check(client, secret):
        message = "AADSTS7000215: Invalid client secret provided, or the client is not known here."
        refusal = throttles.failed(address_of(request), RefusedError(Code.INVALID_CLIENT, message))
        if isinstance(refusal, ThrottledError):
            raise refusal
        return _refused(401, "invalid_client", message)
    audience = audience_of(context, form)
    if isinstance(audience, UnknownAudience):
        return _refused(400, audience.error, audience.description)
    token, seconds = issuer.issue(client.lower(), resource=audience)
    answer: JsonObject = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
    return json_answer(answer, headers={"Cache-Control": "no-store"})


@router.get(f"/{{tenant}}/{OPENID}", openapi_extra=described(200, shows=Shown.ANYTHING))
def openid_configuration(request: Request, tenant: str) -> Response:
    """Tell where the token endpoint is."""
    context: RegionContext = request.app.state.context
    if tenant.lower() != context.tenant_id.lower():
        return _unknown_tenant(context, tenant, code="invalid_tenant")
    issuer: TokenIssuer = request.app.state.issuer
    authority = f"{context.endpoint}/{context.tenant_id}"
    return json_answer(
        {
            "token_endpoint": f"{authority}/{TOKEN}",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "issuer": issuer.name,
            "jwks_uri": f"{authority}/{KEYS}",
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "grant_types_supported": [_GRANT],
            "response_types_supported": ["token"],
            "tenant_region_scope": context.name,
        }
    )


@router.get(f"/{{tenant}}/{KEYS}", openapi_extra=described(200, shows=Shown.ANYTHING))
def signing_keys(request: Request, tenant: str) -> Response:
    """List the keys that tokens of this region and of its peers are signed with (RFC 7517, RFC 8037)."""
    context: RegionContext = request.app.state.context
    if tenant.lower() != context.tenant_id.lower():
        return _unknown_tenant(context, tenant, code="invalid_tenant")
    keys: Mapping[str, bytes] = request.app.state.public_keys()
    return json_answer({"keys": [_key(region, public) for region, public in keys.items()]})


@router.get(CLOUD, openapi_extra=described(200, shows=Shown.ANYTHING, query=(_METADATA_VERSION,)))
def cloud_metadata(request: Request) -> Response:
    """Describe this region as a cloud: an object for current clients, a list of one for versions before 2020."""
    context: RegionContext = request.app.state.context
    version = request.query_params.get("api-version", "")
    cloud = _cloud(context)
    return json_answer(cloud) if not version or version >= _OBJECT_VERSION else _list_answer(cloud)


def _key(region: str, public: bytes) -> JsonObject:
    text = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": _ALGORITHM, "kid": region, "x": text}


def _cloud(context: RegionContext) -> JsonObject:
    endpoint = context.endpoint
    authentication: JsonValue = {
        "loginEndpoint": endpoint,
        "audiences": [endpoint],
        "tenant": context.tenant_id,
        "identityProvider": "AAD",
    }
    return {
        "name": f"Farpoint-{context.name}",
        "resourceManager": endpoint,
        "authentication": authentication,
        "portal": endpoint,
        "graph": endpoint,
        # There is no Graph; az only lists role assignments when it has an address for one, and calls it only to show names.
        "microsoftGraphResourceId": endpoint,
        "graphAudience": endpoint,
        "gallery": endpoint,
        "vmImageAliasDoc": endpoint,
        "suffixes": {},
    }


def _list_answer(cloud: JsonObject) -> Response:
    # A bare list is not one of our documents, so it is written by hand around one.
    one = bytes(json_answer(cloud).body)
    return Response(b"[" + one + b"]", media_type="application/json; charset=utf-8")


def _basic(header: str) -> tuple[str, str] | None:
    """Return client and secret of a Basic authorisation, None when it is none; both are form-encoded in it (RFC 6749 §2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


def _unknown_tenant(context: RegionContext, tenant: str, *, code: str) -> Response:
    message = f"AADSTS90002: Tenant '{tenant:.100}' not found. This region's tenant is {context.tenant_id}."
    return _refused(400, code, message)


def _refused(status: int, code: str, description: str) -> Response:
    return json_answer({"error": code, "error_description": description}, status=status)
