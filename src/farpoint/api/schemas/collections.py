"""Bodies about restore point collections."""

from attrs import frozen

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_collection_name
from farpoint.api.schemas.shape import Location, Reference, Shape, Tags, tags_or_none
from farpoint.model.documents import JsonObject
from farpoint.services.collections import CollectionRequest


class _Properties(Shape):
    source: Reference


class CollectionBody(Shape):
    """A collection: where, and of what."""

    location: Location
    tags: Tags | None = None
    properties: _Properties


class _PatchedProperties(Shape):
    source: Reference | None = None


class CollectionPatch(Shape):
    """What may change of a collection."""

    tags: Tags | None = None
    properties: _PatchedProperties | None = None


@frozen(kw_only=True)
class PatchRequest:
    """A PATCH: tags, and perhaps the unchanged source."""

    tags: JsonObject | None
    source_id: str | None


def parse_collection(body: bytes, *, group: str, name: str) -> CollectionRequest:
    """Parse a PUT."""
    check_collection_name(name)
    given = parse_body(CollectionBody, body)
    return CollectionRequest(
        group=group,
        name=name,
        location=given.location,
        tags=tags_or_none(given.tags),
        source_id=given.properties.source.id,
    )


def parse_collection_patch(body: bytes) -> PatchRequest:
    """Parse a PATCH."""
    given = parse_body(CollectionPatch, body)
    source = None if given.properties is None else given.properties.source
    tags = None if given.tags is None else tags_or_none(given.tags)
    return PatchRequest(tags=tags, source_id=None if source is None else source.id)
