"""Role assignments as clients manage them. Those that the configuration makes are shown among the others, and cannot be changed."""

import uuid
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata import role_assignments
from farpoint.metadata.connection import Connection
from farpoint.model.actions import scope_of
from farpoint.model.arm_id import parse_arm_id
from farpoint.model.roles import ROLES, Role, RoleAssignment, covers, find_role, principal_key
from farpoint.services.context import RegionContext
from farpoint.services.groups import require_group
from farpoint.services.refusals import conflict, invalid

ROLE_TARGET: Final = "properties.roleDefinitionId"
_GROUP_SEGMENTS: Final = 4
_SCOPE_HINT: Final = "A scope is the subscription, a resource group, or a resource."


@frozen(kw_only=True)
class AssignmentRequest:
    """A PUT of a role assignment."""

    scope: str
    name: str
    #: Id of the role's definition, as a path.
    role_id: str
    principal: str
    principal_type: str
    description: str


def put_assignment(context: RegionContext, request: AssignmentRequest, *, principal: str) -> RoleAssignment:
    """Give a role. The same asked again is answered alike; an assignment never changes."""
    scope, guid = check_scope(context, request.scope), _guid(request.name)
    path = assignment_id(scope, guid)
    assignment = RoleAssignment(
        id=guid,
        scope=scope,
        role=_role(request.role_id),
        principal=request.principal,
        principal_type=request.principal_type,
        description=request.description,
        created_at=context.clock.now(),
        created_by=principal,
    )
    with context.database.write() as conn:
        existing = _find(context, conn, path)
        if existing is not None:
            return _same(existing, assignment)
        _refuse_twin(context, conn, assignment)
        role_assignments.put_assignment(conn, path, assignment, origin=context.region_id)
    return assignment


def get_assignment(context: RegionContext, *, scope: str, name: str) -> RoleAssignment:
    """Return the assignment, or refuse with RoleAssignmentNotFound."""
    with context.database.read() as conn:
        found = _find(context, conn, assignment_id(scope, name))
    if found is None:
        hint = "List the assignments of the scope to see which there are."
        raise RefusedError(Code.ROLE_ASSIGNMENT_NOT_FOUND, f"The role assignment '{name:.100}' is not found.", hint=hint)
    return found


def list_assignments(context: RegionContext, scope: str) -> Sequence[RoleAssignment]:
    """Return the assignments that matter at *scope*: there, above and below."""
    scope = check_scope(context, scope)
    return [one for one in context.authorities.all() if covers(one.scope, scope) or covers(scope, one.scope)]


def delete_assignment(context: RegionContext, *, scope: str, name: str) -> RoleAssignment | None:
    """Take a role away; None when there is no such assignment."""
    path = assignment_id(scope, name)
    with context.database.write() as conn:
        existing = _find(context, conn, path)
        if existing is None:
            return None
        if existing.configured:
            message = f"The role of client {existing.principal} at the subscription is given by the region's configuration."
            raise conflict(message, hint="Change 'role' of that client in [[directory.clients]] of every region.")
        role_assignments.bury_assignment(conn, path, origin=context.region_id)
    return existing


def list_roles() -> Sequence[Role]:
    """Return the roles there are."""
    return ROLES


def get_role(name: str) -> Role:
    """Return the role of that id, or refuse with RoleDefinitionDoesNotExist."""
    return _role(name)


def assignment_id(scope: str, name: object) -> str:
    """Return the ARM id of an assignment."""
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}"


def check_scope(context: RegionContext, scope: str) -> str:
    """Return *scope* as it is kept; refuse what is neither the subscription, nor a group that exists, nor the id of a resource."""
    segments = scope.strip("/").split("/")
    if segments[0].lower() == "subscriptions" and all(segments):
        if len(segments) == 2:  # noqa: PLR2004 - a subscription's own path
            return f"/subscriptions/{context.subscription_id}"
        if len(segments) == _GROUP_SEGMENTS and segments[2].lower() == "resourcegroups":
            return f"/subscriptions/{context.subscription_id}/resourceGroups/{require_group(context, segments[3]).name}"
        if len(segments) > _GROUP_SEGMENTS:
            return _resource_scope(scope)
    raise invalid("scope", f"'{scope:.200}' is not a scope.", hint=_SCOPE_HINT)


def _resource_scope(scope: str) -> str:
    try:
        parse_arm_id(scope)
    except ValueError as error:
        raise invalid("scope", f"{error}.", hint=_SCOPE_HINT) from error
    return scope_of(scope.strip("/").split("/"))


def _guid(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(name)
    except ValueError as error:
        raise invalid("roleAssignmentName", f"'{name:.100}' is not a GUID.", hint="Choose a new GUID for each assignment.") from error


def _role(role_id: str) -> Role:
    try:
        found = find_role(uuid.UUID(role_id.rpartition("/")[2]))
    except ValueError:
        found = None
    if found is None:
        names = ", ".join(f"{role.name} ({role.id})" for role in ROLES)
        message = f"The specified role definition with ID '{role_id:.200}' does not exist."
        raise RefusedError(Code.ROLE_DEFINITION_MISSING, message, hint=f"Roles are: {names}.", target=ROLE_TARGET)
    return found


def _find(context: RegionContext, conn: Connection, path: str) -> RoleAssignment | None:
    configured = (one for one in context.authorities.configured if assignment_id(one.scope, one.id).lower() == path.lower())
    return next(configured, None) or role_assignments.get_assignment(conn, path)


def _same(existing: RoleAssignment, asked: RoleAssignment) -> RoleAssignment:
    if _grant_of(existing) != _grant_of(asked):
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise RefusedError(Code.ROLE_ASSIGNMENT_FIXED, message, hint="Delete the assignment and make another, with a new GUID.")
    return existing


def _refuse_twin(context: RegionContext, conn: Connection, asked: RoleAssignment) -> None:
    """Refuse what another assignment gives already; clients look that one up by this code."""
    for one in (*context.authorities.configured, *role_assignments.list_assignments_of(conn, asked.principal)):
        if _grant_of(one) == _grant_of(asked):
            message = "The role assignment already exists."
            raise RefusedError(Code.ROLE_ASSIGNMENT_EXISTS, message, hint=f"It is {assignment_id(one.scope, one.id)}.")


def _grant_of(assignment: RoleAssignment) -> tuple[str, str, uuid.UUID]:
    return assignment.scope.lower(), principal_key(assignment.principal), assignment.role.id
