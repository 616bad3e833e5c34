"""Look into JSON documents without trusting their shape: what is absent or of another type reads as empty."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import cast

from farpoint.model.documents import JsonObject, JsonValue


def parse_object(data: bytes) -> JsonObject:
    """Parse *data*; anything but a JSON object reads as an empty one."""
    try:
        document = json.loads(data)
    except ValueError:
        return {}
    return cast("JsonObject", document) if isinstance(document, dict) else {}


def look(document: JsonObject, *path: str) -> JsonValue:
    """Return what lies at *path*, None when there is nothing."""
    value: JsonValue = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def section(document: JsonObject, *path: str) -> JsonObject:
    """Return the object at *path*."""
    value = look(document, *path)
    return value if isinstance(value, Mapping) else {}


def rows(document: JsonObject, *path: str) -> Sequence[JsonObject]:
    """Return the objects of the list at *path*."""
    value = look(document, *path)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return [row for row in value if isinstance(row, Mapping)]


def text(document: JsonObject, *path: str) -> str:
    """Return the string at *path*."""
    value = look(document, *path)
    return value if isinstance(value, str) else ""


def texts(document: JsonObject, *path: str) -> tuple[str, ...]:
    """Return the strings of the list at *path*."""
    value = look(document, *path)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return tuple(one for one in value if isinstance(one, str))


def number(document: JsonObject, *path: str) -> float:
    """Return the number at *path*."""
    value = look(document, *path)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def count(document: JsonObject, *path: str) -> int:
    """Return the whole number at *path*."""
    return int(number(document, *path))


def has_number(document: JsonObject, *path: str) -> bool:
    """Tell whether there is a number at *path*."""
    value = look(document, *path)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def moment(document: JsonObject, *path: str) -> str:
    """Return the time at *path* as people read it, to the second, in UTC."""
    written = text(document, *path)
    try:
        time = dt.datetime.fromisoformat(written)
    except ValueError:
        return written
    return time.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def name_in(arm_id: str) -> str:
    """Return the last segment of an ARM id."""
    return arm_id.rstrip("/").rpartition("/")[2]
