"""Resource groups: every region answers for all of them."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import deletion_answer, empty_answer, json_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import FILTERED, Shown, described
from farpoint.api.paging import page_answer, page_of
from farpoint.api.paths import GROUP, GROUPS
from farpoint.api.resource_filters import filter_of, passes
from farpoint.api.schemas.groups import GroupBody, GroupPatch, parse_group, parse_group_patch
from farpoint.api.views.groups import group_view
from farpoint.errors import Code, RefusedError
from farpoint.services import group_deletion, groups
from farpoint.services.groups import GroupPut

router = APIRouter()
_PLACE_PARTS: Final = 1


@router.put(GROUP, openapi_extra=described(200, 201, body=GroupBody))
def put_group(caller: ArmCaller, group: str, body: Body) -> Response:
    """Create or update a group here and at every peer that answers."""
    put = groups.put_group(caller.context, parse_group(body, name=group))
    return _changed(caller, put, status=201 if put.created else 200)


@router.patch(GROUP, openapi_extra=described(200, body=GroupPatch))
def patch_group(caller: ArmCaller, group: str, body: Body) -> Response:
    """Change a group's tags."""
    return _changed(caller, groups.patch_group(caller.context, group, tags=parse_group_patch(body)), status=200)


@router.get(GROUP, openapi_extra=described(200))
def get_group(caller: ArmCaller, group: str) -> Response:
    """Show a group."""
    return json_answer(group_view(groups.require_group(caller.context, group), subscription=caller.subscription))


@router.head(GROUP, openapi_extra=described(204, shows=Shown.NOTHING))
def head_group(caller: ArmCaller, group: str) -> Response:
    """Tell whether a group exists."""
    try:
        groups.require_group(caller.context, group)
    except RefusedError as error:
        if error.code is Code.RESOURCE_GROUP_NOT_FOUND:
            return empty_answer(404)
        raise
    return empty_answer(204)


@router.delete(GROUP, openapi_extra=described(202, 204, shows=Shown.NOTHING))
def delete_group(caller: ArmCaller, group: str) -> Response:
    """Delete a group with everything in it, in all regions."""
    operation = group_deletion.delete_group(caller.context, group, principal=caller.principal)
    return deletion_answer(caller.context, operation, api_version=caller.api_version)


@router.get(GROUPS, openapi_extra=described(200, shows=Shown.LIST, query=FILTERED))
def list_groups(caller: ArmCaller) -> Response:
    """List the groups, by name; ``$filter`` may ask for a tag."""
    wanted = filter_of(caller)
    page = page_of(caller, parts=_PLACE_PARTS)
    # With a filter all are read: there are few groups.
    known = groups.list_groups(caller.context, after="".join(page.after), limit=None if wanted else page.limit + 1)
    documents = [group_view(group, subscription=caller.subscription) for group in known]
    return page_answer(caller, page, [((str(one["name"]),), one) for one in documents if passes(one, wanted)][: page.limit + 1])


def _changed(caller: Caller, put: GroupPut, *, status: int) -> Response:
    document = group_view(put.group, subscription=caller.subscription, unreachable=put.unreachable)
    return json_answer(document, status=status)
