"""Bodies of resources that are kept as given."""

from typing import cast

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_description_name
from farpoint.api.schemas.shape import Location, OpenShape, Shape, Tags, tags_or_none
from farpoint.model.documents import JsonObject
from farpoint.services.descriptions import DescriptionRequest
from farpoint.services.json_reading import without


class DescriptionBody(Shape):
    """Something that is only described."""

    location: Location
    tags: Tags | None = None
    properties: OpenShape | None = None


class DescriptionChangeBody(Shape):
    """What may change of a description."""

    tags: Tags | None = None


def parse_description(body: bytes, *, type_name: str, group: str, name: str) -> DescriptionRequest:
    """Parse a PUT: all of ``properties`` is kept."""
    check_description_name(name)
    given = parse_body(DescriptionBody, body)
    kept = {} if given.properties is None else cast("JsonObject", given.properties.model_extra or {})
    return DescriptionRequest(
        type=type_name,
        group=group,
        name=name,
        location=given.location,
        tags=tags_or_none(given.tags),
        properties=without(kept, "provisioningState"),
    )


def parse_description_change(body: bytes) -> JsonObject | None:
    """Parse a PATCH of tags; None leaves them."""
    given = parse_body(DescriptionChangeBody, body)
    return None if given.tags is None else tags_or_none(given.tags)
