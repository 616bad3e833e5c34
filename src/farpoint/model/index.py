"""What the chunk index and a copy's plan record: locations of frames, packs, planned chunks."""

import datetime as dt
from enum import Enum

from attrs import frozen

from farpoint.model.ids import ChunkId, PackId, ScopeId


class PackKind(Enum):
    """What a pack holds; nodes and data never share one."""

    DATA = "data"
    NODES = "nodes"


@frozen
class Location:
    """Where one sealed frame lies."""

    pack: PackId
    #: Number of the frame inside its pack, from 0.
    frame: int
    #: Offset of the frame header inside the pack object.
    offset_bytes: int
    #: Length of the ciphertext, tag included, frame header excluded.
    sealed_bytes: int
    #: Length of the chunk or node before compression.
    raw_bytes: int


@frozen
class NodeRow:
    """What the index knows about one map node."""

    location: Location
    #: Oldest check that the closed mark leans on; None while the node is not closed.
    closed_since: dt.datetime | None


@frozen(kw_only=True)
class PackRecord:
    """One pack as the index records it."""

    id: PackId
    kind: PackKind
    scope: ScopeId
    key_generation: int
    #: Length of the whole object.
    size_bytes: int


@frozen(kw_only=True)
class PlannedChunk:
    """One chunk a copy must fetch: the first (disk, block) in the copy that holds it, and its length on the wire."""

    disk: str
    block: int
    chunk: ChunkId
    wire_bytes: int
