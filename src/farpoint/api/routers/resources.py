"""All resources, whatever their type: what portals and ``az resource list`` ask for."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from farpoint.api.caller import ArmCaller, Caller
from farpoint.api.described import FILTERED, Shown, described
from farpoint.api.lists import OWN_LISTS
from farpoint.api.name_conflicts import mark_conflicts
from farpoint.api.paging import page_answer, page_of
from farpoint.api.paths import GROUP, SUBSCRIPTION
from farpoint.api.resource_filters import filter_of, passes
from farpoint.metadata.replicas import Place
from farpoint.model.documents import JsonObject
from farpoint.services.groups import require_group
from farpoint.services.json_reading import object_at, present, text_at
from farpoint.services.listing import list_types_everywhere
from farpoint.services.refusals import invalid

router = APIRouter()
_PLACE_PARTS: Final = 4
#: Read in one go while a filter looks for its elements.
_READ_MAX: Final = 500
_EXPANDED: Final = ("createdTime", "changedTime", "provisioningState")
_LISTED: Final = described(200, shows=Shown.LIST, query=FILTERED)


@router.get(f"{SUBSCRIPTION}/resources", openapi_extra=_LISTED)
def list_resources(caller: ArmCaller) -> Response:
    """List the resources of all regions."""
    return _list(caller, group=None)


@router.get(f"{GROUP}/resources", openapi_extra=_LISTED)
def list_resources_of_group(caller: ArmCaller, group: str) -> Response:
    """List the resources of a group, of all regions."""
    return _list(caller, group=require_group(caller.context, group).name)


def _list(caller: Caller, *, group: str | None) -> Response:
    wanted, expanded = filter_of(caller), _expanded(caller)
    page = page_of(caller, parts=_PLACE_PARTS)
    after: tuple[str, Place] | None = (page.after[0], (page.after[1], page.after[2], page.after[3])) if page.after else None
    types = {name: own for name, own in OWN_LISTS.items() if wanted.get("resourceType", name).lower() == name.lower()}
    shown: list[tuple[tuple[str, ...], JsonObject]] = []
    while len(shown) <= page.limit:
        found = list_types_everywhere(caller.context, types, group=group, after=after, limit=_READ_MAX)
        shown.extend(((name, *place), document) for name, (place, document) in found if passes(document, wanted))
        if len(found) < _READ_MAX:
            break
        after = (found[-1][0], found[-1][1][0])
    marked = mark_conflicts(caller.context, [document for _, document in shown[: page.limit + 1]])
    elements = [(place, _summary(document, expanded)) for (place, _), document in zip(shown, marked, strict=False)]
    return page_answer(caller, page, elements)


def _expanded(caller: Caller) -> frozenset[str]:
    asked = [word.strip() for word in caller.query.get("$expand", "").split(",") if word.strip()]
    known = {word.lower(): word for word in _EXPANDED}
    unknown = next((word for word in asked if word.lower() not in known), None)
    if unknown is not None:
        raise invalid("$expand", f"'{unknown:.50}' cannot be expanded here.", hint=f"Ask for some of {', '.join(_EXPANDED)}.")
    return frozenset(known[word.lower()] for word in asked)


def _summary(document: JsonObject, expanded: frozenset[str]) -> JsonObject:
    """Return what the list shows of a resource: no properties, but what they say of time and state where it was asked for."""
    created = text_at(document, "properties", "timeCreated") or text_at(document, "properties", "farpoint", "timeCreated")
    more: Mapping[str, str | None] = {
        "createdTime": created,
        # When a resource last changed is not kept; it was there from its creation on.
        "changedTime": created,
        "provisioningState": text_at(document, "properties", "provisioningState"),
    }
    farpoint = object_at(document, "properties", "farpoint")
    facts = {key: farpoint[key] for key in ("replica", "nameConflict") if key in farpoint}
    return present(
        id=document["id"],
        name=document["name"],
        type=document["type"],
        location=document["location"],
        tags=document.get("tags"),
        sku=document.get("sku"),
        managedBy=document.get("managedBy"),
        **{key: value for key, value in more.items() if key in expanded},
        farpoint=facts or None,
    )
