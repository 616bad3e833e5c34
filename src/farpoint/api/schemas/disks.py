"""Bodies about disks: Attach registers one that exists, Restore makes one from a disk restore point."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_disk_name
from farpoint.api.schemas.shape import Location, OwnShape, ResourceId, Shape, Tags, tags_or_none
from farpoint.model.disk import BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, is_block_size
from farpoint.model.resources import CreateOption
from farpoint.services.disks import AttachRequest
from farpoint.services.refusals import invalid
from farpoint.services.restores import SOURCE_TARGET, RestoreRequest

#: What Azure's own clients ask for when told nothing.
_SKU_DEFAULT = "Premium_LRS"
_OFFERED = (CreateOption.ATTACH, CreateOption.RESTORE)
#: Longest path Linux takes.
_PATH_MAX = 4096


class _CreationData(Shape):
    create_option: str
    source_resource_id: ResourceId | None = None

    @field_validator("create_option")
    @classmethod
    def _known(cls, value: str) -> str:
        for option in _OFFERED:
            if value.lower() == option.value.lower():
                return option.value
        message = f"'{value:.50}' is not supported; use {' or '.join(_OFFERED)}"
        raise ValueError(message)


class _DiskFarpoint(OwnShape):
    path: Annotated[str, Field(min_length=1, max_length=_PATH_MAX)] | None = None
    block_size_bytes: int | None = None
    overwrite: bool = False

    @field_validator("path")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        if value is not None and "\0" in value:
            message = "a path has no NUL character"
            raise ValueError(message)
        return value

    @field_validator("block_size_bytes")
    @classmethod
    def _legal(cls, value: int | None) -> int | None:
        if value is not None and not is_block_size(value):
            message = f"{value} is not a power of two from {BLOCK_BYTES_MIN} to {BLOCK_BYTES_MAX}"
            raise ValueError(message)
        return value


class _DiskProperties(Shape):
    creation_data: _CreationData
    os_type: Literal["Linux", "Windows"] | None = None
    size_gib: Annotated[int | None, Field(alias="diskSizeGB", ge=1)] = None
    farpoint: _DiskFarpoint = Field(default_factory=_DiskFarpoint)


class _Sku(Shape):
    name: Annotated[str, Field(min_length=1, max_length=80)]


class _DiskBody(Shape):
    location: Location
    tags: Tags | None = None
    sku: _Sku | None = None
    properties: _DiskProperties


def parse_disk(body: bytes, *, group: str, name: str) -> AttachRequest | RestoreRequest:
    """Parse a PUT; which request it is says creationData.createOption."""
    check_disk_name(name)
    given = parse_body(_DiskBody, body)
    if given.properties.creation_data.create_option == CreateOption.RESTORE:
        return _restore(given, group=group, name=name)
    return _attach(given, group=group, name=name)


def _attach(given: _DiskBody, *, group: str, name: str) -> AttachRequest:
    properties = given.properties
    if properties.creation_data.source_resource_id is not None:
        raise invalid(SOURCE_TARGET, "An attached disk has no source.", hint="Leave it out, or use createOption Restore.")
    if properties.farpoint.overwrite:
        raise invalid("properties.farpoint.overwrite", "Attaching a disk writes nothing.", hint="Leave it out.")
    return AttachRequest(
        group=group,
        name=name,
        location=given.location,
        tags=tags_or_none(given.tags),
        sku=_SKU_DEFAULT if given.sku is None else given.sku.name,
        os_type=properties.os_type,
        path=properties.farpoint.path,
        block_bytes=properties.farpoint.block_size_bytes,
    )


def _restore(given: _DiskBody, *, group: str, name: str) -> RestoreRequest:
    properties = given.properties
    if properties.creation_data.source_resource_id is None:
        raise invalid(SOURCE_TARGET, f"The value at {SOURCE_TARGET} is missing.", hint="Name a disk restore point by its id.")
    return RestoreRequest(
        group=group,
        name=name,
        location=given.location,
        tags=tags_or_none(given.tags),
        sku=_SKU_DEFAULT if given.sku is None else given.sku.name,
        os_type=properties.os_type,
        source_id=properties.creation_data.source_resource_id,
        path=properties.farpoint.path,
        overwrite=properties.farpoint.overwrite,
        size_gib=properties.size_gib,
        block_bytes=properties.farpoint.block_size_bytes,
    )
