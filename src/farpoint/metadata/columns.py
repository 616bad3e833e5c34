"""Column types: how our values look inside a row.

GUIDs are text with dashes (an operator can paste one into a query), moments are ISO 8601 text in UTC with microseconds (fixed
width, so text order is time order), documents are JSON text in the order they were given, a disk state is its digest.
All are the same in every dialect, so a dump of one database can be read by another.
"""

import datetime as dt
import uuid

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from farpoint.metadata.encoding import (
    decode_document,
    decode_failure,
    decode_progress,
    decode_texts,
    encode_document,
    encode_failure,
    encode_progress,
    encode_texts,
)
from farpoint.metadata.moments import decode_moment, encode_moment
from farpoint.model.disk import DiskState
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Failure, Progress

_GUID_CHARACTERS = 36


class Guid(TypeDecorator[uuid.UUID]):
    """A GUID as 36 characters of text."""

    impl = String(_GUID_CHARACTERS)
    cache_ok = True

    def process_bind_param(self, value: uuid.UUID | None, _dialect: Dialect) -> str | None:
        """Write lower case with dashes."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> uuid.UUID | None:
        """Read it back."""
        return None if value is None else uuid.UUID(value)


class Moment(TypeDecorator[dt.datetime]):
    """A moment as ISO 8601 text in UTC, microseconds always written."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Dialect) -> str | None:
        """Write in UTC; a moment without a time zone is a bug of the caller."""
        return None if value is None else encode_moment(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> dt.datetime | None:
        """Read it back, timezone-aware."""
        return None if value is None else decode_moment(value)


class Document(TypeDecorator[JsonObject]):
    """A JSON object as text."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: JsonObject | None, _dialect: Dialect) -> str | None:
        """Write in the order it is in."""
        return None if value is None else encode_document(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> JsonObject | None:
        """Read it back."""
        return None if value is None else decode_document(value)


class Texts(TypeDecorator[tuple[str, ...]]):
    """A short list of strings as a JSON array."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, _dialect: Dialect) -> str | None:
        """Write the array."""
        return None if value is None else encode_texts(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> tuple[str, ...] | None:
        """Read it back."""
        return None if value is None else decode_texts(value)


class ProgressText(TypeDecorator[Progress]):
    """An operation's progress as JSON text."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: Progress | None, _dialect: Dialect) -> str | None:
        """Write every field."""
        return None if value is None else encode_progress(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Progress | None:
        """Read it back."""
        return None if value is None else decode_progress(value)


class FailureText(TypeDecorator[Failure]):
    """A failure as JSON text."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: Failure | None, _dialect: Dialect) -> str | None:
        """Write every field."""
        return None if value is None else encode_failure(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Failure | None:
        """Read it back."""
        return None if value is None else decode_failure(value)


class StateDigest(TypeDecorator[DiskState]):
    """A disk state as its digest, ``<size>-<block size>-<root, hex or 'zeros'>``."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: DiskState | None, _dialect: Dialect) -> str | None:
        """Write the digest."""
        return None if value is None else value.digest

    def process_result_value(self, value: str | None, _dialect: Dialect) -> DiskState | None:
        """Take the digest apart again."""
        return None if value is None else DiskState.of_digest(value)
