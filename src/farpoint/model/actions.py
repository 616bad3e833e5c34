"""What a request does, in the words of roles: its action and scope, from method and path alone (as Azure Resource Manager does it).

``PUT /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d`` is ``Microsoft.Compute/disks/write`` on that disk; a list is a
read of what it lists, at the scope it lists from; ``POST …/disks/d/verify`` is ``Microsoft.Compute/disks/verify/action`` on the disk.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

from attrs import frozen


class Need(Enum):
    """What a caller must have."""

    #: A token is enough; whoever answers may ask for more when it knows the resource.
    TOKEN = auto()
    #: The action somewhere in the subscription: what everybody in it may know.
    ANYWHERE = auto()
    #: The action at the scope or somewhere below it; the answer holds what may be read.
    BELOW = auto()
    #: The action at the scope.
    HERE = auto()


@frozen(kw_only=True)
class Requested:
    """One request's action."""

    need: Need
    action: str = ""
    scope: str = ""


_VERBS: Final[Mapping[str, str]] = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_READING: Final = frozenset({"GET", "HEAD"})
#: How Azure writes the fixed words of paths, which reach us in any case; others are shown as they came.
_WORDS: Final = {
    word.lower(): word
    for word in (
        "Farpoint",
        "Microsoft.Authorization",
        "Microsoft.Compute",
        "Microsoft.Insights",
        "Microsoft.Network",
        "Microsoft.Resources",
        "beginGetAccess",
        "diskEncryptionSets",
        "diskRestorePoints",
        "endGetAccess",
        "networkInterfaces",
        "networkSecurityGroups",
        "publicIPAddresses",
        "resourceGroups",
        "restorePointCollections",
        "restorePoints",
        "roleAssignments",
        "roleDefinitions",
        "virtualMachines",
        "virtualNetworks",
    )
}
#: URLs of running work: whoever was given one has its id, which nobody can guess.
_POLLED: Final = frozenset({"operations", "diskoperations"})
_POLL_SEGMENTS: Final = 8
#: Lists that everybody in the subscription may read whole.
_KNOWN_TO_ALL: Final = frozenset({"farpoint/regions", "farpoint/limits", "microsoft.authorization/roledefinitions"})
_SUBSCRIPTION: Final = "Microsoft.Resources/subscriptions"
#: The activity log; an event is read where its resource is.
EVENTS: Final = "Microsoft.Insights/eventtypes/values"


def requested(method: str, path: str) -> Requested:
    """Return what *method* on *path* asks for."""
    segments = path.strip("/").split("/")
    if segments[0].lower() != "subscriptions" or len(segments) == 1:
        return Requested(need=Need.TOKEN)
    if method in _READING and _is_poll(segments):
        return Requested(need=Need.TOKEN)
    namespaces = [place + 1 for place in range(2, len(segments) - 1, 2) if segments[place].lower() == "providers"]
    if not namespaces:
        return _of_resources(method, segments)
    # A provider below another's resource, as of role assignments, is the one that is asked.
    return _of_provider(method, segments, start=namespaces[-1])


def _is_poll(segments: Sequence[str]) -> bool:
    """Tell whether this is ``/subscriptions/S/providers/NAMESPACE/locations/L/operations/ID``; all else of these names are resources."""
    words = [segment.lower() for segment in segments[2::2]]
    return len(segments) == _POLL_SEGMENTS and words[0] == "providers" and words[1] == "locations" and words[2] in _POLLED


def _of_provider(method: str, segments: Sequence[str], *, start: int) -> Requested:
    """Read ``…/providers/NAMESPACE[/TYPE/NAME]…[/LIST or ACTION]``; the namespace is at *start*."""
    namespace, rest = spelled(segments[start]), segments[start + 1 :]
    if not rest:
        return Requested(need=Need.ANYWHERE, action=f"{_SUBSCRIPTION}/providers/{_verb(method)}", scope=scope_of(segments[:2]))
    kind = "/".join((namespace, *(spelled(word) for word in rest[::2])))
    is_reading, is_last_a_name = method in _READING, len(rest) % 2 == 0
    # What is listed, and what an action is done to, stands before the last word; before a provider's own there is only the scope.
    owner = segments[: start - 1] if len(rest) == 1 or kind == EVENTS else segments[:-1]
    need = Need.HERE
    if is_reading and kind.lower() in _KNOWN_TO_ALL:
        need = Need.ANYWHERE
    elif is_reading and not is_last_a_name:
        need = Need.BELOW
    return Requested(need=need, action=f"{kind}/{_verb(method)}", scope=scope_of(segments if is_last_a_name else owner))


def _of_resources(method: str, segments: Sequence[str]) -> Requested:
    """Read ``/subscriptions/S[/resourceGroups/G][/LIST]``, which belong to Microsoft.Resources."""
    types = "/".join(spelled(word) for word in segments[2::2])
    action = f"{_SUBSCRIPTION}/{types}/{_verb(method)}" if types else f"{_SUBSCRIPTION}/{_verb(method)}"
    is_list = len(segments) % 2 == 1
    scope = scope_of(segments[:-1] if is_list else segments)
    if method not in _READING:
        return Requested(need=Need.HERE, action=action, scope=scope)
    if len(segments) == 2 or segments[-1].lower() in {"locations", "providers"}:  # noqa: PLR2004 - the subscription itself
        return Requested(need=Need.ANYWHERE, action=action, scope=scope)
    return Requested(need=Need.BELOW if is_list else Need.HERE, action=action, scope=scope)


def spelled(word: str) -> str:
    """Return a fixed word of a path as Azure writes it."""
    return _WORDS.get(word.lower(), word)


def scope_of(segments: Sequence[str]) -> str:
    """Return the scope that path segments name, its fixed words as Azure writes them."""
    written = [segment if place % 2 else spelled(segment) for place, segment in enumerate(segments)]
    for place in range(0, len(written) - 1, 2):
        if written[place].lower() == "providers":
            written[place + 1] = spelled(written[place + 1])
    return "/" + "/".join(written)


def _verb(method: str) -> str:
    return _VERBS.get(method, "action")
