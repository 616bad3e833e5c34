"""Networks and interfaces: descriptions, so that a VM's description may name them."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer, list_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described
from farpoint.api.paths import NETWORK, NETWORK_ALL, NETWORK_IN_GROUP
from farpoint.api.schemas.descriptions import DescriptionBody, DescriptionChangeBody, parse_description, parse_description_change
from farpoint.api.views.descriptions import description_view
from farpoint.errors import Code, RefusedError
from farpoint.model.descriptions import Description
from farpoint.services import descriptions

router = APIRouter()
_KINDS: Final = ("virtualNetworks", "networkInterfaces", "networkSecurityGroups", "publicIPAddresses")


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
    """List those of a kind in a group."""
    return _list(caller, descriptions.list_descriptions(caller.context, type_name=_type_of(kind), group=group))


@router.get(NETWORK_ALL, openapi_extra=described(200, shows=Shown.LIST))
def list_networks(caller: ArmCaller, kind: str) -> Response:
    """List those of a kind in this region."""
    return _list(caller, descriptions.list_descriptions(caller.context, type_name=_type_of(kind)))


def _type_of(kind: str) -> str:
    found = next((name for name in _KINDS if name.lower() == kind), None)
    if found is None:
        raise RefusedError(Code.NOT_FOUND, f"There are no '{kind:.100}' here.", hint=f"Of Microsoft.Network there are {', '.join(_KINDS)}.")
    return f"Microsoft.Network/{found}"


def _list(caller: Caller, found: Sequence[Description]) -> Response:
    return list_answer(caller, [description_view(one, subscription=caller.subscription) for one in found])
