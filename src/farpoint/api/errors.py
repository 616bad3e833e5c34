"""Errors as ARM answers them: which code has which HTTP status, and the envelope."""

from http import HTTPStatus
from typing import Final

from attrs import asdict
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from farpoint.api.answers import RETRY_AFTER_SECONDS, json_answer
from farpoint.errors import Code, FarpointError, LimitError, RefusedError, ThrottledError, UnavailableError
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import present

_STATUS: Final = {
    Code.REQUEST_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.REQUEST_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    Code.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Code.AUTHENTICATION_FAILED: HTTPStatus.UNAUTHORIZED,
    Code.EXPIRED_TOKEN: HTTPStatus.UNAUTHORIZED,
    Code.INVALID_CLIENT: HTTPStatus.UNAUTHORIZED,
    Code.AUTHORIZATION_FAILED: HTTPStatus.FORBIDDEN,
    Code.LINKED_AUTHORIZATION_FAILED: HTTPStatus.FORBIDDEN,
    Code.ROLE_ASSIGNMENT_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.ROLE_ASSIGNMENT_EXISTS: HTTPStatus.CONFLICT,
    Code.ROLE_ASSIGNMENT_FIXED: HTTPStatus.CONFLICT,
    Code.ROLE_DEFINITION_MISSING: HTTPStatus.NOT_FOUND,
    Code.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.RESOURCE_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.RESOURCE_GROUP_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.SUBSCRIPTION_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.GROUP_BEING_DELETED: HTTPStatus.CONFLICT,
    Code.INVALID_RESOURCE_NAMESPACE: HTTPStatus.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.CONFLICT: HTTPStatus.CONFLICT,
    Code.PROPERTY_CHANGE_NOT_ALLOWED: HTTPStatus.CONFLICT,
    Code.OPERATION_NOT_ALLOWED: HTTPStatus.CONFLICT,
    Code.RESTORE_POINT_NOT_READY: HTTPStatus.CONFLICT,
    Code.VM_RESTORE_POINT_CLIENT: HTTPStatus.CONFLICT,
    Code.DISK_POINT_USED: HTTPStatus.CONFLICT,
    Code.BLOB_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.PERMISSION_MISMATCH: HTTPStatus.FORBIDDEN,
    Code.CONDITION_NOT_MET: HTTPStatus.PRECONDITION_FAILED,
    Code.SEQUENCE_CONDITION_NOT_MET: HTTPStatus.PRECONDITION_FAILED,
    Code.INVALID_RANGE: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    Code.INVALID_PAGE_RANGE: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    Code.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.PREVIOUS_SNAPSHOT_UNSUPPORTED: HTTPStatus.CONFLICT,
    Code.UNSUPPORTED_VERB: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.DISK_IN_USE: HTTPStatus.CONFLICT,
    Code.DISK_LOCKED: HTTPStatus.CONFLICT,
    Code.TARGET_NOT_EMPTY: HTTPStatus.CONFLICT,
    Code.KEY_UNAVAILABLE: HTTPStatus.CONFLICT,
    Code.OUT_OF_SPACE: HTTPStatus.INSUFFICIENT_STORAGE,
    Code.INTEGRITY: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
#: The codes of resources that Azure's gateway, not the provider, finds missing; clients of the gateway look at this header.
_GATEWAY_CODES: Final = frozenset({Code.RESOURCE_NOT_FOUND, Code.RESOURCE_GROUP_NOT_FOUND, Code.SUBSCRIPTION_NOT_FOUND})
_TOKEN_CODES: Final = frozenset({Code.AUTHENTICATION_FAILED, Code.EXPIRED_TOKEN})


def status_of(error: FarpointError) -> int:
    """Return the HTTP status of *error*: by its code, else by its class."""
    found = _STATUS.get(error.code)
    if found is not None:
        return int(found)
    if isinstance(error, UnavailableError):
        return int(HTTPStatus.SERVICE_UNAVAILABLE)
    return int(HTTPStatus.BAD_REQUEST if isinstance(error, RefusedError) else HTTPStatus.INTERNAL_SERVER_ERROR)


def envelope(error: FarpointError) -> JsonObject:
    """Return ARM's error document. The message carries place and hint, since most clients show nothing else."""
    place = {_camel(name): value for name, value in asdict(error.place).items() if value is not None}
    rule = error.rule if isinstance(error, LimitError) else None
    farpoint = present(rule=rule, hint=error.hint or None, **place)
    return {"error": present(code=error.code.value, message=str(error), target=error.target or None, farpoint=farpoint or None)}


def error_answer(error: FarpointError, *, challenge: str = "") -> Response:
    """Answer with *error*; *challenge* is the WWW-Authenticate header of a refused token."""
    status = status_of(error)
    headers = {}
    if error.code in _GATEWAY_CODES:
        headers["x-ms-failure-cause"] = "gateway"
    if error.code in _TOKEN_CODES and challenge:
        headers["WWW-Authenticate"] = challenge
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, (ThrottledError, LimitError)) and error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return json_answer(envelope(error), status=status, headers=headers)


def token_challenge(token_url: str) -> str:
    """Return the WWW-Authenticate header of a refused token; *token_url* is where its caller gets another."""
    return f'Bearer authorization_uri="{token_url}", error="invalid_token"'


def add_error_handlers(app: FastAPI, *, challenge: str) -> None:
    """Make *app* answer every refusal in ARM's envelope; *challenge* goes with the refusal of a token."""

    def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, FarpointError)
        return error_answer(error, challenge=challenge)

    def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            message = f"The resource does not support the method {request.method}."
            answer = error_answer(RefusedError(Code.METHOD_NOT_ALLOWED, message))
            answer.headers.update(error.headers or {})
            return answer
        hint = "See docs/arm-compatibility.md for the paths there are."
        return error_answer(RefusedError(Code.NOT_FOUND, f"There is nothing at {request.method} {request.url.path:.200}.", hint=hint))

    app.add_exception_handler(FarpointError, refused)
    app.add_exception_handler(HTTPException, unrouted)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
