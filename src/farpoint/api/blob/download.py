"""HEAD and GET: what a blob is, and its bytes."""

import base64
import hashlib
from typing import Final

from starlette.responses import Response

from farpoint.api.blob.answers import blob_headers, plain_answer, version_headers
from farpoint.api.blob.body_stream import BodyStream
from farpoint.api.blob.call import PAGES_BYTES_MAX, BlobCall, ByteRange, read_range, refuse_header
from farpoint.api.blob.conditions import Conditions
from farpoint.api.blob.range_body import RangeBody
from farpoint.codec.crc64 import crc64
from farpoint.codec.structured_body import STRUCTURED_BODY, StructuredEncoder
from farpoint.services.blobs import Blob, open_blob

_MD5: Final = "x-ms-range-get-content-md5"
_CRC64: Final = "x-ms-range-get-content-crc64"


async def head_blob(call: BlobCall) -> Response:
    """Describe the blob."""
    blob = await call.run(lambda: open_blob(call.context, call.token))
    call.pool.submit(blob.close)
    conditions = Conditions.of(call)
    conditions.check(blob.version)
    if conditions.is_known(blob.version):
        return plain_answer(call, 304, version_headers(call, blob.version))
    return plain_answer(call, 200, {**blob_headers(call, blob), "Content-Length": str(blob.size_bytes)})


async def get_blob(call: BlobCall) -> Response:
    """Send the blob, or a range of it."""
    conditions = Conditions.of(call)
    blob = await call.run(lambda: open_blob(call.context, call.token))
    try:
        conditions.check(blob.version)
        if conditions.is_known(blob.version):
            call.pool.submit(blob.close)
            return plain_answer(call, 304, version_headers(call, blob.version))
        return await _send(call, blob)
    except BaseException:
        call.pool.submit(blob.close)
        raise


async def _send(call: BlobCall, blob: Blob) -> Response:
    asked = call.range_header
    wanted = read_range(asked, blob.size_bytes) if asked else ByteRange(0, blob.size_bytes)
    headers = blob_headers(call, blob)
    if asked:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{blob.size_bytes}"
    headers |= await _checksums(call, blob, wanted, has_range=bool(asked))
    encoder = _encoder(call, wanted)
    if encoder is None:
        headers["Content-Length"] = str(wanted.length)
    else:
        headers["Content-Length"] = str(encoder.encoded_bytes)
        headers["x-ms-structured-body"] = STRUCTURED_BODY
        headers["x-ms-structured-content-length"] = str(wanted.length)
    return await BodyStream(call, RangeBody(blob, wanted, encoder).next_batch, blob.close).open(206 if asked else 200, headers)


async def _checksums(call: BlobCall, blob: Blob, wanted: ByteRange, *, has_range: bool) -> dict[str, str]:
    """Return the checksums asked for, of the bytes that will be sent; they are read twice, the second time from memory."""
    asked = next((header for header in (_MD5, _CRC64) if call.flag(header)), None)
    if asked is None:
        return {}
    if not has_range or wanted.length > PAGES_BYTES_MAX:
        refuse_header(asked, f"true (for a range of at most {PAGES_BYTES_MAX} bytes)")
    if asked == _MD5:
        return {"Content-MD5": await call.run(lambda: _md5(blob, wanted))}
    return {"x-ms-content-crc64": await call.run(lambda: _crc64(blob, wanted))}


def _md5(blob: Blob, wanted: ByteRange) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for piece in blob.read(wanted.start, wanted.length):
        digest.update(piece)
    return base64.b64encode(digest.digest()).decode()


def _crc64(blob: Blob, wanted: ByteRange) -> str:
    return base64.b64encode(crc64(b"".join(blob.read(wanted.start, wanted.length)))).decode()


def _encoder(call: BlobCall, wanted: ByteRange) -> StructuredEncoder | None:
    asked = call.headers.get("x-ms-structured-body")
    if asked is None:
        return None
    if asked.replace(" ", "").lower() != STRUCTURED_BODY.replace(" ", "").lower():
        refuse_header("x-ms-structured-body", asked)
    return StructuredEncoder(wanted.length)
