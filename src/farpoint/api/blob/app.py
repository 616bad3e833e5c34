"""The application behind disk URLs: which request is which, and every refusal in Azure Storage's XML.

A URL carries its own authority, so no token is asked for. Neither it nor its signature is ever logged or echoed.
"""

import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from farpoint.api.blob.answers import SHOWN, xml_error
from farpoint.api.blob.call import BlobCall
from farpoint.api.blob.download import get_blob, head_blob
from farpoint.api.blob.page_lists import list_pages
from farpoint.api.blob.sas_url import token_of
from farpoint.api.blob.writing import put_blob, put_pages, put_properties
from farpoint.errors import Code, FarpointError, RefusedError, UnavailableError
from farpoint.model.access import BlobFormat
from farpoint.services.access_urls import refuse_forged
from farpoint.services.context import RegionContext

_LOG: Final = logging.getLogger(__name__)
#: Batches that are read, proven or written at once.
_THREADS: Final = 4
#: Requests being answered at once; each holds a few batches in memory.
_REQUESTS_MAX: Final = 64
#: By method and ``comp``.
_HANDLERS: Final[dict[tuple[str, str], Callable[[BlobCall], Awaitable[Response]]]] = {
    ("HEAD", ""): head_blob,
    ("GET", ""): get_blob,
    ("GET", "pagelist"): list_pages,
    ("PUT", ""): put_blob,
    ("PUT", "page"): put_pages,
    ("PUT", "properties"): put_properties,
}


class BlobApp:
    """Serves the disk URLs of one region."""

    def __init__(self, context: RegionContext) -> None:
        """Start no thread before the first request."""
        self._context = context
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="blob")
        self._under_way = 0

    def routes(self) -> list[Route]:
        """Return the routes: one per form in which a disk can be shown."""
        return [Route(f"/{{account}}/{form.value}/{{blob}}", self) for form in BlobFormat]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        call = self._parse(Request(scope, receive))
        self._under_way += 1
        try:
            answer = await self._answer(call)
            await answer(scope, receive, send)
        finally:
            self._under_way -= 1

    async def _answer(self, call: BlobCall) -> Response:
        try:
            if self._under_way > _REQUESTS_MAX:
                message = "The server is currently unable to receive requests."
                raise UnavailableError(Code.SERVER_BUSY, message, hint="Please retry your request.")
            # Before anything is read: nobody without a URL of ours may keep us busy.
            refuse_forged(self._context, call.token)
            handle = _HANDLERS.get((call.method, call.query.get("comp", "").lower()))
            if handle is None:
                message = "The resource doesn't support the specified HTTP verb."
                raise RefusedError(Code.UNSUPPORTED_VERB, message, hint="Disks are read, listed and, where granted, written.")
            return await handle(call)
        except FarpointError as error:
            if error.code not in SHOWN:
                facts = {"code": error.code.value, "reason": error.message, "place": str(error.place)}
                # Without the traceback: the reason and the place say it all.
                _LOG.error("blob_not_served", extra=facts)
            return xml_error(call, error)

    def _parse(self, request: Request) -> BlobCall:
        query = {name.lower(): value for name, value in request.query_params.items()}
        token = token_of(request.url.path, query)
        assert token is not None, "the routes have three segments"
        return BlobCall(
            context=self._context,
            method=request.method,
            token=token,
            query=query,
            headers=request.headers,
            request=request,
            pool=self._pool,
        )
