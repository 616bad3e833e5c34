"""Answers of the page-blob protocol: the headers that describe a blob, and errors in XML."""

import datetime as dt
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape

from starlette.responses import Response

from farpoint.api.answers import RETRY_AFTER_SECONDS
from farpoint.api.blob.call import BlobCall
from farpoint.api.errors import status_of
from farpoint.errors import Code, FarpointError
from farpoint.services.blobs import Blob, BlobVersion

XML: Final = "application/xml"
XML_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>'
#: What is answered to clients that name no version: the newest whose diffs of managed disks Azure's clients use.
_VERSION: Final = "2025-07-05"
#: What the holder of a URL is told in full. Anything else is the region's own affair (paths, processes, packs): its code and no more.
SHOWN: Final = frozenset(
    {
        Code.AUTHENTICATION_FAILED,
        Code.PERMISSION_MISMATCH,
        Code.BLOB_NOT_FOUND,
        Code.CONDITION_NOT_MET,
        Code.SEQUENCE_CONDITION_NOT_MET,
        Code.INVALID_RANGE,
        Code.INVALID_PAGE_RANGE,
        Code.INVALID_HEADER_VALUE,
        Code.INVALID_QUERY_VALUE,
        Code.MD5_MISMATCH,
        Code.CRC64_MISMATCH,
        Code.BODY_TOO_LARGE,
        Code.REQUEST_TIMEOUT,
        Code.PREVIOUS_SNAPSHOT_UNSUPPORTED,
        Code.UNSUPPORTED_VERB,
        Code.SERVER_BUSY,
    }
)
_HIDDEN: Final = "The bytes of this disk cannot be served now; the log of the region has the cause."
#: An echoed header must not become another one.
_VERSION_MAX: Final = 20
#: Azure's own limit.
_CLIENT_ID_MAX: Final = 1024


def version_headers(call: BlobCall, version: BlobVersion) -> dict[str, str]:
    """Return the headers that say which contents the blob has."""
    return {
        "ETag": version.etag,
        "Last-Modified": http_date(version.modified_at),
        "x-ms-blob-sequence-number": str(version.sequence_number),
        **service_headers(call),
    }


def blob_headers(call: BlobCall, blob: Blob) -> dict[str, str]:
    """Return the headers of answers that show a blob or its bytes."""
    return {
        **version_headers(call, blob.version),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "x-ms-blob-type": "PageBlob",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
    }


def service_headers(call: BlobCall) -> dict[str, str]:
    """Return the headers of every answer: the version is the client's own."""
    asked = call.headers.get("x-ms-version", "")
    known = asked.isascii() and 0 < len(asked) <= _VERSION_MAX and asked.replace("-", "").isalnum()
    headers = {"x-ms-version": asked if known else _VERSION}
    client_id = call.headers.get("x-ms-client-request-id", "")
    if client_id.isascii() and client_id.isprintable() and 0 < len(client_id) <= _CLIENT_ID_MAX:
        headers["x-ms-client-request-id"] = client_id
    return headers


def http_date(moment: dt.datetime) -> str:
    """Write a moment as HTTP headers do."""
    return format_datetime(moment.astimezone(dt.UTC), usegmt=True)


def xml_error(call: BlobCall, error: FarpointError) -> Response:
    """Answer with an error in Azure Storage's document."""
    status = HTTPStatus.FORBIDDEN if error.code is Code.AUTHENTICATION_FAILED else status_of(error)
    headers = {**service_headers(call), "x-ms-error-code": error.code.value}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    message = str(error) if error.code in SHOWN else _HIDDEN
    text = f"{XML_HEAD}<Error><Code>{error.code.value}</Code><Message>{escape(message)}</Message></Error>"
    body = b"" if call.method == "HEAD" else text.encode(errors="replace")
    return Response(body, status_code=status, headers=headers, media_type=XML)


def plain_answer(call: BlobCall, status: int, headers: Mapping[str, str]) -> Response:
    """Answer without a body."""
    return Response(status_code=status, headers={**service_headers(call), **headers})
