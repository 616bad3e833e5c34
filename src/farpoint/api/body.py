"""Request bodies: read within limits of size and time, decoded strictly, checked against a schema; each mistake is named with its place."""

import asyncio
import json
import math
from collections.abc import Awaitable, Mapping
from typing import Annotated, Final, NoReturn, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from farpoint.errors import Code, RefusedError
from farpoint.units import MIB, human_bytes

#: ARM's own limit for a request.
_BODY_BYTES_MAX: Final = 4 * MIB
#: Deepest nesting that is read: ARM documents have about ten levels.
_DEPTH_MAX: Final = 64
#: Longest that a whole body may take: ARM's 4 MiB at half a megabit per second. Nothing is begun before it is there.
BODY_SECONDS: Final = 64.0
#: The largest Content-Length that is worth reading has fewer digits.
_LENGTH_DIGITS_MAX: Final = 18
#: Longest whole number that is read, and Python's own limit: the time it takes grows with the square of the length.
_DIGITS_MAX: Final = 4300
_JSON_TYPES: Final = frozenset({"application/json", "text/json"})
#: Content that was neither compressed nor changed otherwise.
_PLAIN: Final = "identity"
_HINT: Final = "Send one JSON object in UTF-8."

SchemaT = TypeVar("SchemaT", bound=BaseModel)


async def read_body(request: Request) -> bytes:
    """Return the request's body; refuse one that is too large or too slow, as soon as that is known."""
    encoding = request.headers.get("content-encoding", _PLAIN)
    if encoding.lower() != _PLAIN:
        message = f"The content encoding '{encoding:.100}' is not supported."
        raise RefusedError(Code.UNSUPPORTED_MEDIA_TYPE, message, hint="Send the content as it is, without Content-Encoding.")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > _LENGTH_DIGITS_MAX or int(announced) > _BODY_BYTES_MAX):
        raise _too_large()
    return await within_time(_collect(request))


async def within_time(reading: Awaitable[bytes]) -> bytes:
    """Return a body that is being read; refuse one that takes too long."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await reading
    except TimeoutError as error:
        message = f"The request content did not arrive within {BODY_SECONDS:.0f} s."
        raise RefusedError(Code.REQUEST_TIMEOUT, message, hint="Ask again; nothing was started.") from error


async def read_json_body(request: Request) -> bytes:
    """Return the body of a request that, by its own word, is JSON; one that does not say is taken for JSON."""
    given = request.headers.get("content-type")
    if given is not None and not _is_json(given):
        message = f"The content media type '{given:.100}' is not supported."
        raise RefusedError(Code.UNSUPPORTED_MEDIA_TYPE, message, hint="Send application/json in UTF-8.")
    return await read_body(request)


#: The body of an ARM request, and one that is something else.
Body = Annotated[bytes, Depends(read_json_body)]
RawBody = Annotated[bytes, Depends(read_body)]


def parse_body(schema: type[SchemaT], body: bytes) -> SchemaT:
    """Decode *body* and check it against *schema*. Raises RefusedError naming the first thing that is wrong."""
    document = _decode(body)
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        raise _refusal(error) from error


def _decode(body: bytes) -> Mapping[str, object]:
    try:
        document: object = json.loads(
            body.decode(), parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole, object_pairs_hook=_once_each
        )
    except (ValueError, RecursionError) as error:
        message = f"The request content was invalid and could not be deserialized: {_cause(error)}."
        raise RefusedError(Code.INVALID_REQUEST_CONTENT, message, hint=_HINT) from error
    if not isinstance(document, dict):
        raise RefusedError(Code.INVALID_REQUEST_CONTENT, "The request content is not a JSON object.", hint=_HINT)
    _check_values(document)
    return document


def _check_values(document: object) -> None:
    """Refuse what could not be stored: nesting without end, and text that is no Unicode."""
    level: list[object] = [document]
    for _ in range(_DEPTH_MAX):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str):
                _check_text(value)
        if not below:
            return
        level = below
    raise RefusedError(Code.INVALID_REQUEST_CONTENT, f"The request content is nested deeper than {_DEPTH_MAX} levels.", hint=_HINT)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise RefusedError(Code.INVALID_REQUEST_CONTENT, "The request content has a NUL character in a string.", hint=_HINT)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError(Code.INVALID_REQUEST_CONTENT, "The request content has a lone surrogate in a string.", hint=_HINT) from error


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of *pairs*; a key that is there twice would mean one thing to us and another to somebody else."""
    document: dict[str, object] = {}
    for key, value in pairs:
        if key in document:
            message = f"the key {json.dumps(key[:50])} is twice in one object"
            raise ValueError(message)
        document[key] = value
    return document


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        message = f"the number {text:.30} is too large"
        raise ValueError(message)
    return value


def _whole(text: str) -> int:
    if len(text) > _DIGITS_MAX:
        message = f"the number {text[:20]}… is {len(text)} digits long, and no more than {_DIGITS_MAX} are read"
        raise ValueError(message)
    return int(text)


def _cause(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _refusal(error: ValidationError) -> RefusedError:
    """Turn pydantic's findings into one refusal: the first in full, the number of the others."""
    findings = error.errors(include_url=False, include_context=False, include_input=False)
    first = findings[0]
    more = f" ({len(findings) - 1} more.)" if len(findings) > 1 else ""
    path = json_path(first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return RefusedError(Code.INVALID_PARAMETER, f"The value at {path} is missing.{more}", hint="Add it.", target=path)
    return RefusedError(Code.INVALID_PARAMETER, f"The value at {path} is invalid: {text}.{more}", hint="Correct it.", target=path)


def json_path(location: tuple[int | str, ...]) -> str:
    """Write a place in a document as ``properties.excludeDisks[0].id``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "(the body)"


async def _collect(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_BYTES_MAX:
            raise _too_large()
    return bytes(body)


def _is_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [value.strip('"') for name, _, value in (parameter.partition("=") for parameter in parameters) if name.strip() == "charset"]
    return kind in _JSON_TYPES and all(charset in {"utf-8", "utf8"} for charset in charsets)


def _too_large() -> RefusedError:
    message = f"The request content is larger than {human_bytes(_BODY_BYTES_MAX)}."
    return RefusedError(Code.REQUEST_TOO_LARGE, message, hint="Send a smaller document.")
