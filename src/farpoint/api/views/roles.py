"""Roles and role assignments as ARM shows them."""

from collections.abc import Sequence

from farpoint.api.views.text import optional_time
from farpoint.model.documents import JsonObject
from farpoint.model.roles import Role, RoleAssignment
from farpoint.services.json_reading import present
from farpoint.services.roles import assignment_id

_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"


def role_view(role: Role, *, subscription: str) -> JsonObject:
    """Show a role definition."""
    permission: JsonObject = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": [],
        "notDataActions": [],
    }
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [permission],
        },
        "id": role_id(role, subscription=subscription),
        "type": _DEFINITIONS,
        "name": str(role.id),
    }


def assignment_view(assignment: RoleAssignment, *, subscription: str, unreachable: Sequence[str] = ()) -> JsonObject:
    """Show a role assignment; *unreachable* names the regions that have not heard of this change yet."""
    made_at = optional_time(assignment.created_at)
    return {
        "properties": {
            "roleDefinitionId": role_id(assignment.role, subscription=subscription),
            "principalId": assignment.principal,
            "principalType": assignment.principal_type,
            "scope": assignment.scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": made_at,
            "updatedOn": made_at,
            "createdBy": assignment.created_by or None,
            "updatedBy": assignment.created_by or None,
            "delegatedManagedIdentityResourceId": None,
            "description": assignment.description or None,
            "farpoint": present(configured=assignment.configured, unreachable=list(unreachable) or None),
        },
        "id": assignment_id(assignment.scope, assignment.id),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": str(assignment.id),
    }


def role_id(role: Role, *, subscription: str) -> str:
    """Return the ARM id of a role definition."""
    return f"/subscriptions/{subscription}/providers/{_DEFINITIONS}/{role.id}"
