"""The calls of the peer protocol, one function each: from a message's fields to an answer. Runs in a worker thread, knows no HTTP.

``forward`` is the exception: its answer comes from the application of the region's clients, so only its message is read here.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.relay import RelayedRequest
from farpoint.model.remote import WireChunk
from farpoint.peers import messages
from farpoint.peers.documents import Fields, decode_document
from farpoint.peers.framing import Item, StreamKind, write_stream
from farpoint.peers.protocol import Call, check_version
from farpoint.peers.relay_messages import page_to_json, record_from_json, relayed_request_from_json
from farpoint.services import holding, serving, serving_blocks, serving_catalogue
from farpoint.services.serving import ServingContext

#: One JSON document, or the pieces of a binary stream.
Served: TypeAlias = JsonObject | Generator[bytes]


@frozen
class _Asked:
    """One request, read as far as all calls have it in common."""

    peer: RegionId
    version: int
    fields: Fields


def serve_call(context: ServingContext, *, call: Call, peer: RegionId, body: bytes) -> Served:
    """Serve one call of *peer*. Raises FarpointError; a stream may also end with one, as its last frame."""
    with _read_strictly(call):
        fields = decode_document(body)
        version = 0
        if call is not Call.IDENTITY:
            version = fields.whole("v")
            check_version(version)
        return _SERVERS[call](context, _Asked(peer, version, fields))


def read_forwarded(body: bytes) -> RelayedRequest:
    """Read a forwarded request; the application of this region's clients answers it (forwarding.py)."""
    with _read_strictly(Call.FORWARD):
        fields = decode_document(body)
        check_version(fields.whole("v"))
        return relayed_request_from_json(fields)


@contextmanager
def _read_strictly(call: Call) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        # Only reading a message raises ValueError; services and vault raise errors of ours.
        raise RefusedError(Code.INVALID_REQUEST_CONTENT, f"the {call} request cannot be read: {error}") from error


def _identity(context: ServingContext, asked: _Asked) -> Served:
    theirs = messages.identity_from_json(asked.fields)
    if theirs.region != asked.peer:
        raise RefusedError(
            Code.PEER_UNTRUSTED, f"the certificate shown is of region {asked.peer}, but the message says region {theirs.region}"
        )
    return messages.identity_to_json(serving.exchange_identity(context, theirs))


def _resource(context: ServingContext, asked: _Asked) -> Served:
    return {"document": serving.find_resource(context, asked.fields.text("id"))}


def _holds_name(context: ServingContext, asked: _Asked) -> Served:
    return {"holds": context.holds_name(asked.fields.text("id"), rival=asked.peer)}


def _tell(context: ServingContext, asked: _Asked) -> Served:
    serving.accept_record(context, record_from_json(asked.fields.inner("record")))
    return {}


def _catalogue(context: ServingContext, asked: _Asked) -> Served:
    after, limit = asked.fields.whole("after"), asked.fields.whole("limit")
    page = serving_catalogue.catalogue_page(context.database, context.documents_of, epoch=context.epoch, after=after, limit=limit)
    return page_to_json(page)


def _clear_group(context: ServingContext, asked: _Asked) -> Served:
    return {"left": serving.clear_group(context, peer=asked.peer, request=messages.ClearGroupRequest.from_json(asked.fields))}


def _hold(context: ServingContext, asked: _Asked) -> Served:
    request = messages.HoldRequest.from_json(asked.fields)
    return messages.held_to_json(holding.hold_point(context, peer=asked.peer, request=request))


def _nodes(context: ServingContext, asked: _Asked) -> Served:
    nodes = serving_blocks.read_nodes(context, peer=asked.peer, request=messages.NodesRequest.from_json(asked.fields))
    items = (Item(place, 0, len(node), memoryview(node)) for place, node in enumerate(nodes))
    return write_stream(StreamKind.NODES, asked.version, items)


def _measure(context: ServingContext, asked: _Asked) -> Served:
    request = messages.BlocksRequest.read_measure(asked.fields)
    return {"lengths": serving_blocks.measure_blocks(context, peer=asked.peer, request=request)}


def _blocks(context: ServingContext, asked: _Asked) -> Served:
    chunks = serving_blocks.read_blocks(context, peer=asked.peer, request=messages.BlocksRequest.read_blocks(asked.fields))
    return write_stream(StreamKind.BLOCKS, asked.version, _items(chunks))


def _items(chunks: Iterable[WireChunk]) -> Generator[Item]:
    for chunk in chunks:
        yield Item(chunk.block, chunk.compression, chunk.raw_bytes, chunk.payload)


def _release(context: ServingContext, asked: _Asked) -> Served:
    holding.end_hold(context, peer=asked.peer, request=messages.ReleaseRequest.from_json(asked.fields))
    return {}


_SERVERS: Final[Mapping[Call, Callable[[ServingContext, _Asked], Served]]] = {
    Call.IDENTITY: _identity,
    Call.RESOURCE: _resource,
    Call.HOLDS_NAME: _holds_name,
    Call.TELL: _tell,
    Call.CATALOGUE: _catalogue,
    Call.CLEAR_GROUP: _clear_group,
    Call.HOLD: _hold,
    Call.NODES: _nodes,
    Call.MEASURE: _measure,
    Call.BLOCKS: _blocks,
    Call.RELEASE: _release,
}
