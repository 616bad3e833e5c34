"""Bodies about disks: Attach registers one that exists, Empty and Upload make one, Copy and Restore make one from something."""

from typing import Annotated, Final, Literal

from attrs import frozen
from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_disk_name
from farpoint.api.schemas.shape import Location, OwnShape, ResourceId, Shape, Sku, Tags, tags_or_none
from farpoint.model.disk import BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, SECTOR_BYTES, is_block_size
from farpoint.model.resources import CreateOption
from farpoint.services.disk_sources import SOURCE_TARGET
from farpoint.services.disks import AttachRequest, DiskChange
from farpoint.services.new_disks import NewDiskRequest
from farpoint.services.refusals import invalid
from farpoint.services.restores import RestoreRequest
from farpoint.services.wanted_disks import SIZE_TARGET, WantedDisk
from farpoint.units import GIB, TIB, whole_gib

#: What a fixed VHD has behind the disk's bytes.
VHD_FOOTER_BYTES: Final = 512
_CHECK_TARGET: Final = "properties.farpoint.checkOnly"
_UPLOAD_TARGET: Final = "properties.creationData.uploadSizeBytes"
#: What Azure's own clients ask for when told nothing.
_SKU_DEFAULT = "Premium_LRS"
#: Azure's largest disk.
_SIZE_MAX: Final = 64 * TIB
#: Longest path Linux takes.
_PATH_MAX = 4096


class _CreationData(Shape):
    create_option: str
    source_resource_id: ResourceId | None = None
    upload_size_bytes: Annotated[int | None, Field(ge=SECTOR_BYTES + VHD_FOOTER_BYTES, le=_SIZE_MAX)] = None

    @field_validator("create_option")
    @classmethod
    def _known(cls, value: str) -> str:
        for option in CreateOption:
            if value.lower() == option.value.lower():
                return option.value
        hint = " (that is for snapshots; bring one here with it, then Copy the disk from it)" if value.lower() == "copystart" else ""
        message = f"'{value:.50}' is not supported{hint}; use {', '.join(CreateOption)}"
        raise ValueError(message)

    @field_validator("upload_size_bytes")
    @classmethod
    def _whole_sectors(cls, value: int | None) -> int | None:
        if value is not None and value % SECTOR_BYTES:
            message = f"{value} is not a multiple of {SECTOR_BYTES}; the size of a fixed VHD is the disk's plus {VHD_FOOTER_BYTES}"
            raise ValueError(message)
        return value


