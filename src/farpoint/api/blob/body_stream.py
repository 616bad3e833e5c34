"""Sending a body that is made in a thread, piece by piece, the next batch while the one before is being sent.

Promises: the first batch is made before the status is sent, so what is wrong at once is told as an error; a failure further on cuts
the connection short. A client holds two batches and the send buffer, however slowly it takes them, and no transaction.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from farpoint.api.blob.call import BlobCall
from farpoint.services.blobs import Buffer


class BodyStream(Response):
    """An answer whose body *produce* makes, a batch at a call, none at the end; *close* is called when it was sent or given up."""

    def __init__(self, call: BlobCall, produce: Callable[[], Sequence[Buffer]], close: Callable[[], None]) -> None:
        """Begin with open()."""
        self._call = call
        self._produce = produce
        self._close = close
        self._first: Sequence[Buffer] = ()

    async def open(self, status: int, headers: Mapping[str, str]) -> "BodyStream":
        """Make the first batch; raises what making it raises, and the caller closes then."""
        self._first = await self._call.run(self._produce)
        super().__init__(status_code=status, headers=dict(headers))
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI calls with it
        """Send the answer, or as much of it as the client takes."""
        leaving = asyncio.create_task(_wait_for_leave(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async with aclosing(self._pieces()) as pieces:
                async for piece in pieces:
                    if leaving.done():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
            self._call.pool.submit(self._close)

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Take the headers as they are: the length is in them, or nobody knows it."""
        self.raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]

    async def _pieces(self) -> AsyncGenerator[Buffer]:
        batch = self._first
        while batch:
            following = asyncio.ensure_future(self._call.run(self._produce))
            try:
                for piece in batch:
                    yield piece
            finally:
                # Also when the client has left: nothing is closed under a thread that reads, and no failure stays unheard.
                await asyncio.wait([following])
                following.exception()
            batch = following.result()


async def _wait_for_leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
