"""JSON documents: their type, and the one canonical encoding that signatures and comparisons use."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]


def canonical_json(document: JsonObject) -> bytes:
    """Encode *document* the one way we sign and compare it: sorted keys, no spaces, UTF-8, no NaN.

    A lone surrogate, by which Python names files whose names are not UTF-8, has no UTF-8: it is escaped, as JSON demands then.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace")


def parse_canonical_json(data: bytes) -> JsonObject:
    """Decode *data* and prove that it is the canonical encoding of an object; raise ValueError otherwise."""
    try:
        document = json.loads(data)
    except RecursionError as error:
        message = "the document is nested too deeply"
        raise ValueError(message) from error
    if not isinstance(document, dict):
        message = "a JSON object was expected"
        raise ValueError(message)  # noqa: TRY004 - one error type for every malformed document
    if canonical_json(document) != data:
        message = "the document is not in canonical form"
        raise ValueError(message)
    return cast("JsonObject", document)


def encode_base64(data: bytes) -> str:
    """Encode bytes the way our documents hold them: standard alphabet, padded."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Decode what encode_base64 made, and nothing else: the spare bits of the last letter count too. Raises ValueError."""
    data = base64.b64decode(text, validate=True)
    if encode_base64(data) != text:
        message = "a base64 text is not in canonical form"
        raise ValueError(message)
    return data
