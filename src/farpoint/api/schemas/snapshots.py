"""Bodies about snapshots: Copy makes one of a disk, CopyStart brings one from another region."""

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_snapshot_name
from farpoint.api.schemas.shape import Location, ResourceId, Shape, Sku, Tags, tags_or_none
from farpoint.model.documents import JsonObject
from farpoint.model.snapshots import SnapshotOption
from farpoint.services.new_snapshot import SnapshotRequest
from farpoint.services.refusals import invalid

#: What Azure's own clients ask for when told nothing.
_SKU_DEFAULT: Final = "Standard_LRS"


class _CreationData(Shape):
    create_option: str
    source_resource_id: ResourceId

    @field_validator("create_option")
    @classmethod
    def _known(cls, value: str) -> str:
        for option in SnapshotOption:
            if value.lower() == option.value.lower():
                return option.value
        message = f"'{value:.50}' is not supported; use {' or '.join(SnapshotOption)}"
        raise ValueError(message)


class _Properties(Shape):
    creation_data: _CreationData
    incremental: bool | None = None
    os_type: Literal["Linux", "Windows"] | None = None
    hyper_v_generation: Annotated[Literal["V1", "V2"] | None, Field(alias="hyperVGeneration")] = None


class SnapshotBody(Shape):
    """A snapshot and what it is made of."""

    location: Location
    tags: Tags | None = None
    sku: Sku | None = None
    properties: _Properties


class SnapshotChangeBody(Shape):
    """What may change of a snapshot."""

    tags: Tags | None = None
    sku: Sku | None = None


def parse_snapshot(body: bytes, *, group: str, name: str) -> SnapshotRequest:
    """Parse a PUT."""
    check_snapshot_name(name)
    given = parse_body(SnapshotBody, body)
    option = SnapshotOption(given.properties.creation_data.create_option)
    if option is SnapshotOption.COPY_START and not given.properties.incremental:
        raise invalid("properties.incremental", "Only incremental snapshots are copied between regions.", hint="Set it to true.")
    return SnapshotRequest(
        group=group,
        name=name,
        location=given.location,
        tags=tags_or_none(given.tags),
        sku=_SKU_DEFAULT if given.sku is None else given.sku.name,
        create_option=option,
        source_id=given.properties.creation_data.source_resource_id,
        incremental=given.properties.incremental,
        os_type=given.properties.os_type,
        hyper_v_generation=given.properties.hyper_v_generation,
    )


def parse_snapshot_change(body: bytes) -> tuple[JsonObject | None, str | None]:
    """Parse a PATCH: tags and sku, None for what stays."""
    given = parse_body(SnapshotChangeBody, body)
    return None if given.tags is None else tags_or_none(given.tags), None if given.sku is None else given.sku.name
