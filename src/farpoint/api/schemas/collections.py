"""Bodies about restore point collections."""

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_collection_name
from farpoint.api.schemas.shape import Location, Reference, Shape, Tags, tags_or_none
from farpoint.services.collections import CollectionChange, CollectionRequest


class _Properties(Shape):
    source: Reference


class CollectionBody(Shape):
    """A collection: where, and of what."""

    location: Location
    tags: Tags | None = None
    properties: _Properties


class _PatchedSource(Reference):
    location: Location | None = None


class _PatchedProperties(Shape):
    source: _PatchedSource | None = None


class CollectionPatch(Shape):
    """What may change of a collection, and what may only be repeated."""

    location: Location | None = None
    tags: Tags | None = None
    properties: _PatchedProperties | None = None


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


def parse_collection_patch(body: bytes) -> CollectionChange:
    """Parse a PATCH."""
    given = parse_body(CollectionPatch, body)
    source = None if given.properties is None else given.properties.source
    return CollectionChange(
        tags=None if given.tags is None else tags_or_none(given.tags),
        location=given.location,
        source_id=None if source is None else source.id,
        source_location=None if source is None else source.location,
    )
