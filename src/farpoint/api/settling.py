"""A write is answered when it is safe: only after every change it made is in the catalogue log.

One place for all routes, so no route can forget it. Whether the log can be written at all is asked before anything starts (api.caller).
"""

from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farpoint.api.errors import error_answer
from farpoint.api.methods import READING
from farpoint.errors import UnavailableError
from farpoint.services.catalogue import CatalogueWriter

_ARM: Final = "/subscriptions/"


class Settled:
    """Holds back the answers of successful ARM writes until the log has their changes."""

    def __init__(self, app: ASGIApp, *, catalogue: CatalogueWriter) -> None:
        """Wrap *app*."""
        self._app = app
        self._catalogue = catalogue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in READING or not scope["path"].startswith(_ARM):
            await self._app(scope, receive, send)
            return
        unsafe = False

        async def send_settled(message: Message) -> None:
            nonlocal unsafe
            if message["type"] == "http.response.start" and message["status"] < HTTPStatus.BAD_REQUEST:
                try:
                    await run_in_threadpool(self._catalogue.settle)
                except UnavailableError as error:
                    # The rows are changed and the same request again is answered when they are safe: writes are idempotent.
                    unsafe = True
                    await error_answer(error)(scope, receive, send)
            if not unsafe:
                await send(message)

        await self._app(scope, receive, send_settled)
