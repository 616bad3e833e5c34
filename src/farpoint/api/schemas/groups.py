"""Bodies about resource groups."""

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_group_name
from farpoint.api.schemas.shape import Location, Shape, Tags, tags_or_none
from farpoint.services.groups import GroupRequest


class _GroupBody(Shape):
    location: Location
    tags: Tags | None = None


def parse_group(body: bytes, *, name: str) -> GroupRequest:
    """Parse a PUT."""
    given = parse_body(_GroupBody, body)
    return GroupRequest(name=check_group_name(name), location=given.location, tags=tags_or_none(given.tags))
