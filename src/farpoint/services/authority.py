"""Who may do what here: a principal's role assignments, those of the directory and those the configuration makes."""

from collections.abc import Sequence

from attrs import Factory, field, frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata.database import Database
from farpoint.model.actions import Need, Requested
from farpoint.model.roles import RoleAssignment, covers, principal_key
from farpoint.services.given_roles import GivenRoles


@frozen(kw_only=True)
class Principal:
    """Whoever a token speaks for."""

    #: Object id, to which roles are assigned.
    id: str
    #: What the client is called in messages.
    name: str


@frozen(kw_only=True)
class Authority:
    """What one principal may do, as read at one moment."""

    principal: Principal
    assignments: tuple[RoleAssignment, ...]

    def allows(self, action: str, scope: str) -> bool:
        """Tell whether the principal may do *action* at *scope*."""
        return any(assignment.allows(action, scope) for assignment in self.assignments)

    def allows_below(self, action: str, scope: str) -> bool:
        """Tell whether it may at *scope* or anywhere below."""
        here = self.allows(action, scope)
        return here or any(covers(scope, one.scope) and one.role.allows(action) for one in self.assignments)

    def allows_anywhere(self, action: str) -> bool:
        """Tell whether it may at any scope."""
        return any(one.role.allows(action) for one in self.assignments)

    def require(self, asked: Requested) -> None:
        """Refuse with AuthorizationFailed, in Azure's words, what the principal may not do."""
        if not self._satisfies(asked):
            message = (
                f"{self._who} does not have authorization to perform action '{asked.action}' over scope '{asked.scope}' "
                "or the scope is invalid. If access was recently granted, please refresh your credentials."
            )
            raise RefusedError(Code.AUTHORIZATION_FAILED, message, hint=self._hint(asked.action, asked.scope))

    def require_linked(self, asked: Requested, *, action: str, scope: str) -> None:
        """Refuse with LinkedAuthorizationFailed a request that names something the principal may not use so."""
        if self.allows(action, scope):
            return
        message = (
            f"{self._who} has permission to perform action '{asked.action}' on scope '{asked.scope}'; however, it does not have permission "
            f"to perform action(s) '{action}' on the linked scope(s) '{scope}' (respectively) or the linked scope(s) are invalid."
        )
        raise RefusedError(Code.LINKED_AUTHORIZATION_FAILED, message, hint=self._hint(action, scope))

    def _satisfies(self, asked: Requested) -> bool:
        match asked.need:
            case Need.TOKEN:
                return True
            case Need.ANYWHERE:
                return self.allows_anywhere(asked.action)
            case Need.BELOW:
                return self.allows_below(asked.action, asked.scope)
            case Need.HERE:
                return self.allows(asked.action, asked.scope)

    @property
    def _who(self) -> str:
        return f"The client '{self.principal.name:.100}' with object id '{self.principal.id:.100}'"

    def _hint(self, action: str, scope: str) -> str:
        return f"Ask an Owner for a role with '{action}' at '{scope}' or above."


@frozen(kw_only=True)
class Authorities:
    """Finds what a principal may do."""

    database: Database
    #: Roles that the configuration gives to clients.
    configured: tuple[RoleAssignment, ...]
    _given: GivenRoles = field(init=False, default=Factory(lambda self: GivenRoles(self.database), takes_self=True))

    def of(self, principal: Principal) -> Authority:
        """Return what *principal* may do now."""
        key = principal_key(principal.id)
        own = [one for one in self.configured if principal_key(one.principal) == key]
        return Authority(principal=principal, assignments=(*own, *self._given.to(principal.id)))

    def all(self) -> Sequence[RoleAssignment]:
        """Return every assignment, the configured ones first."""
        return [*self.configured, *self._given.all()]
