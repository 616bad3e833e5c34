"""The encoding of disk map nodes. Normative: docs/format/disk-map.md.

A node has 64 slots. At level 0 a slot holds a chunk id, above it the id of a node one level down; an empty slot is zeros. A node
without children does not exist (its parent's slot is empty), so equal contents have one encoding and one id.
"""

import struct
from collections.abc import Sequence

from attrs import frozen

from farpoint.codec.digest import ID_BYTES
from farpoint.errors import IntegrityError
from farpoint.model.disk import FANOUT, is_block_size

NODE_MAGIC = b"FPNd"
NODE_VERSION = 1
#: 64**8 blocks of 64 KiB are more than any disk.
LEVEL_MAX = 7
_HEADER = struct.Struct(">4sBBHIQ")
NODE_BYTES_MAX = _HEADER.size + FANOUT * ID_BYTES
EMPTY_SLOTS: tuple[bytes | None, ...] = (None,) * FANOUT


@frozen
class Node:
    """One decoded node with the bytes it came from."""

    level: int
    block_bytes: int
    #: 64 slots: a chunk id (level 0) or node id (above), None for zeros.
    children: tuple[bytes | None, ...]
    encoded: bytes


def encode_node(*, level: int, block_bytes: int, children: Sequence[bytes | None]) -> bytes:
    """Encode a node: header, a 64-bit map of the slots in use (slot 0 is the lowest bit), and their ids in order."""
    present = sum(1 << slot for slot, child in enumerate(children) if child is not None)
    header = _HEADER.pack(NODE_MAGIC, NODE_VERSION, level, FANOUT, block_bytes, present)
    return header + b"".join(child for child in children if child is not None)


def decode_node(data: bytes) -> Node:
    """Decode a node; raise IntegrityError unless it is exactly one canonical encoding."""
    if len(data) < _HEADER.size:
        message = "a map node is shorter than its header"
        raise IntegrityError(message)
    magic, version, level, fanout, block_bytes, present = _HEADER.unpack_from(data)
    known = magic == NODE_MAGIC and version == NODE_VERSION and fanout == FANOUT and level <= LEVEL_MAX and is_block_size(block_bytes)
    if not known or present == 0 or len(data) != _HEADER.size + present.bit_count() * ID_BYTES:
        message = "a map node is damaged or of an unknown version"
        raise IntegrityError(message)
    children: list[bytes | None] = [None] * FANOUT
    offset = _HEADER.size
    for slot in range(FANOUT):
        if present >> slot & 1:
            children[slot] = data[offset : offset + ID_BYTES]
            offset += ID_BYTES
    return Node(level, block_bytes, tuple(children), bytes(data))
