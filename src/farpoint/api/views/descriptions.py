"""Resources that are only described, as ARM shows them."""

from farpoint.api.views.text import tags_of
from farpoint.model.arm_id import ArmId
from farpoint.model.descriptions import Description
from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import present


def description_view(description: Description, *, subscription: str) -> JsonObject:
    """Show what was given, as if it had been carried out: clients look for no more."""
    return present(
        name=description.name,
        id=str(description_id(description, subscription=subscription)),
        type=description.type,
        location=description.location,
        tags=tags_of(description.tags),
        properties={"provisioningState": "Succeeded", **description.properties},
    )


def description_id(description: Description, *, subscription: str) -> ArmId:
    """Return the ARM id."""
    namespace, _, segment = description.type.partition("/")
    return ArmId(subscription=subscription, group=description.group, namespace=namespace, path=((segment, description.name),))
