"""Who may do what, in Azure's terms: roles allow actions, an assignment gives a principal a role at a scope and all below it.

Actions are words like ``Microsoft.Compute/disks/write``; a ``*`` in a role stands for any characters, slashes too; case means nothing.
A scope is a path: the subscription, a group, or a resource.
"""

import datetime as dt
import re
import uuid
from typing import Final

from attrs import frozen

SERVICE_PRINCIPAL: Final = "ServicePrincipal"


@frozen(kw_only=True)
class Role:
    """A role definition."""

    id: uuid.UUID
    name: str
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Tell whether the role has *action*: one of its actions matches, and none that it leaves out."""
        return _any_matches(self.actions, action) and not _any_matches(self.not_actions, action)


@frozen(kw_only=True)
class RoleAssignment:
    """One principal's role at one scope."""

    id: uuid.UUID
    #: As created, without a slash at its end.
    scope: str
    role: Role
    #: Object id: of a client its client id, of an external issuer's user what the issuer calls it.
    principal: str
    principal_type: str
    description: str
    #: When and by which principal it was made; None and empty when the configuration makes it.
    created_at: dt.datetime | None = None
    created_by: str = ""
    #: True when the configuration file makes it, so that no request can change it.
    configured: bool = False

    def allows(self, action: str, scope: str) -> bool:
        """Tell whether it lets the principal do *action* at *scope*."""
        return covers(self.scope, scope) and self.role.allows(action)


def covers(scope: str, other: str) -> bool:
    """Tell whether *other* is *scope* or lies below it."""
    upper, lower = scope.lower().rstrip("/"), other.lower().rstrip("/")
    return lower == upper or lower.startswith(f"{upper}/")


def principal_key(principal: str) -> str:
    """Return the form in which principals are compared: GUIDs in one spelling, anything else to the letter."""
    try:
        return str(uuid.UUID(principal))
    except ValueError:
        return principal


def _any_matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(_matches(pattern, action) for pattern in patterns)


def _matches(pattern: str, action: str) -> bool:
    # re keeps the patterns it has compiled; there are about twenty.
    expression = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(expression, action, re.IGNORECASE | re.DOTALL) is not None


OWNER: Final = Role(
    id=uuid.UUID("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    name="Owner",
    description="Grants full access to manage all resources, including the ability to assign roles.",
    actions=("*",),
)
CONTRIBUTOR: Final = Role(
    id=uuid.UUID("b24988ac-6180-42a0-ab88-20f7382dd24c"),
    name="Contributor",
    description="Grants full access to manage all resources, but does not allow you to assign roles.",
    actions=("*",),
    not_actions=("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Action"),
)
READER: Final = Role(
    id=uuid.UUID("acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    name="Reader",
    description="View all resources, but does not allow you to make any changes.",
    actions=("*/read",),
)
RESTORE_OPERATOR: Final = Role(
    # Farpoint's own; Azure has no such role.
    id=uuid.UUID("6f1d7f0e-52c8-4d0f-9a44-3f0a5b7c9e21"),
    name="Restore Operator",
    description="Create, copy, verify and restore restore points, read all resources; delete nothing.",
    actions=(
        "*/read",
        "Microsoft.Compute/restorePointCollections/write",
        "Microsoft.Compute/restorePointCollections/restorePoints/write",
        "Microsoft.Compute/restorePointCollections/restorePoints/*/action",
        "Microsoft.Compute/disks/write",
        "Microsoft.Compute/disks/*/action",
        "Microsoft.Compute/snapshots/write",
        "Microsoft.Compute/snapshots/*/action",
        "Microsoft.Compute/virtualMachines/write",
        "Microsoft.Resources/deployments/write",
        "Microsoft.Resources/deployments/*/action",
    ),
)

ROLES: Final = (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)


def find_role(role_id: uuid.UUID) -> Role | None:
    """Return the role of that id."""
    return next((role for role in ROLES if role.id == role_id), None)


def role_named(name: str) -> Role | None:
    """Return the role of that name, whatever its case."""
    return next((role for role in ROLES if role.name.lower() == name.lower()), None)


def configured_assignment(*, subscription: str, client: str, role: Role) -> RoleAssignment:
    """Return the assignment of a role to a client by the configuration file; it is the same in every region and run."""
    scope = f"/subscriptions/{subscription}"
    return RoleAssignment(
        id=uuid.uuid5(role.id, f"{scope} {principal_key(client)}"),
        scope=scope,
        role=role,
        principal=client,
        principal_type=SERVICE_PRINCIPAL,
        description="Given by the configuration of the region.",
        configured=True,
    )
