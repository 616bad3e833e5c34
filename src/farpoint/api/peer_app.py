"""The peer listener's application: reads bounded requests, serves them in worker threads, answers or streams.

Which region asks is known from its certificate alone. Refusals and failures go back as what they are (peers.problems); anything
unexpected is logged once and answered without a word about its cause.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import closing
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import ASGIApp

from farpoint.api.forwarding import answer_forwarded
from farpoint.api.peer_calls import Served, read_forwarded, serve_call
from farpoint.api.peer_connections import PRESENTED
from farpoint.errors import Code, FarpointError, RefusedError, UnavailableError
from farpoint.model.ids import RegionId
from farpoint.peers.documents import encode_document
from farpoint.peers.identity import Presented, TrustedPeer, find_presenter
from farpoint.peers.problems import problem_to_json, status_of
from farpoint.peers.protocol import REQUEST_BYTES_MAX, Call
from farpoint.peers.relay_messages import relayed_answer_to_json
from farpoint.services.serving import ServingContext

_JSON: Final = "application/json"
_STREAM: Final = "application/octet-stream"
_TOO_LARGE: Final = 413
_log = logging.getLogger(__name__)


def build_peer_app(context: ServingContext, peers: Iterable[TrustedPeer], *, clients: ASGIApp) -> FastAPI:
    """Build the application for these peers; no other region is answered. What they forward, the application *clients* answers."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    trusted = {peer.region: peer for peer in peers}

    async def serve(call: Call, peer: RegionId, body: bytes) -> Response:
        if call is Call.FORWARD:
            return _answer(relayed_answer_to_json(await answer_forwarded(clients, read_forwarded(body))))
        return _answer(await run_in_threadpool(serve_call, context, call=call, peer=peer, body=body))

    for call in Call:
        app.add_route(call.path, _endpoint(call, trusted, serve, here=context.identity.name), methods=["POST"])
    return app


def _endpoint(
    call: Call, trusted: Mapping[RegionId, TrustedPeer], serve: Callable[[Call, RegionId, bytes], Awaitable[Response]], *, here: str
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            peer = find_presenter(_presented(request), trusted, here=here)
            return await serve(call, peer.region, await _read_body(request))
        except _TooLargeError as error:
            return _problem(error, _TOO_LARGE)
        except FarpointError as error:
            return _problem(error, status_of(error))
        except Exception:  # noqa: BLE001 - the API edge: nothing may pass it but what we mean to say
            _log.exception("peer_call_failed", extra={"call": call.value})
            bug = UnavailableError(Code.INTERNAL, f"an unexpected failure ended the {call} call; the region's log has the details")
            return _problem(bug, status_of(bug))

    return endpoint


def _presented(request: Request) -> Presented | None:
    # Put there by PeerProtocol and by nobody else.
    presented = request.scope.get("state", {}).get(PRESENTED)
    return presented if isinstance(presented, Presented) else None


class _TooLargeError(RefusedError):
    """The request's body is longer than any request may be."""


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > REQUEST_BYTES_MAX:
            raise _TooLargeError(Code.INVALID_REQUEST_CONTENT, f"a peer request has at most {REQUEST_BYTES_MAX} bytes")
    return bytes(body)


def _answer(served: Served) -> Response:
    if isinstance(served, Generator):
        return StreamingResponse(_pieces(served), media_type=_STREAM)
    return Response(encode_document(served), media_type=_JSON)


async def _pieces(stream: Generator[bytes]) -> AsyncIterator[bytes]:
    with closing(stream):
        while (piece := await run_in_threadpool(_next_piece, stream)) is not None:
            yield piece


def _next_piece(stream: Generator[bytes]) -> bytes | None:
    return next(stream, None)


def _problem(error: FarpointError, status: int) -> Response:
    return Response(encode_document({"error": problem_to_json(error)}), status_code=status, media_type=_JSON)
