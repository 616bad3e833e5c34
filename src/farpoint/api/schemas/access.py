"""Bodies of beginGetAccess."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.shape import OwnShape, Shape
from farpoint.model.access import AccessLevel, BlobFormat
from farpoint.model.arm_id import ArmId
from farpoint.services.granting import DURATION_SECONDS_MAX, AccessRequest


class _AccessFarpoint(OwnShape):
    format: Literal["raw", "vhd"] = "vhd"


class AccessBody(Shape):
    """What is to be granted, and for how long."""

    access: str
    duration_in_seconds: Annotated[int, Field(ge=1, le=DURATION_SECONDS_MAX)]
    file_format: str | None = None
    secure_guest_state: Annotated[bool | None, Field(alias="getSecureVMGuestStateSAS")] = None
    farpoint: _AccessFarpoint = Field(default_factory=_AccessFarpoint)

    @field_validator("access")
    @classmethod
    def _known(cls, value: str) -> str:
        for level in AccessLevel:
            if value.lower() == level.value.lower():
                return level.value
        message = f"'{value:.50}' is not offered; use {' or '.join(AccessLevel)}"
        raise ValueError(message)

    @field_validator("file_format")
    @classmethod
    def _vhd_only(cls, value: str | None) -> str | None:
        if value is not None and value.lower() != "vhd":
            message = f"'{value:.50}' is not offered: disks are shown as VHD, or as raw bytes with farpoint.format raw"
            raise ValueError(message)
        return value

    @field_validator("secure_guest_state")
    @classmethod
    def _no_guest_state(cls, value: bool | None) -> bool | None:  # noqa: FBT001 - pydantic hands the value over so
        if value:
            message = "there is no VM guest state here: confidential VMs are not supported"
            raise ValueError(message)
        return value


def parse_access(body: bytes, *, resource: ArmId) -> AccessRequest:
    """Parse a POST beginGetAccess on *resource*."""
    given = parse_body(AccessBody, body)
    return AccessRequest(
        resource=resource,
        access=AccessLevel(given.access),
        format=BlobFormat(given.farpoint.format),
        duration_seconds=given.duration_in_seconds,
    )
