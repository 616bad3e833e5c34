"""The source side of a copy, as the target pulls from it: satisfies farpoint.movers.ports.SourceRegion."""

from collections.abc import Sequence
from contextlib import closing
from typing import Protocol

from farpoint.errors import IntegrityError
from farpoint.model.ids import OperationId
from farpoint.model.remote import HeldPoint, NodePath
from farpoint.peers.block_stream import PeerBlockStream
from farpoint.peers.client import PeerClient
from farpoint.peers.documents import Fields
from farpoint.peers.framing import StreamKind
from farpoint.peers.item_streams import ItemStreams
from farpoint.peers.messages import BlocksRequest, HoldRequest, NodesRequest, ReleaseRequest, held_from_json
from farpoint.peers.protocol import MEASURE_MAX, NODES_MAX, Call


class AssertionIssuer(Protocol):
    """Signs this region's word for a user."""

    def assertion(self, client_id: str, *, operation: str, audience_region: str) -> str:
        """Return a short-lived signed statement to another region: this operation runs on behalf of *client_id*."""
        ...


class PeerSource:
    """One peer as the source of copies. Batches of any size are cut to the protocol's; safe to use from several threads."""

    def __init__(self, client: PeerClient, assertions: AssertionIssuer) -> None:
        """Pull through *client*; *assertions* speaks for the users."""
        self._client = client
        self._assertions = assertions

    def hold(self, *, source_point_id: str, operation: OperationId, principal: str) -> HeldPoint:
        """Pin the point for *operation*; asking again for the same operation returns the same hold while it lives."""
        # Signed anew at every call: it is short-lived, and a copy may wait for days.
        assertion = self._assertions.assertion(principal, operation=str(operation), audience_region=str(self._client.region))
        request = HoldRequest(point_id=source_point_id, operation=operation, assertion=assertion)
        held = self._client.read(held_from_json, self._client.ask(Call.HOLD, request.to_json()))
        if held.statement.region != self._client.region:
            raise IntegrityError(f"region {self._client.name} handed out a statement of region {held.statement.region}")
        return held

    def nodes(self, token: str, *, disk: str, paths: Sequence[NodePath]) -> list[bytes]:
        """Return the encoded nodes at *paths* of the named disk's map, in the order asked."""
        found: list[bytes] = []
        for start in range(0, len(paths), NODES_MAX):
            request = NodesRequest(token=token, disk=disk, paths=paths[start : start + NODES_MAX])
            found.extend(self._nodes(request))
        return found

    def _nodes(self, request: NodesRequest) -> list[bytes]:
        with closing(ItemStreams(self._client, Call.NODES, StreamKind.NODES)) as streams:
            streams.send(request.to_json())
            found = [bytes(item.payload) for item in streams.items(range(len(request.paths)))]
        if len(found) != len(request.paths):
            raise IntegrityError(f"region {self._client.name} sent {len(found)} of {len(request.paths)} map nodes")
        return found

    def measure(self, token: str, *, disk: str, blocks: Sequence[int]) -> list[int]:
        """Return the compressed length in bytes of each of these blocks (which must hold data), in the order asked."""
        lengths: list[int] = []
        for start in range(0, len(blocks), MEASURE_MAX):
            lengths.extend(self._measure(BlocksRequest(token=token, disk=disk, blocks=blocks[start : start + MEASURE_MAX])))
        return lengths

    def _measure(self, request: BlocksRequest) -> tuple[int, ...]:
        lengths = self._client.read(_lengths, self._client.ask(Call.MEASURE, request.to_json()))
        if len(lengths) != len(request.blocks):
            raise IntegrityError(f"region {self._client.name} measured {len(lengths)} of {len(request.blocks)} blocks")
        return lengths

    def block_stream(self, token: str, *, disk: str) -> PeerBlockStream:
        """Begin to ask for blocks of the named disk."""
        return PeerBlockStream(self._client, token, disk=disk)

    def release(self, token: str, *, receipt: bytes | None) -> None:
        """End the hold; *receipt* is kept by the source. Idempotent."""
        self._client.ask(Call.RELEASE, ReleaseRequest(token=token, receipt=receipt).to_json())


def _lengths(fields: Fields) -> tuple[int, ...]:
    return fields.wholes("lengths", count_max=MEASURE_MAX)
