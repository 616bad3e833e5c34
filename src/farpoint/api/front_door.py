"""The front door: whichever region is asked, the one that has the resource answers.

Steps: read from the path what is asked for → decide which region answers (services.routing; somebody unknown is looked for once) →
if it is this one, let the routers answer → else check the token and hand the request over → a reading one whose region does not
answer is answered from the replica, with its age; any other is refused, naming the region, and nothing is started.

A request that was handed over is answered here whatever this region knows, so none is ever handed over twice.
"""

import json
from typing import Final

import anyio
from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farpoint.api.body import read_body
from farpoint.api.caller import Caller, identify, remember_caller
from farpoint.api.errors import error_answer
from farpoint.api.forwarding import FORWARDED, relayed_request, relayed_response
from farpoint.api.name_conflicts import ConflictMarker
from farpoint.api.replica_answers import replica_answer
from farpoint.errors import Code, FarpointError, RefusedError, UnavailableError
from farpoint.services.context import RegionContext
from farpoint.services.ownership import find_elsewhere, is_here
from farpoint.services.routing import Known, Target, choose_region, target_of

#: Requests handed over at once. They have threads of their own: those that answer peers must never all wait for peers.
_HANDED_OVER_MAX: Final = 16
_SUCCESSES_END: Final = 400


@frozen
class _Asked:
    """One request about something that may be elsewhere."""

    scope: Scope
    receive: Receive
    target: Target
    #: Read already where that was needed to decide.
    body: bytes | None = None

    @property
    def method(self) -> str:
        return str(self.scope["method"])


class FrontDoor:
    """Stands between the edge and the routers."""

    def __init__(self, app: ASGIApp, *, context: RegionContext, challenge: str) -> None:
        """Wrap *app*, the routers of the region; *challenge* goes with the refusal of a token."""
        self._app = app
        self._context = context
        self._challenge = challenge
        self._handing_over = anyio.CapacityLimiter(_HANDED_OVER_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        target = target_of(scope["path"]) if scope["type"] == "http" else None
        if target is None:
            await self._app(scope, receive, send)
            return
        asked = _Asked({**scope, "state": dict(scope.get("state", {}))}, receive, target)
        try:
            asked = await _with_location(asked)
            region, known = await run_in_threadpool(self._find_region, asked)
            answer = None if region == known.own else await self._hand_over(asked, region)
        except FarpointError as error:
            await error_answer(error, challenge=self._challenge)(scope, receive, send)
            return
        if answer is not None:
            await answer(scope, receive, send)
            return
        if asked.method == "GET" and target.is_top_level and known.is_here and known.elsewhere:
            send = ConflictMarker((known.own, *known.elsewhere), send).send
        await self._app(asked.scope, asked.receive, send)

    def _find_region(self, asked: _Asked) -> tuple[str, Known]:
        """Return the region that answers; one unknown is looked for once, by whoever may ask at all."""
        known = self._known(asked)
        if asked.scope["state"].get(FORWARDED):
            return known.own, known
        region = choose_region(asked.target, asked.method, known)
        if region is None and asked.target.resource is not None:
            _check_caller(asked)
            self._context.peer_catalogues.refresh()
            known = self._known(asked)
            region = choose_region(asked.target, asked.method, known)
        return region or known.own, known

    def _known(self, asked: _Asked) -> Known:
        context, resource = self._context, asked.target.resource
        own, peers = context.name, tuple(context.peers.names())
        if resource is None:
            return Known(own=own, peers=peers)
        with context.database.read() as conn:
            here = is_here(conn, resource.top)
            elsewhere = tuple(one.region for one in find_elsewhere(context, conn, resource.top.in_subscription))
        return Known(own=own, peers=peers, is_here=here, elsewhere=elsewhere, location=_location_in(asked.body))

    async def _hand_over(self, asked: _Asked, region: str) -> Response:
        # Whoever may not ask is refused before the body is read.
        caller = await run_in_threadpool(_check_caller, asked)
        body = await read_body(Request(asked.scope, asked.receive)) if asked.body is None else asked.body
        return await anyio.to_thread.run_sync(self._hand_over_in_thread, asked, region, caller, body, limiter=self._handing_over)

    def _hand_over_in_thread(self, asked: _Asked, region: str, caller: Caller, body: bytes) -> Response:
        peers, reading = self._context.peers, asked.method == "GET"
        if reading and peers.is_down(region):
            return self._answer_for(asked, region, caller, _silent(region, "It did not a moment ago.", method=asked.method))
        try:
            answer = peers.forward(region, relayed_request(asked.scope, body))
        except UnavailableError as error:
            return self._answer_for(asked, region, caller, _silent(region, str(error), method=asked.method))
        except RefusedError as error:
            # It is there, and one of the two does not trust the other; only somebody who looks can mend that.
            return self._answer_for(asked, region, caller, error)
        if not reading and answer.status < _SUCCESSES_END:
            # So that the client finds what it wrote, wherever it looks next through this region.
            self._context.peer_catalogues.try_pull(region)
        return relayed_response(answer, endpoint=self._context.endpoint)

    def _answer_for(self, asked: _Asked, region: str, caller: Caller, trouble: FarpointError) -> Response:
        """Answer a reading request from the replica of *region*, if that has it; raise *trouble* else."""
        answer = replica_answer(caller, asked.target, region) if asked.method == "GET" else None
        if answer is None:
            raise trouble
        return answer


async def _with_location(asked: _Asked) -> _Asked:
    """Read the body where the region it names decides; whoever may not ask is refused before."""
    if asked.method != "PUT" or not asked.target.is_top_level or asked.scope["state"].get(FORWARDED):
        return asked
    await run_in_threadpool(_check_caller, asked)
    body = await read_body(Request(asked.scope, asked.receive))
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await asked.receive()

    return _Asked(asked.scope, replay, asked.target, body)


def _check_caller(asked: _Asked) -> Caller:
    request = Request(asked.scope, asked.receive)
    return remember_caller(request, identify(request))


def _location_in(body: bytes | None) -> str:
    """Return ``location`` of a body; whether the body is right is for whoever answers to say."""
    try:
        document = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return ""
    location = document.get("location") if isinstance(document, dict) else None
    return location if isinstance(location, str) else ""


def _silent(region: str, why: str, *, method: str) -> UnavailableError:
    message = f"This is in region '{region}', which does not answer: {why}"
    hint = "" if method == "GET" else "Nothing was started, unless the region fell silent while it answered. "
    return UnavailableError(Code.PEER_UNAVAILABLE, message, hint=f"{hint}Ask again when the region is back.")
