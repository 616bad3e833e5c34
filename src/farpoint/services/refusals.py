"""Refusals that several services make, in ARM's words where azure-wire.md §6 has evidence for them."""

from collections.abc import Sequence

from farpoint.errors import Code, RefusedError, UnavailableError
from farpoint.model.arm_id import ArmId
from farpoint.model.operations import Failure


def resource_missing(arm_id: ArmId, *, target: str = "") -> RefusedError:
    """Refuse because a top-level resource does not exist here."""
    message = f"The Resource '{arm_id.type}/{arm_id.name}' under resource group '{arm_id.group}' was not found."
    return RefusedError(Code.RESOURCE_NOT_FOUND, message, hint="Check the name, the group and the region that is asked.", target=target)


def entity_missing(arm_id: ArmId, *, target: str = "") -> RefusedError:
    """Refuse because a child resource does not exist here."""
    hint = f"There is no {arm_id.path[-1][0]} '{arm_id.name}' in '{arm_id.parent.name}'."
    return RefusedError(Code.NOT_FOUND, "The entity was not found in this Azure location.", hint=hint, target=target)


def group_missing(name: str) -> RefusedError:
    """Refuse because no region knows the resource group."""
    hint = "Create it first: PUT /subscriptions/…/resourceGroups/NAME."
    return RefusedError(Code.RESOURCE_GROUP_NOT_FOUND, f"Resource group '{name}' could not be found.", hint=hint)


def group_unheard(name: str, silent: Sequence[str]) -> UnavailableError:
    """Refuse because the group is unknown here and no peer answers that might know it."""
    message = f"Resource group '{name}' is not known here, and no other region answers that might know it: {', '.join(silent)}."
    hint = "Nothing was created. Ask again when one of them is back, or create the group: PUT /subscriptions/…/resourceGroups/NAME."
    return UnavailableError(Code.PEER_UNAVAILABLE, message, hint=hint)


def group_deleting(name: str) -> RefusedError:
    """Refuse to put anything into a group that is being deleted."""
    message = f"The resource group '{name}' is being deleted."
    return RefusedError(Code.GROUP_BEING_DELETED, message, hint="Wait until it is gone, then create it again.")


def invalid(target: str, message: str, *, hint: str = "") -> RefusedError:
    """Refuse a value of the request; *target* is its JSON path."""
    return RefusedError(Code.INVALID_PARAMETER, message, hint=hint, target=target)


def conflict(message: str, *, hint: str, target: str = "") -> RefusedError:
    """Refuse because of what exists already."""
    return RefusedError(Code.CONFLICT, message, hint=hint, target=target)


def fixed_property(target: str, value: str) -> RefusedError:
    """Refuse to change what is fixed when a resource is made; *value* is what it is."""
    message = f"Changing property '{target}' is not allowed."
    return RefusedError(Code.PROPERTY_CHANGE_NOT_ALLOWED, message, hint=f"It is '{value}', and stays so.", target=target)


def not_allowed(message: str, *, hint: str, target: str = "") -> RefusedError:
    """Refuse because of the state something is in."""
    return RefusedError(Code.OPERATION_NOT_ALLOWED, message, hint=hint, target=target)


def not_ready(what: str, percent: float) -> RefusedError:
    """Refuse to use a restore point or snapshot whose bytes are not all here and checked."""
    message = f"{what} is not complete: {percent:.1f} %."
    return RefusedError(Code.RESTORE_POINT_NOT_READY, message, hint="Wait until it is shown as complete, then ask again.")


def not_usable(what: str, failure: Failure | None) -> RefusedError:
    """Refuse to use a restore point or snapshot whose making has failed."""
    why = "" if failure is None else f": {failure.code}, {failure.message}"
    return RefusedError(Code.RESTORE_POINT_NOT_READY, f"{what} failed{why}", hint="Nothing can be read from it; use another one.")
