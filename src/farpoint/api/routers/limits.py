"""Limits: the rules of the region that answers, and what each is set to."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import list_answer
from farpoint.api.caller import ArmCaller
from farpoint.api.described import Shown, described
from farpoint.api.paths import LIMITS
from farpoint.api.views.limits import limit_view
from farpoint.model.limits import RULES

router = APIRouter()


@router.get(LIMITS, openapi_extra=described(200, shows=Shown.LIST))
def list_limits(caller: ArmCaller) -> Response:
    """List every limit with what this region, and each profile, sets it to."""
    context = caller.context
    views = [limit_view(rule, context.limits, region=context.name, subscription=caller.subscription) for rule in RULES]
    return list_answer(caller, views)
