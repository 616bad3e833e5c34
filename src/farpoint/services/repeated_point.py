"""A restore point that a PUT names again: the same request is answered like the first, any other is refused saying what differs.

Clients repeat a PUT when its answer was lost or was a 5xx. So asking twice must neither fail because of the first time nor make a
second point, whether the first is still being made or complete.
"""

from collections.abc import Sequence
from typing import Final

from attrs import asdict, frozen

from farpoint.metadata import points
from farpoint.metadata.connection import Connection
from farpoint.model.operations import Operation
from farpoint.model.resources import Collection, ProvisioningState, RestorePoint
from farpoint.services.json_reading import text_at, value_at
from farpoint.services.outcome import Put
from farpoint.services.point_details import PointDetails
from farpoint.services.points import details_of
from farpoint.services.refusals import conflict

#: Where a request says each part of a wish.
_PATHS: Final = {
    "source": "properties.sourceRestorePoint.id",
    "excluded": "properties.excludeDisks",
    "consistency": "properties.consistencyMode",
    "allow_live": "properties.farpoint.allowLive",
}
_HINTS: Final = {
    ProvisioningState.FAILED: "Delete it, then create it again.",
    ProvisioningState.DELETING: "Wait until it is gone, then create it again.",
}


@frozen(kw_only=True)
class PointWish:
    """What a PUT of a restore point asks for; two that are equal mean the same point."""

    #: ARM id of the source restore point, in lower case; None asks for a capture.
    source: str | None = None
    #: ARM ids of the disks to leave out, in lower case.
    excluded: frozenset[str] = frozenset()
    consistency: str | None = None
    allow_live: bool = False


def find_repeated(conn: Connection, collection: Collection, name: str, wish: PointWish) -> Put[PointDetails] | None:
    """Return the first outcome of the same request; None when the name is free. Refuse a name that means anything else."""
    existing = points.get_point(conn, group=collection.group, collection=collection.name, name=name)
    if existing is None:
        return None
    details = details_of(conn, existing)
    state = existing.provisioning_state
    if state in _HINTS:
        raise conflict(f"Restore point '{existing.name}' exists in collection '{collection.name}': {state}.", hint=_HINTS[state])
    differing = _differing(wish, _wish_of(existing, details.operation))
    if differing:
        message = f"Restore point '{existing.name}' exists in collection '{collection.name}', with another {' and '.join(differing)}."
        raise conflict(message, hint="A restore point never changes: choose another name.", target=differing[0])
    return Put(resource=details, created=False, operation=details.operation)


def _wish_of(point: RestorePoint, operation: Operation | None) -> PointWish:
    request = {} if operation is None else operation.request
    return PointWish(
        source=None if point.source_point_id is None else point.source_point_id.lower(),
        excluded=frozenset(disk.lower() for disk in point.exclude_disks),
        consistency=text_at(request, "consistencyMode"),
        allow_live=value_at(request, "allowLive") is True,
    )


def _differing(wish: PointWish, before: PointWish) -> Sequence[str]:
    asked, made = asdict(wish), asdict(before)
    return [path for part, path in _PATHS.items() if asked[part] != made[part]]
