"""Catalogues that peers pull, and requests that they forward, over real mutual TLS."""

import json
import uuid

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from farpoint.api.forwarding import FORWARDED
from farpoint.metadata.catalogue import mark_changed
from farpoint.model.catalogue import ResourceKind
from farpoint.model.relay import RelayedRequest
from farpoint.peers.client import PeerClient
from farpoint.testing.served_region import SUBSCRIPTION, ServedRegion
from farpoint.units import MIB


def test_a_catalogue_is_pulled_with_documents_and_records(client: PeerClient, eastus: ServedRegion) -> None:
    eastus.add_group("Apps")
    path = "/resourceGroups/Apps/providers/Microsoft.Compute/disks/os"
    eastus.documents[f"/subscriptions/{SUBSCRIPTION}{path}".lower()] = {"name": "os", "tags": {"ünï": "code"}}
    with eastus.database.write() as conn:
        mark_changed(conn, ResourceKind.DISK, uuid.uuid5(uuid.NAMESPACE_URL, "os"), path)
    eastus.publish()

    page = client.catalogue(after=0)

    assert (page.epoch, page.head) == (1, 1)
    assert [(entry.path, entry.documents) for entry in page.entries if entry.record is None] == [
        (path, ({"name": "os", "tags": {"ünï": "code"}},))
    ]
    assert [entry.record.path for entry in page.entries if entry.record is not None] == ["/resourceGroups/Apps"]
    assert client.catalogue(after=page.head).entries == ()


def test_a_forwarded_request_is_answered_by_the_application_of_clients(client: PeerClient, eastus: ServedRegion) -> None:
    app = FastAPI()

    @app.put("/subscriptions/{name}")
    async def put(request: Request, name: str) -> Response:
        told = {
            "name": name,
            "query": request.url.query,
            "type": request.headers["content-type"],
            "from": request.client.host if request.client else "",
            "handed over": request.scope["state"][FORWARDED],
        }
        return JSONResponse(told, status_code=202, headers={"location": "https://eastus.test/x", "retry-after": "1"})

    eastus.clients = app
    answer = client.forward(
        RelayedRequest(
            method="PUT",
            path="/subscriptions/ünï code",
            query="a=b&c=%20",
            headers=(("content-type", "application/json"),),
            body=b"\x00\xff" * 1000,
            client="192.0.2.1",
        )
    )

    assert (answer.status, dict(answer.headers)["location"], dict(answer.headers)["retry-after"]) == (202, "https://eastus.test/x", "1")
    assert json.loads(answer.body) == {
        "name": "ünï code",
        "query": "a=b&c=%20",
        "type": "application/json",
        "from": "192.0.2.1",
        "handed over": True,
    }


def test_the_largest_request_of_a_client_can_be_forwarded(client: PeerClient, eastus: ServedRegion) -> None:
    app = FastAPI()

    @app.post("/")
    async def post_body(request: Request) -> Response:
        return Response(str(len(await request.body())))

    eastus.clients = app
    body = b"x" * (4 * MIB)
    assert (
        client.forward(RelayedRequest(method="POST", path="/", query="", headers=(), body=body, client="")).body == str(len(body)).encode()
    )
