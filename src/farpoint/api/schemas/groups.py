"""Bodies about resource groups."""

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_group_name
from farpoint.api.schemas.shape import Location, Shape, Tags, tags_or_none
from farpoint.model.documents import JsonObject
from farpoint.services.groups import GroupRequest


class GroupBody(Shape):
    """A resource group."""

    location: Location
    tags: Tags | None = None


class GroupPatch(Shape):
    """What may change of a group."""

    tags: Tags | None = None


def parse_group_patch(body: bytes) -> JsonObject | None:
    """Parse a PATCH; return the tags to set, None when they are to stay."""
    given = parse_body(GroupPatch, body)
    return None if given.tags is None else tags_or_none(given.tags)


def parse_group(body: bytes, *, name: str) -> GroupRequest:
    """Parse a PUT."""
    given = parse_body(GroupBody, body)
    return GroupRequest(name=check_group_name(name), location=given.location, tags=tags_or_none(given.tags))
