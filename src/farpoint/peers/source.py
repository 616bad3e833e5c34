"""The source side of a copy, as the target pulls from it: satisfies farpoint.movers.ports.SourceRegion."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Protocol

from farpoint.errors import IntegrityError
from farpoint.model.ids import OperationId
from farpoint.model.remote import HeldPoint, NodePath, WireChunk
from farpoint.peers.client import PeerClient
from farpoint.peers.documents import Fields
from farpoint.peers.framing import Item, StreamKind
from farpoint.peers.messages import BlocksRequest, HoldRequest, NodesRequest, ReleaseRequest, held_from_json
from farpoint.peers.protocol import BLOCKS_MAX, MEASURE_MAX, NODES_MAX, Call


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
        found: list[bytes] = []
        with closing(self._client.stream(Call.NODES, request.to_json(), StreamKind.NODES)) as items:
            for item in islice(items, len(request.paths)):
                self._expect(item, len(found))
                found.append(bytes(item.payload))
            self._expect_end(items)
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

    def blocks(self, token: str, *, disk: str, blocks: Sequence[int]) -> Iterator[WireChunk]:
        """Stream these blocks in the order asked; each payload is valid until the next is taken."""
        done = 0
        while done < len(blocks):
            request = BlocksRequest(token=token, disk=disk, blocks=blocks[done : done + BLOCKS_MAX])
            before = done
            for chunk in self._blocks(request):
                yield chunk
                done += 1
            # A source may end a stream early, when it has sent a full batch of bytes, but not empty.
            if done == before:
                raise IntegrityError(f"region {self._client.name} sent no block at all of disk {disk}")

    def _blocks(self, request: BlocksRequest) -> Iterator[WireChunk]:
        with closing(self._client.stream(Call.BLOCKS, request.to_json(), StreamKind.BLOCKS)) as items:
            for block, item in zip(request.blocks, items, strict=False):
                self._expect(item, block)
                yield WireChunk(block=block, compression=item.compression, raw_bytes=item.raw_bytes, payload=item.payload)
            self._expect_end(items)

    def release(self, token: str, *, receipt: bytes | None) -> None:
        """End the hold; *receipt* is kept by the source. Idempotent."""
        self._client.ask(Call.RELEASE, ReleaseRequest(token=token, receipt=receipt).to_json())

    def _expect(self, item: Item, number: int) -> None:
        if item.number != number:
            raise IntegrityError(f"region {self._client.name} sent item {item.number} where {number} was asked for")

    def _expect_end(self, items: Iterator[Item]) -> None:
        # Reading on to the end proves that nothing was cut, and leaves the connection ready for the next request.
        if next(items, None) is not None:
            raise IntegrityError(f"region {self._client.name} sent more than was asked for")


def _lengths(fields: Fields) -> tuple[int, ...]:
    return fields.wholes("lengths", count_max=MEASURE_MAX)
