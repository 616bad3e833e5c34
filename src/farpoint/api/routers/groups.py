"""Resource groups."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer, list_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller
from farpoint.api.paths import GROUP, GROUPS
from farpoint.api.schemas.groups import parse_group
from farpoint.api.views.groups import group_view
from farpoint.errors import Code, RefusedError
from farpoint.services import groups

router = APIRouter()


@router.put(GROUP)
def put_group(caller: ArmCaller, group: str, body: Body) -> Response:
    """Create or update a group here and at every peer that answers."""
    put = groups.put_group(caller.context, parse_group(body, name=group))
    document = group_view(put.group, subscription=caller.subscription, unreachable=put.unreachable)
    return json_answer(document, status=201 if put.created else 200)


@router.get(GROUP)
def get_group(caller: ArmCaller, group: str) -> Response:
    """Show a group."""
    return json_answer(group_view(groups.require_group(caller.context, group), subscription=caller.subscription))


@router.head(GROUP)
def head_group(caller: ArmCaller, group: str) -> Response:
    """Tell whether a group exists."""
    try:
        groups.require_group(caller.context, group)
    except RefusedError as error:
        if error.code is Code.RESOURCE_GROUP_NOT_FOUND:
            return empty_answer(404)
        raise
    return empty_answer(204)


@router.get(GROUPS)
def list_groups(caller: ArmCaller) -> Response:
    """List the groups this region knows."""
    return list_answer([group_view(group, subscription=caller.subscription) for group in groups.list_groups(caller.context)])
