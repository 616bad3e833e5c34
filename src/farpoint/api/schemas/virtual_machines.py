"""Bodies about virtual machines: kept whole, except for secrets, what only we can know, and the disks, which are looked up."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, cast

from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_vm_name
from farpoint.api.schemas.shape import Location, OpenShape, Reference, ResourceId, Shape, Tags, tags_or_none
from farpoint.model.documents import JsonObject, JsonValue
from farpoint.services.json_reading import present, without
from farpoint.services.refusals import invalid
from farpoint.services.virtual_machines import DiskAttachment, VmRequest
from farpoint.services.vm_disks import DiskMoves, NewAttachment

#: Azure's sizes attach at most 64 data disks.
_DATA_DISKS_MAX: Final = 64
_PROFILE: Final = "properties.storageProfile"
#: Told by us, never by the client.
_READ_ONLY: Final = ("vmId", "provisioningState", "timeCreated", "instanceView", "storageProfile")
#: Write-only in Azure, in lower case; a restore point that kept them would carry them to every region.
_SECRETS: Final = frozenset({"adminpassword", "customdata", "additionalunattendcontent", "protectedsettings"})


class _VmDisk(OpenShape):
    # First, so that a request for another option is told so, and not that managedDisk is missing.
    create_option: str = "Attach"
    managed_disk: Reference

    @field_validator("create_option")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.lower() != "attach":
            how = "Restore or Copy" if value.lower() in {"restore", "copy"} else "Empty"
            message = f"'{value:.50}' is not supported here; make the disk first (PUT disks with createOption {how}), then attach it"
            raise ValueError(message)
        return "Attach"


class _DataDisk(_VmDisk):
    lun: Annotated[int, Field(ge=0, lt=_DATA_DISKS_MAX)]


class _StorageProfile(OpenShape):
    os_disk: _VmDisk
    data_disks: Annotated[list[_DataDisk], Field(max_length=_DATA_DISKS_MAX)] | None = None


class _VmProperties(OpenShape):
    storage_profile: _StorageProfile


class VmBody(Shape):
    """A virtual machine."""

    location: Location
    tags: Tags | None = None
    properties: _VmProperties


class VmChangeBody(Shape):
    """What may change of a virtual machine."""

    tags: Tags | None = None
    properties: OpenShape | None = None


class _NewAttachment(OpenShape):
    disk_id: ResourceId
    lun: Annotated[int | None, Field(ge=0, lt=_DATA_DISKS_MAX)] = None


class _Detachment(Shape):
    disk_id: ResourceId


class DiskMovesBody(Shape):
    """Disks to attach and to detach."""

    data_disks_to_attach: Annotated[list[_NewAttachment], Field(max_length=_DATA_DISKS_MAX)] | None = None
    data_disks_to_detach: Annotated[list[_Detachment], Field(max_length=_DATA_DISKS_MAX)] | None = None


def parse_vm_change(body: bytes) -> JsonObject | None:
    """Parse a PATCH: the tags, None when they stay; anything else of a VM is changed by PUT."""
    given = parse_body(VmChangeBody, body)
    if given.properties is not None and given.properties.model_extra:
        raise invalid("properties", "Only the tags of a VM can be patched.", hint="PUT the whole VM as it is to be.")
    return None if given.tags is None else tags_or_none(given.tags)


def parse_disk_moves(body: bytes, *, group: str, name: str) -> DiskMoves:
    """Parse what to attach and detach."""
    given = parse_body(DiskMovesBody, body)
    attach = tuple(
        NewAttachment(disk_id=disk.disk_id, lun=disk.lun, settings=present(**_rest(disk))) for disk in given.data_disks_to_attach or []
    )
    return DiskMoves(group=group, name=name, attach=attach, detach=tuple(disk.disk_id for disk in given.data_disks_to_detach or []))


def parse_vm(body: bytes, *, group: str, name: str) -> VmRequest:
    """Parse a PUT."""
    check_vm_name(name)
    given = parse_body(VmBody, body)
    profile = given.properties.storage_profile
    data = tuple(_data_disk(number, disk) for number, disk in enumerate(profile.data_disks or []))
    _refuse_equal_luns(data)
    os_disk = DiskAttachment(
        disk_id=profile.os_disk.managed_disk.id,
        lun=None,
        target=f"{_PROFILE}.osDisk.managedDisk.id",
        settings=_rest(profile.os_disk),
    )
    return VmRequest(
        group=group,
        name=name,
        location=given.location,
        tags=tags_or_none(given.tags),
        properties=_properties(given.properties),
        attachments=(os_disk, *sorted(data, key=lambda disk: disk.lun or 0)),
    )


def _data_disk(number: int, disk: _DataDisk) -> DiskAttachment:
    target = f"{_PROFILE}.dataDisks[{number}].managedDisk.id"
    return DiskAttachment(disk_id=disk.managed_disk.id, lun=disk.lun, target=target, settings=_rest(disk))


def _refuse_equal_luns(data: tuple[DiskAttachment, ...]) -> None:
    luns = [disk.lun for disk in data]
    for number, lun in enumerate(luns):
        if lun in luns[:number]:
            raise invalid(f"{_PROFILE}.dataDisks[{number}].lun", f"Two data disks have lun {lun}.", hint="Give each its own.")


def _properties(properties: _VmProperties) -> JsonObject:
    return {name: _without_secrets(value) for name, value in without(_rest(properties), *_READ_ONLY).items()}


def _without_secrets(value: JsonValue) -> JsonValue:
    """Leave secrets out, wherever they are and however they are spelled."""
    if isinstance(value, Mapping):
        return {name: _without_secrets(inner) for name, inner in value.items() if name.lower() not in _SECRETS}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_secrets(inner) for inner in value]
    return value


def _rest(shape: OpenShape) -> JsonObject:
    """Return the fields that no schema names, as they were sent."""
    return cast("JsonObject", shape.model_extra or {})
