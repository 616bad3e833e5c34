"""Where map updates and copies put nodes: deduplicated against the vault, sealed into node packs, remembered by the reader."""

from collections.abc import Sequence

from farpoint.codec.compression import BlockCompressor
from farpoint.codec.digest import node_id
from farpoint.codec.node_format import Node, decode_node, encode_node
from farpoint.model.ids import NodeId
from farpoint.vault.index import ChunkIndex
from farpoint.vault.pack_writer import PackWriter
from farpoint.vault.scope_reader import ScopeReader


class ScopeNodeStore:
    """Satisfies map_update.NodeStore for one scope; not thread-safe. flush() before anybody else must see the nodes."""

    def __init__(self, reader: ScopeReader, index: ChunkIndex, writer: PackWriter) -> None:
        """Load through *reader*, save through *writer*."""
        self._reader = reader
        self._index = index
        self._writer = writer
        self._compressor = BlockCompressor()

    def load(self, node: NodeId) -> Node:
        """Return a node of the old map."""
        return self._reader.node(node)

    def save(self, *, level: int, block_bytes: int, children: Sequence[bytes | None]) -> NodeId:
        """Encode and store a node; storing one that is present costs a look-up only."""
        return self.put(encode_node(level=level, block_bytes=block_bytes, children=children))

    def put(self, encoded: bytes) -> NodeId:
        """Store an encoded node; return its id."""
        made = node_id(encoded)
        self._reader.remember(made, decode_node(encoded))
        if made not in self._writer and made not in self._index.find_nodes(self._reader.scope, [made]):
            compression, payload = self._compressor.compress(encoded)
            self._writer.add(made, compression=compression, raw_bytes=len(encoded), payload=payload)
        return made

    def flush(self) -> None:
        """Make everything saved so far durable and visible."""
        self._writer.flush()

    @property
    def stored_bytes(self) -> int:
        """Bytes of node packs put so far."""
        return self._writer.stored_bytes
