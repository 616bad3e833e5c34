"""Role assignments as clients manage them: directory records that every region holds, so any region answers for all of them.

One unknown here is looked for at the peers before it counts as missing. Those that the configuration makes are shown among the
others, and cannot be changed.
"""

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


@frozen(kw_only=True)
class AssignmentWrite:
    """What a PUT or DELETE of an assignment came to."""

    assignment: RoleAssignment
    #: Peers that did not hear of it at once; they pull it when they are back.
    unreachable: tuple[str, ...] = ()


def put_assignment(context: RegionContext, request: AssignmentRequest, *, principal: str) -> AssignmentWrite:
    """Give a role here, then tell the peers. The same asked again is answered alike; an assignment never changes."""
    scope, guid = check_scope(context, request.scope), _guid(request.name)
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
    arm_id = assignment_id(scope, guid)
    _look_up(context, arm_id)
    with context.database.write() as conn:
        existing = _find(context, conn, arm_id)
        if existing is not None:
            return AssignmentWrite(assignment=_same(existing, assignment))
        _refuse_twin(context, conn, assignment)
        record = role_assignments.put_assignment(conn, _path_of(context, arm_id), assignment, origin=context.region_id)
    return AssignmentWrite(assignment=assignment, unreachable=tuple(context.peers.tell(record)))


def get_assignment(context: RegionContext, *, scope: str, name: str) -> RoleAssignment:
    """Return the assignment, or refuse with RoleAssignmentNotFound."""
    found = _look_up(context, assignment_id(scope, name))
    if found is None:
        hint = "List the assignments of the scope to see which there are."
        raise RefusedError(Code.ROLE_ASSIGNMENT_NOT_FOUND, f"The role assignment '{name:.100}' is not found.", hint=hint)
    return found


def list_assignments(context: RegionContext, scope: str) -> Sequence[RoleAssignment]:
    """Return the assignments that matter at *scope*: there, above and below."""
    scope = check_scope(context, scope)
    return [one for one in context.authorities.all() if covers(one.scope, scope) or covers(scope, one.scope)]


def delete_assignment(context: RegionContext, *, scope: str, name: str) -> AssignmentWrite | None:
    """Take a role away here, then tell the peers; None when there is no such assignment."""
    arm_id = assignment_id(scope, name)
    _look_up(context, arm_id)
    with context.database.write() as conn:
        existing = _find(context, conn, arm_id)
        if existing is None:
            return None
        if existing.configured:
            message = f"The role of client {existing.principal} at the subscription is given by the region's configuration."
            raise conflict(message, hint="Change 'role' of that client in [[directory.clients]] of every region.")
        record = role_assignments.bury_assignment(conn, _path_of(context, arm_id), origin=context.region_id)
    return AssignmentWrite(assignment=existing, unreachable=tuple(context.peers.tell(record)))


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


def _look_up(context: RegionContext, arm_id: str) -> RoleAssignment | None:
    with context.database.read() as conn:
        found = _find(context, conn, arm_id)
    if found is None:
        # Made elsewhere while this region was not there to be told, perhaps: what is not known here cannot be taken away.
        context.peer_catalogues.refresh()
        with context.database.read() as conn:
            found = _find(context, conn, arm_id)
    return found


def _find(context: RegionContext, conn: Connection, arm_id: str) -> RoleAssignment | None:
    configured = (one for one in context.authorities.configured if assignment_id(one.scope, one.id).lower() == arm_id.lower())
    return next(configured, None) or role_assignments.get_assignment(conn, _path_of(context, arm_id))


def _path_of(context: RegionContext, arm_id: str) -> str:
    """Return the id without its subscription; whatever is in no subscription stays what it is, which is nothing's path."""
    subscription = f"/subscriptions/{context.subscription_id}"
    return arm_id[len(subscription) :] if covers(subscription, arm_id) else arm_id


def _same(existing: RoleAssignment, asked: RoleAssignment) -> RoleAssignment:
    if _grant_of(existing) != _grant_of(asked):
        message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise RefusedError(Code.ROLE_ASSIGNMENT_FIXED, message, hint="Delete the assignment and make another, with a new GUID.")
    return existing


def _refuse_twin(context: RegionContext, conn: Connection, asked: RoleAssignment) -> None:
    """Refuse what another assignment gives already; clients look that one up by this code."""
    for one in (*context.authorities.configured, *role_assignments.list_assignments(conn)):
        if _grant_of(one) == _grant_of(asked):
            message = "The role assignment already exists."
            raise RefusedError(Code.ROLE_ASSIGNMENT_EXISTS, message, hint=f"It is {assignment_id(one.scope, one.id)}.")


def _grant_of(assignment: RoleAssignment) -> tuple[str, str, uuid.UUID]:
    return assignment.scope.lower(), principal_key(assignment.principal), assignment.role.id
