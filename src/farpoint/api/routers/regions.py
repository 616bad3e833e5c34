"""Regions: this one, and how its peers look from here."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import json_answer, list_answer
from farpoint.api.caller import ArmCaller
from farpoint.api.described import Shown, described
from farpoint.api.paths import REGIONS
from farpoint.api.views.regions import region_view
from farpoint.errors import Code, RefusedError
from farpoint.services.regions import describe_region

router = APIRouter()


@router.get(REGIONS, openapi_extra=described(200, shows=Shown.LIST))
def list_regions(caller: ArmCaller) -> Response:
    """List the region that answers, with its peers."""
    return list_answer(caller, [region_view(describe_region(caller.context), subscription=caller.subscription)])


@router.get(f"{REGIONS}/{{region}}", openapi_extra=described(200))
def get_region(caller: ArmCaller, region: str) -> Response:
    """Show the region that answers."""
    if not caller.context.serves(region):
        hint = "Each region describes itself; ask its own endpoint."
        raise RefusedError(Code.RESOURCE_NOT_FOUND, f"This endpoint serves region '{caller.context.name}', not '{region:.90}'.", hint=hint)
    return json_answer(region_view(describe_region(caller.context), subscription=caller.subscription))
