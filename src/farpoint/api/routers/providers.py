"""Resource providers: there is nothing to register, so all of them are."""

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.answers import json_answer, list_answer
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import Shown, described
from farpoint.api.paths import PROVIDER, PROVIDERS
from farpoint.api.views.providers import find_provider, provider_names, provider_view
from farpoint.errors import Code, RefusedError
from farpoint.model.documents import JsonObject

router = APIRouter()


@router.get(PROVIDERS, openapi_extra=described(200, shows=Shown.LIST))
def list_providers(caller: ArmCaller) -> Response:
    """List the providers."""
    return list_answer(caller, [_show(caller, name) for name in provider_names()])


@router.get(PROVIDER, openapi_extra=described(200))
def get_provider(caller: ArmCaller, namespace: str) -> Response:
    """Show a provider with its types."""
    return json_answer(_show(caller, namespace))


@router.post(f"{PROVIDER}/register", openapi_extra=described(200))
def register_provider(caller: ArmCaller, namespace: str) -> Response:
    """Answer as for a provider that is registered already."""
    return json_answer(_show(caller, namespace))


def _show(caller: Caller, namespace: str) -> JsonObject:
    name = find_provider(namespace)
    if name is None:
        hint = f"There are: {', '.join(provider_names())}."
        raise RefusedError(Code.INVALID_RESOURCE_NAMESPACE, f"The resource namespace '{namespace:.100}' is invalid.", hint=hint)
    locations = [caller.context.name, *caller.context.peers.names()]
    return provider_view(name, subscription=caller.subscription, locations=locations)
