"""The OpenAPI document."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from farpoint.api.answers import json_answer
from farpoint.api.described import Shown, described
from farpoint.api.paths import DOCUMENT
from farpoint.model.documents import JsonObject

router = APIRouter()


@router.get(DOCUMENT, openapi_extra=described(200, shows=Shown.ANYTHING))
def get_document(request: Request) -> Response:
    """Describe every path of this API."""
    document: Callable[[], JsonObject] = request.app.state.document
    return json_answer(document())
