"""``?comp=pagelist``: the ranges that hold data, or that differ from an earlier restore point.

Whole unless the client asks for pages of it: Azure's own client ignores the marker and takes what is not listed for zeros. It is
sent as it is found, since the list of a scattered disk may be longer than is good for our memory.
"""

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Final

from attrs import frozen
from starlette.responses import Response

from farpoint.api.blob.answers import XML, XML_HEAD, plain_answer, version_headers
from farpoint.api.blob.body_stream import BodyStream
from farpoint.api.blob.call import BlobCall, ByteRange, read_range
from farpoint.api.blob.conditions import Conditions
from farpoint.api.blob.sas_url import token_of_url
from farpoint.errors import Code, RefusedError
from farpoint.keys.sas import SasToken
from farpoint.services.blob_changes import ChangedBytes, changes_between, refuse_incomparable
from farpoint.services.blobs import Blob, Buffer, open_blob

#: What Azure lets a client ask for.
_RESULTS_MAX: Final = 10_000
#: Ranges are found and turned into text so many at a time.
_SLICE: Final = 2048
_PREVIOUS: Final = "x-ms-previous-snapshot-url"


@frozen(kw_only=True)
class _Page:
    """Which part of the list is asked for."""

    #: The range that is listed.
    wanted: ByteRange
    #: None: all.
    results_max: int | None


async def list_pages(call: BlobCall) -> Response:
    """Answer with the list."""
    conditions = Conditions.of(call)
    blob, previous = await call.run(partial(_open_both, call))
    try:
        conditions.check(blob.version)
        if conditions.is_known(blob.version):
            call.pool.submit(blob.close)
            return plain_answer(call, 304, version_headers(call, blob.version))
        document = _document(blob, previous, _page_of(call, blob))
        headers = {**version_headers(call, blob.version), "Content-Type": XML, "x-ms-blob-content-length": str(blob.size_bytes)}
        return await BodyStream(call, partial(_take, document), blob.close).open(200, headers)
    except BaseException:
        call.pool.submit(blob.close)
        raise


def _open_both(call: BlobCall) -> tuple[Blob, Blob | None]:
    if "prevsnapshot" in call.query:
        hint = f"Name the earlier point by its URL in the header {_PREVIOUS}, as get_page_range_diff_for_managed_disk does."
        raise RefusedError(Code.PREVIOUS_SNAPSHOT_UNSUPPORTED, "Disks have no snapshots by time.", hint=hint, target="prevsnapshot")
    url = call.headers.get(_PREVIOUS)
    if url is None:
        return open_blob(call.context, call.token), None
    blob = open_blob(call.context, call.token)
    try:
        previous = open_blob(call.context, _previous_token(url))
        refuse_incomparable(blob, previous)
    except BaseException:
        blob.close()
        raise
    return blob, previous


def _previous_token(url: str) -> SasToken:
    token = token_of_url(url)
    if token is None:
        message = f"The value of the header {_PREVIOUS} is no disk URL."
        raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint="Send the whole URL of the earlier restore point.", target=_PREVIOUS)
    return token


def _page_of(call: BlobCall, blob: Blob) -> _Page:
    asked = call.range_header
    wanted = read_range(asked, blob.size_bytes) if asked else ByteRange(0, blob.size_bytes)
    text = call.query.get("maxresults")
    if text is not None and (not text.isdecimal() or len(text) > len(str(_RESULTS_MAX)) or not 0 < int(text) <= _RESULTS_MAX):
        raise _bad_query("maxresults", text, f"It is a number from 1 to {_RESULTS_MAX}.")
    marker = call.query.get("marker") or str(wanted.start)
    if not marker.isdecimal() or not wanted.start <= int(marker[:20]) < wanted.end:
        raise _bad_query("marker", marker, "Send the NextMarker of the page before, with the same range.")
    return _Page(wanted=ByteRange(int(marker), wanted.end), results_max=None if text is None else int(text))


def _document(blob: Blob, previous: Blob | None, page: _Page) -> Iterator[str]:
    """Yield the document, an element at a time; after the last one that a page takes, where the next page begins."""
    yield f"{XML_HEAD}<PageList>"
    elements = _written(blob, page.wanted) if previous is None else _changed(blob, previous, page.wanted)
    for number, element in enumerate(elements):
        if number == page.results_max:
            yield f"<NextMarker>{element.start_bytes}</NextMarker>"
            break
        name = "ClearRange" if element.cleared else "PageRange"
        yield f"<{name}><Start>{element.start_bytes}</Start><End>{element.end_bytes - 1}</End></{name}>"
    yield "</PageList>"


def _written(blob: Blob, wanted: ByteRange) -> Iterator[ChangedBytes]:
    for start, end in blob.data_ranges(wanted.start, wanted.end):
        yield ChangedBytes(start, end, cleared=False)


def _changed(blob: Blob, previous: Blob, wanted: ByteRange) -> Iterator[ChangedBytes]:
    for found in changes_between(blob, previous):
        start, end = max(found.start_bytes, wanted.start), min(found.end_bytes, wanted.end)
        if start < end:
            yield ChangedBytes(start, end, cleared=found.cleared)


def _take(document: Iterator[str]) -> list[Buffer]:
    text = "".join(itertools.islice(document, _SLICE))
    return [text.encode()] if text else []


def _bad_query(name: str, text: str, hint: str) -> RefusedError:
    return RefusedError(Code.INVALID_QUERY_VALUE, f"The value '{text:.50}' of {name} is invalid.", hint=hint, target=name)
