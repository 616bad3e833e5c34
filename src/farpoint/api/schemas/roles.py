"""Bodies about role assignments."""

from typing import Annotated

from pydantic import Field, field_validator

from farpoint.api.body import parse_body
from farpoint.api.schemas.shape import ResourceId, Shape
from farpoint.model.roles import SERVICE_PRINCIPAL
from farpoint.services.roles import AssignmentRequest

#: Kinds of principals that tokens speak for. Groups are not among them: nobody tells a region who is in one.
_KINDS = {kind.lower(): kind for kind in (SERVICE_PRINCIPAL, "User")}


class _Properties(Shape):
    role_definition_id: ResourceId
    principal_id: Annotated[str, Field(min_length=1, max_length=256)]
    principal_type: str | None = None
    description: Annotated[str, Field(max_length=1024)] | None = None
    condition: str | None = None

    @field_validator("principal_type")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is None or value.lower() in _KINDS:
            return value
        message = f"'{value:.50}' cannot be given a role; use {' or '.join(_KINDS.values())}"
        raise ValueError(message)

    @field_validator("condition")
    @classmethod
    def _none(cls, value: str | None) -> str | None:
        if value:
            # A condition that is not evaluated would give more than it says.
            message = "conditions are not evaluated here; leave it out"
            raise ValueError(message)
        return None


class RoleAssignmentBody(Shape):
    """Who is to have which role."""

    properties: _Properties


def parse_assignment(body: bytes, *, scope: str, name: str) -> AssignmentRequest:
    """Parse a PUT."""
    given = parse_body(RoleAssignmentBody, body).properties
    return AssignmentRequest(
        scope=scope,
        name=name,
        role_id=given.role_definition_id,
        principal=given.principal_id,
        principal_type=_KINDS[(given.principal_type or SERVICE_PRINCIPAL).lower()],
        description=given.description or "",
    )
