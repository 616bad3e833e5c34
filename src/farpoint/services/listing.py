"""Lists over all regions: what this region has and what its peers last said, in one order, read page by page."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from farpoint.metadata.replicas import Place
from farpoint.model.documents import JsonObject
from farpoint.model.spans import Span
from farpoint.services.context import RegionContext
from farpoint.services.replica_reads import list_elsewhere, place_of

#: Reads this region's own resources of one type as documents, everything expanded, by group and name.
OwnList: TypeAlias = Callable[[RegionContext, str | None, Span], Sequence[JsonObject]]
Element: TypeAlias = tuple[Place, JsonObject]


def list_everywhere(
    context: RegionContext, own: OwnList, type_name: str, *, group: str | None, after: Place | None, limit: int
) -> Sequence[Element]:
    """Return at most *limit* resources of one type of all regions, with their places, those after *after*."""
    span = Span(after=None if after is None else after[:2], limit=limit)
    here = [(place_of(str(document["id"]), None), document) for document in own(context, group, span)]
    there = list_elsewhere(context, type_name, group=group, after=after, limit=limit)
    return sorted([*here, *there], key=lambda element: element[0])[:limit]


def list_types_everywhere(
    context: RegionContext,
    types: Mapping[str, OwnList],
    *,
    group: str | None,
    after: tuple[str, Place] | None,
    limit: int,
) -> Sequence[tuple[str, Element]]:
    """Return at most *limit* resources of several types, type by type, each with its type, those after *after*."""
    found: list[tuple[str, Element]] = []
    for name, own in sorted(types.items()):
        if after is not None and name < after[0]:
            continue
        start = after[1] if after is not None and name == after[0] else None
        left = limit - len(found)
        if left <= 0:
            break
        found.extend((name, element) for element in list_everywhere(context, own, name, group=group, after=start, limit=left))
    return found
