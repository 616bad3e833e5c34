"""The source side of a copy without a network: calls the serving code of a region in this process. Satisfies movers.ports.SourceRegion."""

from collections.abc import Callable, Iterator, Sequence

from farpoint.keys.tokens import TokenIssuer
from farpoint.model.ids import OperationId, RegionId
from farpoint.model.remote import HeldPoint, NodePath, WireChunk
from farpoint.peers.messages import BlocksRequest
from farpoint.peers.protocol import BLOCKS_MAX, MEASURE_MAX, NODES_MAX
from farpoint.services.asked_blocks import AskedBlocks
from farpoint.services.own_source import OwnSource
from farpoint.services.serving import ServingContext
from farpoint.services.serving_blocks import read_blocks
from farpoint.testing.effects import Effects


class DirectSource:
    """Asks the source as PeerSource does, cutting batches alike; every call and every block that arrives is an effect of the target."""

    def __init__(self, serving: Callable[[], ServingContext], *, asking: RegionId, issuer: TokenIssuer, effects: Effects) -> None:
        """Ask whatever *serving* is at that moment: the source may be started anew between two calls."""
        self._source = OwnSource(serving, asking=asking, assertions=issuer)
        self._serving = serving
        self._asking = asking
        self._effects = effects
        #: (disk, block) of every block that was sent, in order: what crossed the wire.
        self.sent: list[tuple[str, int]] = []
        #: Bytes of each of them.
        self.sent_bytes: list[int] = []

    def hold(self, *, source_point_id: str, operation: OperationId, principal: str) -> HeldPoint:
        """Pin the point."""
        with self._effects.effect("ask hold"):
            return self._source.hold(source_point_id=source_point_id, operation=operation, principal=principal)

    def nodes(self, token: str, *, disk: str, paths: Sequence[NodePath]) -> list[bytes]:
        """Return encoded nodes."""
        assert len(paths) <= NODES_MAX
        with self._effects.effect("ask nodes"):
            return self._source.nodes(token, disk=disk, paths=paths)

    def measure(self, token: str, *, disk: str, blocks: Sequence[int]) -> list[int]:
        """Return compressed lengths."""
        assert len(blocks) <= MEASURE_MAX
        with self._effects.effect("ask measure"):
            return self._source.measure(token, disk=disk, blocks=blocks)

    def blocks(self, token: str, *, disk: str, blocks: Sequence[int]) -> Iterator[WireChunk]:
        """Stream blocks; a batch that the source ends early is asked for again."""
        assert len(blocks) <= BLOCKS_MAX
        done = 0
        while done < len(blocks):
            request = BlocksRequest(token=token, disk=disk, blocks=blocks[done:])
            with self._effects.effect("ask blocks"):
                stream = read_blocks(self._serving(), peer=self._asking, request=request)
            for chunk in stream:
                with self._effects.effect("take block"):
                    self.sent.append((disk, chunk.block))
                    self.sent_bytes.append(len(chunk.payload))
                yield chunk
                done += 1

    def block_stream(self, token: str, *, disk: str) -> AskedBlocks:
        """Begin to ask for blocks."""
        return AskedBlocks(lambda blocks: self.blocks(token, disk=disk, blocks=blocks))

    def release(self, token: str, *, receipt: bytes | None) -> None:
        """End the hold."""
        with self._effects.effect("ask release"):
            self._source.release(token, receipt=receipt)
