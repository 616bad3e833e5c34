"""``$filter`` of resource and group lists: the equalities that clients send, joined by ``and``."""

from collections.abc import Mapping
from typing import Final

from farpoint.api.caller import Caller
from farpoint.api.filters import parse_filter, unknown_term
from farpoint.model.documents import JsonObject
from farpoint.model.regions import region_key
from farpoint.services.json_reading import object_at, text_at

_FIELDS: Final = ("resourceType", "name", "location", "resourceGroup", "tagName", "tagValue")
_FORMS: Final = f"FIELD eq 'VALUE' with one of {', '.join(_FIELDS)}"
_KNOWN: Final = {field.lower(): field for field in _FIELDS}


def filter_of(caller: Caller) -> Mapping[str, str]:
    """Return the asked values by field; refuse what is no such filter."""
    wanted: dict[str, str] = {}
    for term in parse_filter(caller.query.get("$filter"), known=_FORMS):
        if term.operator != "eq" or term.name not in _KNOWN:
            raise unknown_term(term, _FORMS)
        wanted[_KNOWN[term.name]] = term.value
    return wanted


def passes(document: JsonObject, wanted: Mapping[str, str]) -> bool:
    """Tell whether a resource or group has all the wanted values."""
    return all(_has(document, field, value, wanted) for field, value in wanted.items())


def _has(document: JsonObject, field: str, value: str, wanted: Mapping[str, str]) -> bool:
    if field == "tagName":
        return _tag(document, value) is not None
    if field == "tagValue":
        return _tag(document, wanted.get("tagName", "")) == value
    if field == "location":
        return region_key(text_at(document, "location") or "") == region_key(value)
    if field == "resourceGroup":
        return f"/resourcegroups/{value.lower()}/" in f"{text_at(document, 'id') or ''}/".lower()
    found = text_at(document, "type" if field == "resourceType" else "name") or ""
    return found.lower() == value.lower()


def _tag(document: JsonObject, name: str) -> object:
    """Return a tag's value; its name is compared without case, as everywhere in Azure."""
    tags = object_at(document, "tags")
    return next((value for key, value in tags.items() if key.lower() == name.lower()), None)
