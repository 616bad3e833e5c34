"""The OpenAPI document names every route with its body, its answers and its refusals, and is what is served."""

import inspect
import json
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute, APIRouter
from tests.integration.api.arm_client import Arm

from farpoint.api import app as app_module
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import object_at

ROUTERS = app_module._ARM_ROUTERS + app_module._OPEN_ROUTERS  # noqa: SLF001 - what is served is what must be documented


def routes() -> Iterator[tuple[str, APIRoute]]:
    for router in ROUTERS:
        assert isinstance(router, APIRouter)
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield method.lower(), route


def cases() -> list[object]:
    return [pytest.param(method, route, id=f"{method} {route.path}") for method, route in routes()]


@pytest.fixture
def document(east: Arm) -> JsonObject:
    answer = east.send("GET", "/openapi.json", headers={"Authorization": ""}, version=None)
    assert answer.status_code == 200
    served: JsonObject = json.loads(answer.text)
    return served


@pytest.mark.parametrize(("method", "route"), cases())
def test_every_route_is_in_it_with_its_body_and_its_answers(document: JsonObject, method: str, route: APIRoute) -> None:
    operation = object_at(document, "paths", route.path_format, method)
    answers = object_at(operation, "responses")
    assert [status for status in answers if status.startswith("2")]
    assert "Successful Response" not in str(answers), "say what it answers: openapi_extra=described(…)"
    assert {"4XX", "5XX"} <= set(answers)
    assert ("requestBody" in operation) == ("body" in inspect.signature(route.endpoint).parameters), "body=Schema"
    if route.path.startswith("/subscriptions"):
        assert "api-version" in str(operation["parameters"])
        assert operation["security"] == [{"token": []}]


def test_every_reference_in_it_leads_somewhere(document: JsonObject) -> None:
    schemas = object_at(document, "components", "schemas")
    text = json.dumps(document)
    named = {part.partition('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
    assert named <= set(schemas)
    assert text.count('"$ref"') == text.count('"$ref": "#/components/schemas/')
    assert "$defs" not in text


def test_every_name_in_a_path_is_a_parameter(document: JsonObject) -> None:
    for path, methods in object_at(document, "paths").items():
        assert isinstance(methods, dict)
        for operation in methods.values():
            names = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"]
            assert all(f"{{{name}}}" in path for name in names)
            assert len(names) == path.count("{")


def test_it_leads_to_the_region_that_serves_it(document: JsonObject) -> None:
    assert document["servers"] == [{"url": "https://eastus.test:8443"}]
