"""This region itself as the source of a copy: satisfies farpoint.movers.ports.SourceRegion.

A copy within a region goes the way of every other, hold and statement included, but calls what would answer a peer.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from farpoint.model.ids import OperationId, RegionId
from farpoint.model.remote import HeldPoint, NodePath, WireChunk
from farpoint.peers.messages import BlocksRequest, HoldRequest, NodesRequest, ReleaseRequest
from farpoint.services.asked_blocks import AskedBlocks
from farpoint.services.holding import end_hold, hold_point
from farpoint.services.serving import ServingContext
from farpoint.services.serving_blocks import measure_blocks, read_blocks, read_nodes


class AssertionIssuer(Protocol):
    """Signs this region's word for a user."""

    def assertion(self, client_id: str, *, operation: str, audience_region: str) -> str:
        """Return a short-lived signed statement to a region: this operation runs on behalf of *client_id*."""
        ...


class OwnSource:
    """Serves what *asking* asks for in this process; safe to use from several threads."""

    def __init__(self, serving: Callable[[], ServingContext], *, asking: RegionId, assertions: AssertionIssuer) -> None:
        """Ask whatever *serving* is at that moment; *assertions* speaks for the users of *asking*."""
        self._serving = serving
        self._asking = asking
        self._assertions = assertions

    def hold(self, *, source_point_id: str, operation: OperationId, principal: str) -> HeldPoint:
        """Pin the point for *operation*; asking again for the same operation returns the same hold while it lives."""
        serving = self._serving()
        assertion = self._assertions.assertion(principal, operation=str(operation), audience_region=str(serving.identity.region))
        request = HoldRequest(point_id=source_point_id, operation=operation, assertion=assertion)
        return hold_point(serving, peer=self._asking, request=request)

    def nodes(self, token: str, *, disk: str, paths: Sequence[NodePath]) -> list[bytes]:
        """Return the encoded nodes at *paths* of the named disk's map, in the order asked."""
        return read_nodes(self._serving(), peer=self._asking, request=NodesRequest(token=token, disk=disk, paths=paths))

    def measure(self, token: str, *, disk: str, blocks: Sequence[int]) -> list[int]:
        """Return the compressed length in bytes of each of these blocks, in the order asked."""
        return measure_blocks(self._serving(), peer=self._asking, request=BlocksRequest(token=token, disk=disk, blocks=blocks))

    def block_stream(self, token: str, *, disk: str) -> AskedBlocks:
        """Begin to ask for blocks of the named disk; nothing is asked yet."""
        return AskedBlocks(lambda blocks: self.blocks(token, disk=disk, blocks=blocks))

    def blocks(self, token: str, *, disk: str, blocks: Sequence[int]) -> Iterator[WireChunk]:
        """Yield these blocks; a batch that is ended early is asked for again."""
        done = 0
        while done < len(blocks):
            request = BlocksRequest(token=token, disk=disk, blocks=blocks[done:])
            for chunk in read_blocks(self._serving(), peer=self._asking, request=request):
                yield chunk
                done += 1

    def release(self, token: str, *, receipt: bytes | None) -> None:
        """End the hold; *receipt* is kept. Idempotent."""
        end_hold(self._serving(), peer=self._asking, request=ReleaseRequest(token=token, receipt=receipt))
