"""Bodies about restore points: a local one, or a copy when sourceRestorePoint is named."""

from typing import Annotated, Final

from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.names import check_point_name
from farpoint.api.schemas.shape import OpenShape, OwnShape, Reference, Shape
from farpoint.model.manifest import Consistency
from farpoint.services.new_copy import CopyRequest
from farpoint.services.new_point import PointRequest
from farpoint.services.refusals import invalid

#: A VM has an OS disk and at most 64 data disks.
_DISKS_MAX: Final = 65


class _PointFarpoint(OwnShape):
    allow_live: bool = False


class _PointProperties(Shape):
    exclude_disks: Annotated[list[Reference], Field(max_length=_DISKS_MAX)] | None = None
    consistency_mode: str | None = None
    source_restore_point: Reference | None = None
    source_metadata: OpenShape | None = None
    farpoint: _PointFarpoint = Field(default_factory=_PointFarpoint)

    @field_validator("consistency_mode")
    @classmethod
    def _legal(cls, value: str | None) -> str | None:
        if value is not None and value.lower() != Consistency.CRASH.value.lower():
            message = f"'{value:.50}' cannot be asked for; leave it out, or use {Consistency.CRASH}"
            raise ValueError(message)
        return None if value is None else Consistency.CRASH.value


class PointBody(Shape):
    """A restore point; without properties, one of the default kind."""

    properties: _PointProperties | None = None


def parse_point(body: bytes, *, group: str, collection: str, name: str) -> PointRequest | CopyRequest:
    """Parse a PUT; ``{}`` asks for a point with all defaults."""
    check_point_name(name)
    given = parse_body(PointBody, body).properties or _PointProperties()
    if given.source_metadata is not None and given.source_metadata.model_extra:
        message = "Encryption of disk restore points cannot be chosen yet: the platform key is used."
        raise invalid("properties.sourceMetadata", message, hint="Leave it out.")
    if given.source_restore_point is not None:
        _refuse_on_copy(given)
        excluded = tuple(disk.id for disk in given.exclude_disks or [])
        return CopyRequest(group=group, collection=collection, name=name, source_id=given.source_restore_point.id, exclude_disks=excluded)
    return PointRequest(
        group=group,
        collection=collection,
        name=name,
        exclude_disks=tuple(disk.id for disk in given.exclude_disks or []),
        consistency=None if given.consistency_mode is None else Consistency(given.consistency_mode),
        allow_live=given.farpoint.allow_live,
    )


def _refuse_on_copy(given: _PointProperties) -> None:
    """Refuse what only a capture can choose."""
    hint = "Leave it out: a copy has the disks and the consistency of its source."
    if given.consistency_mode is not None:
        raise invalid("properties.consistencyMode", "A copy inherits its consistency.", hint=hint)
    if given.farpoint.allow_live:
        raise invalid("properties.farpoint.allowLive", "A copy reads no disk of a VM.", hint=hint)
