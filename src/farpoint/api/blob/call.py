"""One request for disk bytes: what its URL and headers say, and where its blocking work is done."""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Final, NoReturn, TypeVar

from attrs import frozen
from starlette.datastructures import Headers
from starlette.requests import Request

from farpoint.errors import Code, RefusedError
from farpoint.keys.sas import SasToken
from farpoint.services.context import RegionContext
from farpoint.units import MIB

#: What one write may carry, and what may be asked for with a checksum: Azure's limit for both.
PAGES_BYTES_MAX: Final = 4 * MIB
_RANGE: Final = re.compile(r"bytes=(\d{0,20})-(\d{0,20})")
_NUMBER: Final = re.compile(r"\d{1,19}")
#: Largest number that a blob has, of bytes or in sequence: Azure's limit, and the database's.
_NUMBER_MAX: Final = (1 << 63) - 1

ResultT = TypeVar("ResultT")


@frozen(kw_only=True)
class BlobCall:
    """A request that was parsed; whether its URL is good is for services to say."""

    context: RegionContext
    method: str
    token: SasToken
    query: Mapping[str, str]
    headers: Headers
    request: Request
    #: A pool of its own: clients that wait for bytes must not keep API requests waiting.
    pool: Executor

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Do blocking work in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    @property
    def range_header(self) -> str:
        """The range asked for; Azure's own header goes first."""
        return self.headers.get("x-ms-range") or self.headers.get("range") or ""

    def number(self, header: str, default: int) -> int:
        """Return the number in a header."""
        text = self.headers.get(header)
        if text is None:
            return default
        if not text.isascii() or _NUMBER.fullmatch(text) is None or int(text) > _NUMBER_MAX:
            refuse_header(header, text)
        return int(text)

    def flag(self, header: str) -> bool:
        """Tell whether a header says true."""
        return self.headers.get(header, "").lower() == "true"


@frozen
class ByteRange:
    """The bytes from *start* to before *end*."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.start


def read_range(text: str, size_bytes: int) -> ByteRange:
    """Return the part of a blob that a range header names, cut at the blob's end. Raises RefusedError(INVALID_RANGE)."""
    first, last = _bounds(text)
    if first is None:
        # bytes=-n, the last n bytes.
        start, end = max(0, size_bytes - (last or 0)), size_bytes
    else:
        start, end = first, size_bytes if last is None else min(last + 1, size_bytes)
    if start >= end:
        message = "The range specified is invalid for the current size of the resource."
        raise RefusedError(Code.INVALID_RANGE, message, hint=f"It has {size_bytes} bytes.")
    return ByteRange(start, end)


def written_range(text: str) -> ByteRange:
    """Return the range that a write names: both ends given, whole pages."""
    if not text:
        raise RefusedError(
            Code.INVALID_HEADER_VALUE, "The header x-ms-range is missing.", hint="Send bytes=FIRST-LAST.", target="x-ms-range"
        )
    first, last = _bounds(text)
    if first is None or last is None:
        refuse_header("x-ms-range", text)
    if first % 512 or (last + 1) % 512 or last < first:
        message = "The page range specified is invalid."
        raise RefusedError(Code.INVALID_PAGE_RANGE, message, hint="Pages are 512 bytes: send bytes=FIRST-LAST of whole ones.")
    return ByteRange(first, last + 1)


def refuse_header(header: str, text: str) -> NoReturn:
    """Refuse the value of a header."""
    message = f"The value '{text:.100}' of the header {header} is invalid."
    raise RefusedError(Code.INVALID_HEADER_VALUE, message, hint="Correct it.", target=header)


def _bounds(text: str) -> tuple[int | None, int | None]:
    matched = _RANGE.fullmatch(text) if text.isascii() else None
    if matched is None or matched.group(1) == matched.group(2) == "":
        refuse_header("x-ms-range", text)
    first, last = matched.groups()
    return int(first) if first else None, int(last) if last else None