class _DiskFarpoint(OwnShape):
    path: Annotated[str, Field(min_length=1, max_length=_PATH_MAX)] | None = None
    block_size_bytes: int | None = None
    #: Exact size of an empty disk, which diskSizeGB cannot say.
    size_bytes: Annotated[int | None, Field(ge=SECTOR_BYTES, le=_SIZE_MAX, multiple_of=SECTOR_BYTES)] = None
    overwrite: bool = False
    #: Say whether the disk could be made now, and leave it at that.
    check_only: bool = False

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
    hyper_v_generation: Annotated[Literal["V1", "V2"] | None, Field(alias="hyperVGeneration")] = None
    size_gib: Annotated[int | None, Field(alias="diskSizeGB", ge=1, le=_SIZE_MAX // GIB)] = None
    farpoint: _DiskFarpoint = Field(default_factory=_DiskFarpoint)


class DiskBody(Shape):
    """A disk, registered or made."""

    location: Location
    tags: Tags | None = None
    sku: Sku | None = None
    properties: _DiskProperties


class _ChangedProperties(Shape):
    size_gib: Annotated[int | None, Field(alias="diskSizeGB", ge=1, le=_SIZE_MAX // GIB)] = None


class DiskChangeBody(Shape):
    """What may change of a disk."""

    tags: Tags | None = None
    sku: Sku | None = None
    properties: _ChangedProperties = Field(default_factory=_ChangedProperties)


@frozen(kw_only=True)
class RestoreCheck:
    """A PUT that only asks whether a disk could be restored or copied."""

    request: RestoreRequest


def parse_disk(body: bytes, *, group: str, name: str) -> AttachRequest | NewDiskRequest | RestoreRequest | RestoreCheck:
    """Parse a PUT; which request it is says creationData.createOption."""
    check_disk_name(name)
    given = parse_body(DiskBody, body)
    disk = _wanted(given, group=group, name=name)
    if disk.create_option in {CreateOption.RESTORE, CreateOption.COPY}:
        return _from_source(given.properties, disk)
    if given.properties.creation_data.source_resource_id is not None:
        hint = "Leave it out, or use createOption Copy or Restore."
        raise invalid(SOURCE_TARGET, f"A disk made with createOption {disk.create_option} has no source.", hint=hint)
    if given.properties.farpoint.overwrite:
        raise invalid("properties.farpoint.overwrite", f"createOption {disk.create_option} overwrites nothing.", hint="Leave it out.")
    if given.properties.farpoint.check_only:
        raise invalid(_CHECK_TARGET, f"createOption {disk.create_option} cannot only be checked.", hint="Leave it out.")
    if disk.create_option is CreateOption.ATTACH:
        return AttachRequest(disk=disk, size_gib=given.properties.size_gib)
    is_upload = disk.create_option is CreateOption.UPLOAD
    return NewDiskRequest(disk=disk, size_bytes=_upload_size(given.properties) if is_upload else _empty_size(given.properties))


def parse_disk_change(body: bytes, *, group: str, name: str) -> DiskChange:
    """Parse a PATCH."""
    given = parse_body(DiskChangeBody, body)
    tags = None if given.tags is None else tags_or_none(given.tags)
    sku = None if given.sku is None else given.sku.name
    return DiskChange(group=group, name=name, tags=tags, sku=sku, size_gib=given.properties.size_gib)


def _wanted(given: DiskBody, *, group: str, name: str) -> WantedDisk:
    properties = given.properties
    return WantedDisk(
        group=group,
        name=name,
        location=given.location,
        create_option=CreateOption(properties.creation_data.create_option),
        tags=tags_or_none(given.tags),
        sku=_SKU_DEFAULT if given.sku is None else given.sku.name,
        os_type=properties.os_type,
        hyper_v_generation=properties.hyper_v_generation,
        path=properties.farpoint.path,
        block_bytes=properties.farpoint.block_size_bytes,
    )


def _upload_size(properties: _DiskProperties) -> int:
    size = properties.creation_data.upload_size_bytes
    if size is None:
        hint = f"Give the size of the VHD: the disk's and {VHD_FOOTER_BYTES} bytes of footer."
        raise invalid(_UPLOAD_TARGET, f"The value at {_UPLOAD_TARGET} is missing.", hint=hint)
    return size - VHD_FOOTER_BYTES


def _empty_size(properties: _DiskProperties) -> int:
    exact, gib = properties.farpoint.size_bytes, properties.size_gib
    if exact is None and gib is None:
        raise invalid(SIZE_TARGET, f"The value at {SIZE_TARGET} is missing.", hint="Say how large the disk is to be.")
    if exact is not None and gib not in {None, whole_gib(exact)}:
        raise invalid(SIZE_TARGET, f"{exact} bytes are {whole_gib(exact)} GiB, not {gib}.", hint="Give one of the two sizes.")
    return exact if exact is not None else (gib or 1) * GIB


def _from_source(properties: _DiskProperties, disk: WantedDisk) -> RestoreRequest | RestoreCheck:
    source = properties.creation_data.source_resource_id
    if source is None:
        what = "a disk restore point" if disk.create_option is CreateOption.RESTORE else "a disk or a snapshot"
        raise invalid(SOURCE_TARGET, f"The value at {SOURCE_TARGET} is missing.", hint=f"Name {what} by its id.")
    request = RestoreRequest(disk=disk, source_id=source, overwrite=properties.farpoint.overwrite, size_gib=properties.size_gib)
    return RestoreCheck(request=request) if properties.farpoint.check_only else request
