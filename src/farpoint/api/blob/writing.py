"""PUT: writing and clearing pages, beginning anew, setting the sequence number."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.responses import Response

from farpoint.api.blob.answers import plain_answer, version_headers
from farpoint.api.blob.call import PAGES_BYTES_MAX, BlobCall, refuse_header, written_range
from farpoint.api.blob.conditions import Conditions
from farpoint.api.body import within_time
from farpoint.codec.crc64 import crc64
from farpoint.codec.structured_body import STRUCTURED_BODY, decode_structured
from farpoint.errors import Code, RefusedError
from farpoint.services.blobs import BlobVersion
from farpoint.services.uploads import SEQUENCE_ACTIONS, PageChange, create_blob, require_writer, set_sequence_number, write_pages
from farpoint.units import KIB

#: Frames and checksums that come with the pages.
_FRAMING_BYTES_MAX: Final = 64 * KIB
_BODY_BYTES_MAX: Final = PAGES_BYTES_MAX + _FRAMING_BYTES_MAX
_STRUCTURED: Final = "x-ms-structured-body"


async def put_pages(call: BlobCall) -> Response:
    """Write or clear a range of whole pages."""
    wanted = written_range(call.range_header)
    _refuse_encoding(call)
    conditions = Conditions.of(call)
    body = await _read_body(call)
    match call.headers.get("x-ms-page-write", "").lower():
        case "update":
            data = _checked(call, body)
            if len(data) != wanted.length or len(data) > PAGES_BYTES_MAX:
                message = f"The body has {len(data)} bytes, the range {wanted.length}."
                hint = f"Send exactly the range, at most {PAGES_BYTES_MAX} bytes."
                raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint=hint, target="x-ms-range")
            change = PageChange(offset_bytes=wanted.start, length_bytes=wanted.length, data=memoryview(data))
        case "clear":
            _refuse_content(body)
            change = PageChange(offset_bytes=wanted.start, length_bytes=wanted.length, data=None)
        case other:
            refuse_header("x-ms-page-write", other)
    version = await call.run(partial(write_pages, call.context, call.token, change, conditions.check_for_write))
    return _changed(call, version, 201)


async def put_blob(call: BlobCall) -> Response:
    """Begin the upload anew, with zeros."""
    kind = call.headers.get("x-ms-blob-type", "")
    if kind.lower() != "pageblob":
        refuse_header("x-ms-blob-type", kind)
    conditions = Conditions.of(call)
    size = call.number("x-ms-blob-content-length", 0)
    number = call.number("x-ms-blob-sequence-number", 0)
    await _read_body(call)
    work = partial(
        create_blob, call.context, call.token, size_bytes=size, sequence_number=number, check=conditions.check_for_write
    )  # fmt: skip
    return _changed(call, await call.run(work), 201)


async def put_properties(call: BlobCall) -> Response:
    """Set the sequence number; content types and the like are accepted and mean nothing for a disk."""
    conditions = Conditions.of(call)
    action = call.headers.get("x-ms-sequence-number-action", "max").lower()
    if action not in SEQUENCE_ACTIONS:
        refuse_header("x-ms-sequence-number-action", action)
    given = call.number("x-ms-blob-sequence-number", 0)
    await _read_body(call)
    work = partial(set_sequence_number, call.context, call.token, action=action, given=given, check=conditions.check_for_write)
    return _changed(call, await call.run(work), 200)


def _changed(call: BlobCall, version: BlobVersion, status: int) -> Response:
    headers = version_headers(call, version)
    if _STRUCTURED in call.headers:
        headers[_STRUCTURED] = STRUCTURED_BODY
    return plain_answer(call, status, {**headers, "x-ms-request-server-encrypted": "true"})


async def _read_body(call: BlobCall) -> bytes:
    """Return the body of a write that may be done: for any other nothing is read, nor kept."""
    await call.run(partial(require_writer, call.context, call.token))
    if call.number("content-length", 0) > _BODY_BYTES_MAX:
        raise _too_large()
    return await within_time(_collect(call))


async def _collect(call: BlobCall) -> bytes:
    body = bytearray()
    async for piece in call.request.stream():
        body += piece
        if len(body) > _BODY_BYTES_MAX:
            raise _too_large()
    return bytes(body)


def _checked(call: BlobCall, body: bytes) -> bytes:
    """Return the pages in a body that is what its checksums say."""
    asked = call.headers.get(_STRUCTURED)
    if asked is not None:
        if asked.replace(" ", "").lower() != STRUCTURED_BODY.replace(" ", "").lower():
            refuse_header(_STRUCTURED, asked)
        body = decode_structured(body, length_bytes=call.number("x-ms-structured-content-length", 0))
    _check_sum(call, "content-md5", lambda: hashlib.md5(body, usedforsecurity=False).digest(), Code.MD5_MISMATCH)
    _check_sum(call, "x-ms-content-crc64", lambda: crc64(body), Code.CRC64_MISMATCH)
    return body


def _refuse_content(body: bytes) -> None:
    if body:
        message = f"A clear has no body, and this one has {len(body)} bytes."
        hint = "Send Content-Length: 0, or x-ms-page-write: update."
        raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint=hint, target="Content-Length")


def _refuse_encoding(call: BlobCall) -> None:
    """Refuse pages that were compressed: a disk has its bytes as they are."""
    encoding = call.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        message = f"Pages with the content encoding '{encoding:.100}' are not supported."
        hint = "Send the pages as they are, without Content-Encoding."
        raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint=hint, target="Content-Encoding")


def _check_sum(call: BlobCall, header: str, compute: Callable[[], bytes], code: Code) -> None:
    text = call.headers.get(header)
    if text is None:
        return
    try:
        given = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        refuse_header(header, text)
    if given != compute():
        message = f"The value of {header} in the request does not match the one calculated from the body."
        raise RefusedError(code, message, hint="Send it again: it was damaged on the way.", target=header)


def _too_large() -> RefusedError:
    message = "The request body is too large and exceeds the maximum permissible limit."
    return RefusedError(Code.BODY_TOO_LARGE, message, hint=f"Write at most {PAGES_BYTES_MAX} bytes at once.")
