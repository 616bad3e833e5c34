"""Networks and interfaces: descriptions, so that a VM's description may name them."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller
from farpoint.api.described import Shown, described
from farpoint.api.lists import list_page
from farpoint.api.paths import NETWORK, NETWORK_ALL, NETWORK_IN_GROUP
from farpoint.api.schemas.descriptions import DescriptionBody, DescriptionChangeBody, parse_description, parse_description_change
from farpoint.api.views.descriptions import description_view
from farpoint.errors import Code, RefusedError
from farpoint.services import descriptions
from farpoint.services.references import NETWORK_TYPES

router = APIRouter()


@router.put(NETWORK, openapi_extra=described(200, 201, body=DescriptionBody))
def put_network(caller: ArmCaller, group: str, kind: str, name: str, body: Body) -> Response:
    """Keep a network or the like."""
    put = descriptions.put_description(caller.context, parse_description(body, type_name=_type_of(kind), group=group, name=name))
    return json_answer(description_view(put.resource, subscription=caller.subscription), status=201 if put.created else 200)


@router.patch(NETWORK, openapi_extra=described(200, body=DescriptionChangeBody))
def patch_network(caller: ArmCaller, group: str, kind: str, name: str, body: Body) -> Response:
    """Change the tags."""
    tags = parse_description_change(body)
    changed = descriptions.patch_description(caller.context, type_name=_type_of(kind), group=group, name=name, tags=tags)
    return json_answer(description_view(changed, subscription=caller.subscription))


@router.get(NETWORK, openapi_extra=described(200))
def get_network(caller: ArmCaller, group: str, kind: str, name: str) -> Response:
    """Show a network or the like."""
    found = descriptions.get_description(caller.context, type_name=_type_of(kind), group=group, name=name)
    return json_answer(description_view(found, subscription=caller.subscription))


@router.delete(NETWORK, openapi_extra=described(200, 204, shows=Shown.NOTHING))
def delete_network(caller: ArmCaller, group: str, kind: str, name: str) -> Response:
    """Forget a network or the like."""
    return empty_answer(200 if descriptions.delete_description(caller.context, type_name=_type_of(kind), group=group, name=name) else 204)


@router.get(NETWORK_IN_GROUP, openapi_extra=described(200, shows=Shown.LIST))
def list_networks_of_group(caller: ArmCaller, group: str, kind: str) -> Response:
    """List those of a kind in a group, of all regions."""
    return list_page(caller, _type_of(kind), group=group)


@router.get(NETWORK_ALL, openapi_extra=described(200, shows=Shown.LIST))
def list_networks(caller: ArmCaller, kind: str) -> Response:
    """List those of a kind in all regions."""
    return list_page(caller, _type_of(kind))


def _type_of(kind: str) -> str:
    found = next((name for name in NETWORK_TYPES if name.lower() == f"microsoft.network/{kind}"), None)
    if found is None:
        raise RefusedError(Code.NOT_FOUND, f"There are no '{kind:.100}' here.", hint=f"There are {', '.join(NETWORK_TYPES)}.")
    return found
