"""Resource groups as ARM shows them."""

from collections.abc import Sequence

from farpoint.model.documents import JsonObject
from farpoint.model.resources import ResourceGroup
from farpoint.services.json_reading import present


def group_view(group: ResourceGroup, *, subscription: str, unreachable: Sequence[str] = ()) -> JsonObject:
    """Show *group*; *unreachable* names the regions that have not heard of this change yet."""
    farpoint: JsonObject | None = {"unreachable": list(unreachable)} if unreachable else None
    return present(
        id=f"/subscriptions/{subscription}/resourceGroups/{group.name}",
        name=group.name,
        type="Microsoft.Resources/resourceGroups",
        location=group.location,
        tags=group.tags,
        properties=present(provisioningState=group.state.value, farpoint=farpoint),
    )
