"""The client API of one region, as an ASGI application. It is served over TLS (api.listeners); nothing here knows sockets."""

from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen
from fastapi import FastAPI

from farpoint.api.blob.app import BlobApp
from farpoint.api.caller import TokenVerifier
from farpoint.api.edge import Edge
from farpoint.api.errors import add_error_handlers, token_challenge
from farpoint.api.front_door import FrontDoor
from farpoint.api.routers import (
    access,
    collections,
    deployments,
    disk_points,
    disks,
    groups,
    login,
    network,
    operations,
    points,
    providers,
    regions,
    resources,
    snapshots,
    subscriptions,
    virtual_machines,
)
from farpoint.api.routers.login import ClientDirectory, TokenIssuer
from farpoint.api.settling import Settled
from farpoint.services.context import RegionContext

_ROUTERS: Final = (
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
    providers.router,
    subscriptions.router,
    login.router,
)


@frozen(kw_only=True)
class Tokens:
    """How callers of this region get tokens, and how tokens are checked."""

    verifier: TokenVerifier
    issuer: TokenIssuer
    clients: ClientDirectory
    #: Token keys of this region and those it knows, by region GUID.
    public_keys: Callable[[], Mapping[str, bytes]]


def build_client_app(context: RegionContext, tokens: Tokens) -> FastAPI:
    """Return the application that serves clients of the region."""
    app = FastAPI(title="Farpoint", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.context = context
    app.state.verifier = tokens.verifier
    app.state.issuer = tokens.issuer
    app.state.clients = tokens.clients
    app.state.public_keys = tokens.public_keys
    for router in _ROUTERS:
        app.include_router(router)
    app.router.routes.extend(BlobApp(context).routes())
    challenge = token_challenge(f"{context.endpoint}/{context.tenant_id}/oauth2/v2.0/token")
    add_error_handlers(app, challenge=challenge)
    app.add_middleware(Settled, catalogue=context.catalogue)
    app.add_middleware(FrontDoor, context=context, challenge=challenge)
    # Added last, so outermost.
    app.add_middleware(Edge, region=context.name, clock=context.clock, entropy=context.entropy)
    return app
