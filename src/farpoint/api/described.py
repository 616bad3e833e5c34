"""What a route's entry in the OpenAPI document says beside its path: its body, what it answers, what may be asked of it in the query."""

from enum import Enum
from http import HTTPStatus
from typing import Final, TypedDict

from pydantic import BaseModel

from farpoint.model.documents import JsonObject

_SCHEMAS: Final = "#/components/schemas/"
#: The media type of all documents.
JSON: Final = "application/json"


class Shown(Enum):
    """What an answer has in it; the values are the names of schemas of the document."""

    RESOURCE = "Resource"
    LIST = "ResourceList"
    OPERATION = "Operation"
    ANYTHING = "Document"
    NOTHING = ""


class Facts(TypedDict):
    """What FastAPI is to merge into the entry; it takes it as openapi_extra."""

    responses: dict[str, JsonObject]
    parameters: list[JsonObject]


class FactsWithBody(Facts, total=False):
    """Facts of a route that reads a body."""

    requestBody: JsonObject


def _text(name: str, schema: JsonObject) -> JsonObject:
    return {"name": name, "in": "query", "required": False, "schema": schema}


#: What may be asked of a list that comes in pages, and of one that can be filtered too.
PAGED: Final = (_text("$top", {"type": "integer", "minimum": 1}), _text("$skiptoken", {"type": "string"}))
FILTER: Final = _text("$filter", {"type": "string"})
FILTERED: Final = (*PAGED, FILTER)


def described(
    *statuses: int, shows: Shown = Shown.RESOURCE, body: type[BaseModel] | None = None, query: tuple[JsonObject, ...] = ()
) -> dict[str, object]:
    """Return a route's openapi_extra: the *statuses* of success, what they show, the schema of its body, what its query may say."""
    facts: FactsWithBody = {"responses": {str(status): _answer(status, shows) for status in statuses}, "parameters": list(query)}
    if body is not None:
        facts["requestBody"] = {"required": True, "content": {JSON: {"schema": _schema_of(body)}}}
    return dict(facts)


def expand(word: str) -> JsonObject:
    """Return the query parameter that asks for more."""
    return _text("$expand", {"type": "string", "enum": [word]})


def flag(name: str) -> JsonObject:
    """Return a query parameter that is true or false."""
    return _text(name, {"type": "string", "enum": ["true", "false"]})


def reference(name: str) -> JsonObject:
    """Refer to a schema of the document."""
    return {"$ref": f"{_SCHEMAS}{name}"}


def _answer(status: int, shows: Shown) -> JsonObject:
    answer: dict[str, JsonObject | str] = {"description": HTTPStatus(status).phrase}
    if shows is not Shown.NOTHING and status != HTTPStatus.NO_CONTENT:
        answer["content"] = {JSON: {"schema": reference(shows.value)}}
    return answer


def _schema_of(body: type[BaseModel]) -> JsonObject:
    # Parts of bodies are named within their body: many have properties.
    schema: JsonObject = body.model_json_schema(ref_template=f"{_SCHEMAS}{body.__name__}.{{model}}")
    return schema
