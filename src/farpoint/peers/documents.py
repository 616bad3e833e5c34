"""Reading JSON messages strictly: each field has a type and a bound, and a wrong one is named."""

import base64
import binascii
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import cast

from attrs import frozen

from farpoint.model.documents import JsonObject
from farpoint.peers.protocol import TEXT_LENGTH_MAX


def encode_document(document: JsonObject) -> bytes:
    """Encode a message compactly."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def decode_document(data: bytes) -> "Fields":
    """Decode a message; raise ValueError when it is not one JSON object."""
    try:
        document = json.loads(data)
    except RecursionError as error:
        message = "a message is nested too deeply"
        raise ValueError(message) from error
    if not isinstance(document, dict):
        message = "a JSON object was expected"
        raise ValueError(message)  # noqa: TRY004 - one error type for every malformed message
    return Fields(document)


@frozen
class Fields:
    """The fields of one message. Every method raises ValueError, naming the field, when it is missing or wrong."""

    document: JsonObject

    def text(self, name: str, *, length_max: int = TEXT_LENGTH_MAX) -> str:
        """Return a non-empty string."""
        value = self.document.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= length_max:
            raise _wrong(name, f"a text of 1 to {length_max} characters")
        return value

    def text_or_empty(self, name: str) -> str:
        """Return a string, empty when absent."""
        return self.text(name) if self.document.get(name) else ""

    def whole(self, name: str) -> int:
        """Return a whole number, zero or more."""
        return _whole(name, self.document.get(name))

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self.document.get(name)
        if not isinstance(value, bool):
            raise _wrong(name, "true or false")
        return value

    def wholes(self, name: str, *, count_max: int) -> tuple[int, ...]:
        """Return a list of 1 to *count_max* whole numbers."""
        return tuple(_whole(name, value) for value in self._items(name, count_max=count_max))

    def pairs(self, name: str, *, count_max: int) -> tuple[tuple[int, int], ...]:
        """Return a list of 1 to *count_max* pairs of whole numbers."""
        return tuple(_pair(name, item) for item in self._items(name, count_max=count_max))

    def guid(self, name: str) -> uuid.UUID:
        """Return a GUID."""
        try:
            return uuid.UUID(self.text(name))
        except ValueError as error:
            raise _wrong(name, "a GUID") from error

    def blob(self, name: str) -> bytes:
        """Return bytes that travel in base 64."""
        value = self.document.get(name)
        if not isinstance(value, str):
            raise _wrong(name, "bytes in base 64")
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise _wrong(name, "bytes in base 64") from error

    def blob_or_none(self, name: str) -> bytes | None:
        """Return bytes that travel in base 64, None when absent."""
        return None if self.document.get(name) is None else self.blob(name)

    def inner(self, name: str) -> "Fields":
        """Return the fields of an object inside this one."""
        value = self.document.get(name)
        if not isinstance(value, Mapping):
            raise _wrong(name, "an object")
        return Fields(value)

    def inner_or_none(self, name: str) -> "Fields | None":
        """Return the fields of an object inside this one, None when absent."""
        return None if self.document.get(name) is None else self.inner(name)

    def inners(self, name: str) -> tuple["Fields", ...]:
        """Return the fields of each object in a list, which may be empty; the size of the message bounds it."""
        value = self.document.get(name)
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise _wrong(name, "a list of objects")
        return tuple(Fields(item) for item in cast("Sequence[JsonObject]", value))

    def _items(self, name: str, *, count_max: int) -> Sequence[object]:
        value = self.document.get(name)
        if not isinstance(value, list) or not 0 < len(value) <= count_max:
            raise _wrong(name, f"a list of 1 to {count_max} items")
        return cast("Sequence[object]", value)


def blob_text(data: bytes) -> str:
    """Write bytes in base 64, as Fields.blob reads them."""
    return base64.b64encode(data).decode("ascii")


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(name, "whole numbers, zero or more")
    return value


def _pair(name: str, value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair has two
        raise _wrong(name, "pairs of whole numbers")
    return _whole(name, value[0]), _whole(name, value[1])


def _wrong(name: str, expected: str) -> ValueError:
    return ValueError(f"field {name!r} must be {expected}")
