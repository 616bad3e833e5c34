"""Roles and their assignments, at any scope."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from farpoint.api.answers import empty_answer, json_answer, list_answer
from farpoint.api.body import Body
from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import FILTER, Shown, described
from farpoint.api.filters import Term, parse_filter, unknown_term
from farpoint.api.paths import ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from farpoint.api.schemas.roles import RoleAssignmentBody, parse_assignment
from farpoint.api.views.roles import assignment_view, role_view
from farpoint.model.documents import JsonObject
from farpoint.model.roles import RoleAssignment, covers, principal_key, role_named
from farpoint.services import roles

router = APIRouter()
_LISTED: Final = described(200, shows=Shown.LIST, query=(FILTER,))


def scope_in_path(request: Request) -> str:
    """Return the scope that a path begins with."""
    return f"/{request.path_params['scope']}"


#: What the lists can be filtered by.
_OF_ROLES: Final = "roleName eq 'NAME'"
_OF_ASSIGNMENTS: Final = "atScope(), principalId eq 'ID' or assignedTo('ID')"

Scope = Annotated[str, Depends(scope_in_path)]


@router.get(ROLE_DEFINITIONS, openapi_extra=_LISTED)
def list_roles(caller: ArmCaller, scope: Scope) -> Response:
    """List the roles there are, at whatever scope."""
    roles.check_scope(caller.context, scope)
    found = roles.list_roles()
    for term in parse_filter(caller.query.get("$filter"), known=_OF_ROLES):
        if term.name == "rolename":
            found = [role for role in found if role is role_named(term.value)]
        elif term.name not in {"atscopeandbelow", "type"}:
            raise unknown_term(term, _OF_ROLES)
    return list_answer(caller, [role_view(role, subscription=caller.subscription) for role in found])


@router.get(f"{ROLE_DEFINITIONS}/{{name}}", openapi_extra=described(200))
def get_role(caller: ArmCaller, scope: Scope, name: str) -> Response:
    """Show a role."""
    roles.check_scope(caller.context, scope)
    return json_answer(role_view(roles.get_role(name), subscription=caller.subscription))


@router.get(ROLE_ASSIGNMENTS, openapi_extra=_LISTED)
def list_assignments(caller: ArmCaller, scope: Scope) -> Response:
    """List the assignments at a scope, above and below it, as far as the caller may read them."""
    found = roles.list_assignments(caller.context, scope)
    for term in parse_filter(caller.query.get("$filter"), known=_OF_ASSIGNMENTS):
        if term.name not in _FILTERS:
            raise unknown_term(term, _OF_ASSIGNMENTS)
        found = _FILTERS[term.name](found, term, scope)
    readable = [one for one in found if caller.may_read(one.scope)]
    return list_answer(caller, [assignment_view(one, subscription=caller.subscription) for one in readable])


@router.put(f"{ROLE_ASSIGNMENTS}/{{name}}", openapi_extra=described(201, body=RoleAssignmentBody))
def put_assignment(caller: ArmCaller, scope: Scope, name: str, body: Body) -> Response:
    """Give a role; always 201, also for the same asked again."""
    made = roles.put_assignment(caller.context, parse_assignment(body, scope=scope, name=name), principal=caller.principal)
    return json_answer(_written_view(caller, made), status=201)


@router.get(f"{ROLE_ASSIGNMENTS}/{{name}}", openapi_extra=described(200))
def get_assignment(caller: ArmCaller, scope: Scope, name: str) -> Response:
    """Show an assignment."""
    found = roles.get_assignment(caller.context, scope=scope, name=name)
    return json_answer(assignment_view(found, subscription=caller.subscription))


@router.delete(f"{ROLE_ASSIGNMENTS}/{{name}}", openapi_extra=described(200, 204))
def delete_assignment(caller: ArmCaller, scope: Scope, name: str) -> Response:
    """Take a role away; answers with what it was."""
    gone = roles.delete_assignment(caller.context, scope=scope, name=name)
    return empty_answer(204) if gone is None else json_answer(_written_view(caller, gone))


def _written_view(caller: Caller, write: roles.AssignmentWrite) -> JsonObject:
    return assignment_view(write.assignment, subscription=caller.subscription, unreachable=write.unreachable)


def _at_scope(found: Sequence[RoleAssignment], _term: Term, scope: str) -> Sequence[RoleAssignment]:
    return [one for one in found if covers(one.scope, scope)]


def _of_principal(found: Sequence[RoleAssignment], term: Term, _scope: str) -> Sequence[RoleAssignment]:
    return [one for one in found if principal_key(one.principal) == principal_key(term.value)]


_FILTERS: Final[Mapping[str, Callable[[Sequence[RoleAssignment], Term, str], Sequence[RoleAssignment]]]] = {
    "atscope": _at_scope,
    "principalid": _of_principal,
    "assignedto": _of_principal,
}
