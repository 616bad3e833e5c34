"""The one subscription and tenant there is, and the regions as ARM's locations: what a client asks when it logs in."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import json_answer, list_answer
from farpoint.api.caller import ArmCaller
from farpoint.api.described import Shown, described
from farpoint.api.paths import SUBSCRIPTION, TENANTS
from farpoint.api.views.regions import location_view
from farpoint.model.documents import JsonObject
from farpoint.services.context import RegionContext

router = APIRouter()


@router.get("/subscriptions", openapi_extra=described(200, shows=Shown.LIST))
def list_subscriptions(caller: ArmCaller) -> Response:
    """List the subscription, for those who have a role in it."""
    return list_answer(caller, [_subscription(caller.context)] if caller.authority.assignments else [])


@router.get(SUBSCRIPTION, openapi_extra=described(200))
def get_subscription(caller: ArmCaller) -> Response:
    """Show the subscription."""
    return json_answer(_subscription(caller.context))


@router.get(f"{SUBSCRIPTION}/locations", openapi_extra=described(200, shows=Shown.LIST))
def list_locations(caller: ArmCaller) -> Response:
    """List this region and its peers."""
    names = [caller.context.name, *caller.context.peers.names()]
    return list_answer(caller, [location_view(name, subscription=caller.subscription) for name in names])


@router.get(TENANTS, openapi_extra=described(200, shows=Shown.LIST))
def list_tenants(caller: ArmCaller) -> Response:
    """List the tenant."""
    tenant = caller.context.tenant_id
    return list_answer(caller, [{"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Farpoint"}])


def _subscription(context: RegionContext) -> JsonObject:
    return {
        "id": f"/subscriptions/{context.subscription_id}",
        "subscriptionId": context.subscription_id,
        "tenantId": context.tenant_id,
        "displayName": "Farpoint",
        "state": "Enabled",
    }
