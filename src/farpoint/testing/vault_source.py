"""The source side of a copy, straight from a vault: no region, no holds."""

from collections.abc import Iterator, Mapping, Sequence

from farpoint.model.disk import DiskState
from farpoint.model.ids import OperationId
from farpoint.model.remote import HeldPoint, NodePath, WireChunk
from farpoint.services.asked_blocks import AskedBlocks
from farpoint.vault.scope_reader import ScopeReader

#: The hold that is taken for granted.
TOKEN = "1-1"  # noqa: S105 - a hold's token is no secret


class VaultSource:
    """Satisfies farpoint.movers.ports.SourceRegion over a vault, holds taken for granted."""

    def __init__(self, reader: ScopeReader, disks: Mapping[str, DiskState]) -> None:
        """Serve these *disks*, by name, through *reader*."""
        self._reader = reader
        self._disks = disks
        #: What was asked for and sent, for tests of cost.
        self.nodes_sent = 0
        self.blocks_sent: list[tuple[str, int]] = []
        self.wire_bytes = 0

    def hold(self, *, source_point_id: str, operation: OperationId, principal: str) -> HeldPoint:
        """Refuse: whoever tests holds tests with a region."""
        raise NotImplementedError

    def nodes(self, token: str, *, disk: str, paths: Sequence[NodePath]) -> list[bytes]:
        """Return the encoded nodes at *paths*."""
        assert token == TOKEN
        found = [self._reader.node_at(self._disks[disk], path.level, path.index) for path in paths]
        self.nodes_sent += len(found)
        return [node.encoded for node in found if node is not None]

    def measure(self, token: str, *, disk: str, blocks: Sequence[int]) -> list[int]:
        """Return the compressed length of each of these blocks."""
        assert token == TOKEN
        ids = self._reader.chunk_ids(self._disks[disk], blocks)
        return self._reader.compressed_lengths([one for one in ids if one is not None])

    def blocks(self, token: str, *, disk: str, blocks: Sequence[int]) -> Iterator[WireChunk]:
        """Stream these blocks."""
        assert token == TOKEN
        ids = self._reader.chunk_ids(self._disks[disk], blocks)
        for block, chunk in zip(blocks, self._reader.open_chunks([one for one in ids if one is not None]), strict=True):
            self.blocks_sent.append((disk, block))
            self.wire_bytes += len(chunk.payload)
            yield WireChunk(block=block, compression=chunk.compression, raw_bytes=chunk.raw_bytes, payload=chunk.payload)

    def block_stream(self, token: str, *, disk: str) -> AskedBlocks:
        """Begin to ask for blocks."""
        return AskedBlocks(lambda blocks: self.blocks(token, disk=disk, blocks=blocks))

    def release(self, token: str, *, receipt: bytes | None) -> None:
        """Let go of nothing."""
