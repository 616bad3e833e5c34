"""The client API of one region, as an ASGI application. It is served over TLS (api.listeners); nothing here knows sockets."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Final

from attrs import frozen
from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import BaseRoute

from farpoint.api.activity_log import ActivityLog
from farpoint.api.blob.app import BlobApp
from farpoint.api.caller import TokenVerifier, authorise_body
from farpoint.api.edge import Edge
from farpoint.api.errors import add_error_handlers, token_challenge
from farpoint.api.front_door import FrontDoor
from farpoint.api.openapi import openapi_document
from farpoint.api.paths import TOKEN
from farpoint.api.routers import (
    access,
    activity,
    collections,
    deployments,
    disk_points,
    disks,
    document,
    groups,
    limits,
    login,
    network,
    operations,
    points,
    providers,
    regions,
    resources,
    roles,
    snapshots,
    subscriptions,
    virtual_machines,
)
from farpoint.api.routers.login import ClientDirectory, TokenIssuer
from farpoint.api.settling import Settled
from farpoint.api.throttles import Throttles
from farpoint.services.context import RegionContext

#: Routers of resources; login has one of its own, for it is asked without a token.
_ARM_ROUTERS: Final = (
    points.router,
    operations.router,
    disk_points.router,
    access.router,
    collections.router,
    disks.router,
    snapshots.router,
    virtual_machines.router,
    groups.router,
    resources.router,
    network.router,
    deployments.router,
    regions.router,
    limits.router,
    providers.router,
    subscriptions.router,
    roles.router,
    activity.router,
)
#: Those that need no token.
_OPEN_ROUTERS: Final = (login.router, document.router)


@frozen(kw_only=True)
class Tokens:
    """How callers of this region get tokens, and how tokens are checked."""

    verifier: TokenVerifier
    issuer: TokenIssuer
    clients: ClientDirectory
    #: Token keys of this region and those it knows, by region GUID.
    public_keys: Callable[[], Mapping[str, bytes]]
    #: How often clients may ask, and be wrong.
    throttles: Throttles


@cache
def _api_routes() -> tuple[BaseRoute, ...]:
    """Return the routes of all applications of this process: FastAPI reads the signatures behind them once for each it is given."""
    api = APIRouter()
    for router in _ARM_ROUTERS:
        api.include_router(router, dependencies=[Depends(authorise_body)])
    for router in _OPEN_ROUTERS:
        api.include_router(router)
    return tuple(api.routes)


def build_client_app(context: RegionContext, tokens: Tokens) -> FastAPI:
    """Return the application that serves clients of the region."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.context = context
    app.state.verifier = tokens.verifier
    app.state.issuer = tokens.issuer
    app.state.clients = tokens.clients
    app.state.public_keys = tokens.public_keys
    app.state.throttles = tokens.throttles
    # Made when it is first asked for, and kept: the routes do not change.
    app.state.document = cache(partial(openapi_document, app, endpoint=context.endpoint))
    app.router.routes.extend(_api_routes())
    app.router.routes.extend(BlobApp(context).routes())
    challenge = token_challenge(f"{context.endpoint}/{context.tenant_id}/{TOKEN}")
    add_error_handlers(app, challenge=challenge)
    app.add_middleware(Settled, catalogue=context.catalogue)
    app.add_middleware(FrontDoor, context=context, challenge=challenge)
    app.add_middleware(ActivityLog, context=context)
    # Added last, so outermost.
    app.add_middleware(Edge, region=context.name, clock=context.clock, entropy=context.entropy)
    return app
