"""Which region answers a request: a pure decision from what the path names and what is known of it."""

from collections.abc import Collection
from typing import Final

from attrs import frozen

from farpoint.model.actions import spelled
from farpoint.model.arm_id import ArmId
from farpoint.model.regions import region_key
from farpoint.services.ownership import is_owned_type

_PROVIDERS: Final = "providers"
_FIXED: Final = ("subscriptions", "resourcegroups", _PROVIDERS)
#: Words below ``providers/{namespace}`` after which a region's name stands.
_REGIONAL: Final = frozenset({"locations", "regions"})
#: Segment that is the region's name after such a word.
_REGION_PLACE: Final = 5


@frozen(kw_only=True)
class Target:
    """What a path names: a region, or a resource that one region has."""

    #: Region named in the path, empty when a resource is.
    region: str = ""
    #: The resource, or for an action the one it acts on; its fixed words as Azure writes them.
    resource: ArmId | None = None
    #: What follows the resource: an action (``beginGetAccess``) or a kind of children (``diskRestorePoints``).
    tail: str = ""

    @property
    def is_top_level(self) -> bool:
        """True when the path ends at a resource that is below no other."""
        return self.resource is not None and len(self.resource.path) == 1 and not self.tail


@frozen(kw_only=True)
class Known:
    """What is known of a target when it is decided who answers."""

    #: Name of this region, and of its peers.
    own: str
    peers: Collection[str]
    #: True when this region has the outermost resource.
    is_here: bool = False
    #: Peers that have it, oldest resource first.
    elsewhere: tuple[str, ...] = ()
    #: ``location`` in the body of a PUT, empty when there is none.
    location: str = ""


def target_of(path: str) -> Target | None:
    """Read a path, its fixed words in lower case; None when this region answers it whatever there is elsewhere."""
    segments = path.strip("/").split("/")
    if len(segments) > _REGION_PLACE and segments[2] == _PROVIDERS and segments[4] in _REGIONAL:
        return Target(region=segments[_REGION_PLACE])
    fixed = tuple(segments[0:5:2])
    if len(segments) < 8 or fixed != _FIXED or "" in segments:  # noqa: PLR2004 - the shortest id of a resource
        return None
    pairs = segments[6:]
    if _PROVIDERS in pairs[::2]:
        # Something of another provider at this scope: role assignments, which every region has.
        return None
    tail = pairs.pop() if len(pairs) % 2 else ""
    named = tuple((spelled(kind), name) for kind, name in zip(pairs[0::2], pairs[1::2], strict=True))
    resource = ArmId(subscription=segments[1], group=segments[3], namespace=spelled(segments[5]), path=named)
    return Target(resource=resource, tail=tail) if is_owned_type(resource.top.type) else None


def choose_region(target: Target, method: str, known: Known) -> str | None:
    """Return the region that answers; None when nobody is known to have the resource."""
    if target.region:
        return _named(target.region, known)
    if method == "PUT" and target.is_top_level:
        named = _named(known.location, known)
        if named is not None:
            return named
    if known.is_here:
        return known.own
    return known.elsewhere[0] if known.elsewhere else None


def _named(name: str, known: Known) -> str | None:
    return next((region for region in (known.own, *known.peers) if region_key(region) == region_key(name)), None)
