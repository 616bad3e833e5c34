"""BLAKE3 ids. Each kind has a derive-key context of its own, so that no block can pass for a node."""

from blake3 import blake3

from farpoint.model.ids import ChunkId, NodeId

ID_BYTES = 32
_CHUNK_CONTEXT = "farpoint 2026-11 chunk id v1"
_NODE_CONTEXT = "farpoint 2026-11 map node id v1"
_SEALED_CONTEXT = "farpoint 2026-11 sealed frame v1"
_ENTRY_CONTEXT = "farpoint 2026-11 catalogue entry v1"


def chunk_id(block: bytes | bytearray | memoryview) -> ChunkId:
    """Return the id of one whole block (the last one zero-padded)."""
    return ChunkId(blake3(block, derive_key_context=_CHUNK_CONTEXT).digest())


def node_id(encoded: bytes) -> NodeId:
    """Return the id of an encoded map node; the encoding covers level, fan-out and block size."""
    return NodeId(blake3(encoded, derive_key_context=_NODE_CONTEXT).digest())


def sealed_hash(ciphertext: bytes | bytearray | memoryview) -> bytes:
    """Return the hash a frame header carries of its ciphertext: scrubbing needs no key."""
    return blake3(ciphertext, derive_key_context=_SEALED_CONTEXT).digest()


def entry_digest(data: bytes) -> bytes:
    """Return the hash of one whole object of the catalogue log, by which the next one names it."""
    return blake3(data, derive_key_context=_ENTRY_CONTEXT).digest()
