"""For which resource a client asks a token, and whether that is one of ours.

Azure's clients name it as a scope, ``RESOURCE/.default`` (v2), or as a resource (v1). The tokens of any region are good in all, so each
gives them for all; and for Azure Resource Manager under its own names, which clients ask for when nobody told them another.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from farpoint.services.context import RegionContext

_DEFAULT: Final = "/.default"
_RESOURCE_MANAGER: Final = ("https://management.azure.com", "https://management.core.windows.net")


@frozen
class UnknownAudience:
    """Why no token is given, in the words of OAuth and of Azure."""

    error: str
    description: str


def audience_of(context: RegionContext, form: Mapping[str, Sequence[str]]) -> str | UnknownAudience:
    """Return the resource that a token is asked for, this region when none is named. May ask the peers."""
    scope, resource = form.get("scope", [""])[0], form.get("resource", [""])[0]
    if scope and not scope.endswith(_DEFAULT):
        message = f"AADSTS1002012: The scope '{scope:.200}' is not valid. Ask for RESOURCE{_DEFAULT}, one resource at a time."
        return UnknownAudience("invalid_scope", message)
    asked = scope.removesuffix(_DEFAULT) or resource or context.endpoint
    found = _find(asked, (context.endpoint, *_RESOURCE_MANAGER)) or _find(asked, _peers_of(context))
    if found is None:
        message = f"AADSTS500011: The resource '{asked:.200}' was not found in the tenant {context.tenant_id}."
        hint = f"Ask for {context.endpoint}{_DEFAULT}, or for the endpoint of another region that answers."
        return UnknownAudience("invalid_resource", f"{message} {hint}")
    return found


def _peers_of(context: RegionContext) -> Sequence[str]:
    return [peer.endpoint for peer in context.peers.regions() if peer.endpoint is not None]


def _find(asked: str, known: Sequence[str]) -> str | None:
    return next((one for one in known if one.lower().rstrip("/") == asked.lower().rstrip("/")), None)
