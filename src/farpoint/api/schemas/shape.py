"""What all request bodies share: strict types, camel-case names, unknown Azure fields ignored, unknown fields of ours refused."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from farpoint.model.documents import JsonObject

Location = Annotated[str, Field(min_length=1, max_length=90)]
#: ARM's limits on tags.
Tags = Annotated[dict[Annotated[str, Field(max_length=512)], Annotated[str, Field(max_length=256)]], Field(max_length=50)]
ResourceId = Annotated[str, Field(min_length=1, max_length=2048)]


class Shape(BaseModel):
    """An object of Azure's; clients send fields that mean nothing here."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", alias_generator=to_camel)


class OpenShape(BaseModel):
    """An object of Azure's that is kept whole, whatever else is in it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", alias_generator=to_camel)


class OwnShape(BaseModel):
    """A ``farpoint`` object: a misspelt field is refused instead of being ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", alias_generator=to_camel)


class Reference(Shape):
    """``{"id": …}``."""

    id: ResourceId


class Sku(Shape):
    """``{"name": …}``."""

    name: Annotated[str, Field(min_length=1, max_length=80)]


def tags_or_none(tags: dict[str, str] | None) -> JsonObject:
    """Return the tags, none when none were given."""
    return dict(tags or {})
