"""ARM resource ids: parsed, compared without regard to case, printed as they were created."""

from attrs import frozen

_SUBSCRIPTIONS = "subscriptions"
_GROUPS = "resourcegroups"
_PROVIDERS = "providers"


@frozen(kw_only=True)
class ArmId:
    """``/subscriptions/{s}/resourceGroups/{g}/providers/{ns}/{type}/{name}[/{type}/{name}…]``."""

    subscription: str
    group: str
    namespace: str
    #: Pairs of (type segment, name), outermost first; never empty.
    path: tuple[tuple[str, str], ...]

    @property
    def type(self) -> str:
        """Full type, e.g. ``Microsoft.Compute/restorePointCollections/restorePoints``."""
        return "/".join((self.namespace, *(segment for segment, _ in self.path)))

    @property
    def name(self) -> str:
        """Name of the innermost resource."""
        return self.path[-1][1]

    @property
    def key(self) -> str:
        """The form in which ids are compared: lower case."""
        return str(self).lower()

    @property
    def in_subscription(self) -> str:
        """The id without its subscription, as regions name resources to each other."""
        return str(self).removeprefix(f"/{_SUBSCRIPTIONS}/{self.subscription}")

    @property
    def top(self) -> "ArmId":
        """The outermost resource, which is in one region with all that lies below it."""
        return ArmId(subscription=self.subscription, group=self.group, namespace=self.namespace, path=self.path[:1])

    @property
    def parent(self) -> "ArmId":
        """The enclosing resource; raises ValueError for a top-level one."""
        if len(self.path) == 1:
            message = f"{self} has no parent resource"
            raise ValueError(message)
        return ArmId(subscription=self.subscription, group=self.group, namespace=self.namespace, path=self.path[:-1])

    def child(self, segment: str, name: str) -> "ArmId":
        """Return the id of the child resource *name* of type *segment*."""
        return ArmId(subscription=self.subscription, group=self.group, namespace=self.namespace, path=(*self.path, (segment, name)))

    def is_type(self, type_name: str) -> bool:
        """Compare the type without regard to case."""
        return self.type.lower() == type_name.lower()

    def __str__(self) -> str:
        """Print the id with Azure's casing of the fixed words."""
        tail = "".join(f"/{segment}/{name}" for segment, name in self.path)
        return f"/subscriptions/{self.subscription}{group_path(self.group)}/providers/{self.namespace}{tail}"


def parse_arm_id(text: str) -> ArmId:
    """Parse *text*; raise ValueError with what is wrong when it is not a resource id."""
    parts = text.strip("/").split("/") if text.startswith("/") else []
    fixed_words = tuple(part.lower() for part in parts[0:5:2])
    if len(parts) < 8 or len(parts) % 2 or fixed_words != (_SUBSCRIPTIONS, _GROUPS, _PROVIDERS) or "" in parts:  # noqa: PLR2004 - the shortest id has 8 segments
        message = f"{text!r} is not an ARM resource id (/subscriptions/…/resourceGroups/…/providers/…/TYPE/NAME)"
        raise ValueError(message)
    pairs = tuple(zip(parts[6::2], parts[7::2], strict=True))
    return ArmId(subscription=parts[1], group=parts[3], namespace=parts[5], path=pairs)


def compute_id(*, subscription: str, group: str, path: tuple[tuple[str, str], ...]) -> ArmId:
    """Return the id of a ``Microsoft.Compute`` resource."""
    return ArmId(subscription=subscription, group=group, namespace="Microsoft.Compute", path=path)


def group_path(group: str) -> str:
    """Return a resource group's id without its subscription, which is how the catalogue names resources."""
    return f"/resourceGroups/{group}"


def compute_path(group: str, *path: tuple[str, str]) -> str:
    """Return the id of a ``Microsoft.Compute`` resource without its subscription."""
    tail = "".join(f"/{segment}/{name}" for segment, name in path)
    return f"{group_path(group)}/providers/Microsoft.Compute{tail}"
