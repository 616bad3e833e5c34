"""The OpenAPI document of the client API: FastAPI makes it from the routes; what holds for all of them is added here.

It says nothing about any resource, so it is served without a token, like the OpenID configuration.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from farpoint.api.described import JSON, reference
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import without

_API_VERSION: Final[JsonObject] = {
    "name": "api-version",
    "in": "query",
    "required": True,
    "schema": {
        "type": "string",
        "pattern": "^20(2[2-9]|[3-9][0-9])-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])(-preview)?$",
        "example": "2024-11-01",
    },
    "description": "A date; under Microsoft.Compute any since 2021-03-01.",
}
_PATH_NAME: Final[JsonObject] = {"type": "string", "minLength": 1, "maxLength": 90}
#: FastAPI's own words for what it assumes of a route and what of refusals; neither is so here.
_ASSUMED, _ASSUMED_REFUSAL = "Successful Response", "422"
_ASSUMED_CONTENT: Final[JsonObject] = {JSON: {"schema": {}}}
_TEXT: Final[JsonObject] = {"type": "string"}
_OBJECT: Final[JsonObject] = {"type": "object"}
_ERROR: Final[JsonObject] = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {"code": _TEXT, "message": _TEXT, "target": _TEXT, "farpoint": _OBJECT},
        }
    },
}
_OAUTH_ERROR: Final[JsonObject] = {
    "type": "object",
    "required": ["error", "error_description"],
    "additionalProperties": False,
    "properties": {"error": _TEXT, "error_description": _TEXT},
}
_SCHEMAS: Final[JsonObject] = {
    "Document": {"type": ["object", "array"]},
    "Resource": {"type": "object", "required": ["id"], "properties": {"id": _TEXT, "name": _TEXT, "properties": _OBJECT}},
    "ResourceList": {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": reference("Resource")}, "nextLink": _TEXT},
    },
    "Operation": {
        "type": "object",
        "properties": {"status": {"enum": ["InProgress", "Succeeded", "Failed"]}, "name": _TEXT, "error": _OBJECT, "id": _TEXT},
    },
    "Error": _ERROR,
    "OAuthError": _OAUTH_ERROR,
}
_TOKENS: Final = "token"
#: Of this document's own shape; the API's versions are dates.
_VERSION: Final = "1"

#: How the paths begin that need no token.
_OPEN: Final = ("/{tenant}/", "/metadata/", "/openapi.json")
_NAME: Final = re.compile(r"\{(\w+)\}")

Operation = dict[str, object]


def openapi_document(app: FastAPI, *, endpoint: str) -> dict[str, object]:
    """Return the document of *app*, which is reached at *endpoint*."""
    document: dict[str, object] = get_openapi(
        title="Farpoint",
        version=_VERSION,
        description="Microsoft.Compute's restore points with cross-region copy. Words of a path may be written in any case.",
        routes=app.routes,
        servers=[{"url": endpoint}],
    )
    schemas: dict[str, object] = dict(_SCHEMAS)
    for path, operation in _operations(document):
        _complete(operation, names=_NAME.findall(path), by_token=not path.startswith(_OPEN))
        for name, schema in _taken_schemas(operation).items():
            assert schemas.setdefault(name, schema) == schema, f"two schemas are called {name}"
    document["components"] = {
        "schemas": schemas,
        "securitySchemes": {_TOKENS: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    }
    return document


def _operations(document: dict[str, object]) -> Iterator[tuple[str, Operation]]:
    for path, methods in cast("dict[str, dict[str, Operation]]", document["paths"]).items():
        for operation in methods.values():
            yield path, operation


def _complete(operation: Operation, *, names: Sequence[str], by_token: bool) -> None:
    """Add what every route has: the *names* in its path, who may ask, which version, how it refuses."""
    answers = cast("dict[str, JsonObject]", operation["responses"])
    answers.pop(_ASSUMED_REFUSAL, None)
    if len(answers) > 1 and answers["200"]["description"] == _ASSUMED:
        del answers["200"]
    for status, answer in answers.items():
        answers[status] = without(answer, "content") if answer.get("content") == _ASSUMED_CONTENT else answer
    refused: JsonObject = reference("Error") if by_token else {"anyOf": [reference("Error"), reference("OAuthError")]}
    for statuses, words in (("4XX", "Refused; nothing was started"), ("5XX", "Not possible now; nothing was started")):
        answers[statuses] = {"description": words, "content": {JSON: {"schema": refused}}}
    # FastAPI knows those names only that a handler takes by itself.
    parameters: list[JsonObject] = [{"name": name, "in": "path", "required": True, "schema": _PATH_NAME} for name in names]
    parameters += [parameter for parameter in cast("list[JsonObject]", operation.get("parameters", [])) if parameter["in"] == "query"]
    if by_token:
        operation["security"] = [{_TOKENS: []}]
        parameters.append(_API_VERSION)
    operation["parameters"] = parameters


def _taken_schemas(operation: Operation) -> dict[str, object]:
    """Take a body's schemas out of *operation*, which refers to them from there on."""
    body = cast("dict[str, dict[str, dict[str, dict[str, object]]]] | None", operation.get("requestBody"))
    if body is None or JSON not in body["content"]:
        return {}
    whole = body["content"][JSON]["schema"]
    inner = cast("dict[str, object]", whole.pop("$defs", {}))
    name = str(whole["title"])
    body["content"][JSON]["schema"] = dict(reference(name))
    return {name: whole, **{f"{name}.{part}": schema for part, schema in inner.items()}}
