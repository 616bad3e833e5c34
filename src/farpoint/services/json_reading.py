"""Reading JSON documents whose shape nobody guarantees: what is missing or of another kind reads as empty."""

from collections.abc import Mapping, Sequence

from farpoint.model.documents import JsonObject, JsonValue


def value_at(document: JsonObject, *keys: str) -> JsonValue:
    """Return what lies under *keys*, or None."""
    value: JsonValue = document
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def object_at(document: JsonObject, *keys: str) -> JsonObject:
    """Return the object under *keys*, or an empty one."""
    value = value_at(document, *keys)
    return value if isinstance(value, Mapping) else {}


def text_at(document: JsonObject, *keys: str) -> str | None:
    """Return the string under *keys*, or None."""
    value = value_at(document, *keys)
    return value if isinstance(value, str) else None


def objects_at(document: JsonObject, *keys: str) -> list[JsonObject]:
    """Return the objects of the array under *keys*."""
    value = value_at(document, *keys)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def without(document: JsonObject, *keys: str) -> dict[str, JsonValue]:
    """Return *document* without *keys*."""
    return {key: value for key, value in document.items() if key not in keys}


def present(**fields: JsonValue) -> dict[str, JsonValue]:
    """Return the fields that are not None, in the order given."""
    return {key: value for key, value in fields.items() if value is not None}
