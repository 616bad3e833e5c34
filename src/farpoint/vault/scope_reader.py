"""Reading one scope: nodes through a bounded cache, chunks in batches. Thread-safe."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from attrs import frozen

from farpoint.bucket.bucket import ObjectMissingError
from farpoint.bucket.names import pack_name
from farpoint.codec.compression import BlockDecompressor
from farpoint.codec.digest import node_id
from farpoint.codec.frame import TAG_BYTES
from farpoint.codec.node_format import Node, decode_node
from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import FANOUT, DiskState
from farpoint.model.ids import ChunkId, NodeId, PackId, ScopeId
from farpoint.model.index import Location, NodeRow
from farpoint.vault.index import ChunkIndex
from farpoint.vault.pack_reader import OpenedFrame, PackReader

#: About 6 KiB each when decoded: 24 MiB at most.
_NODES_CACHED_MAX = 4096


@frozen
class OpenedChunk:
    """One chunk, authenticated and still compressed; whoever decompresses it proves its id."""

    id: ChunkId
    compression: int
    raw_bytes: int
    payload: memoryview
    location: Location

    @property
    def place(self) -> Place:
        """Where it lies."""
        return _place(self.location)


class ScopeReader:
    """What can be read of one key scope."""

    def __init__(self, scope: ScopeId, index: ChunkIndex, packs: PackReader, *, met: dict[PackId, int] | None = None) -> None:
        """Read what *index* says *scope* has; the frames that are read are added to *met*: a bit for each, by pack."""
        self._met = met
        self.scope = scope
        self._index = index
        self._packs = packs
        self._lock = threading.Lock()
        self._nodes: OrderedDict[NodeId, Node] = OrderedDict()

    def node(self, wanted: NodeId) -> Node:
        """Return a node, proven by its id. Raises IntegrityError when it is missing or damaged."""
        with self._lock:
            cached = self._nodes.get(wanted)
            if cached is not None:
                self._nodes.move_to_end(wanted)
                return cached
        row = self._index.locate_nodes(self.scope, [wanted]).get(wanted)
        if row is None:
            message = f"map node {wanted.hex()} is not in this vault"
            raise IntegrityError(message)
        node = self._read_node(wanted, row)
        self.remember(wanted, node)
        return node

    def remember(self, known: NodeId, node: Node) -> None:
        """Cache a node that was just proven or made."""
        with self._lock:
            self._nodes[known] = node
            if len(self._nodes) > _NODES_CACHED_MAX:
                self._nodes.popitem(last=False)

    def read_uncached(self, wanted: NodeId, row: NodeRow) -> Node:
        """Return a node read from its pack now, whatever the cache holds: a verifying walk leans on the stored bytes."""
        return self._read_node(wanted, row)

    def node_at(self, state: DiskState, level: int, index: int) -> Node | None:
        """Return the node at (level, index) of a disk's map, None where the map has zeros."""
        current, place = state.root, state.geometry.top_level
        if index >= FANOUT ** (place - level):
            return None
        while current is not None:
            node = self.node(current)
            if place == level:
                return node
            place -= 1
            child = node.children[index // FANOUT ** (place - level) % FANOUT]
            current = None if child is None else NodeId(child)
        return None

    def chunk_ids(self, state: DiskState, blocks: Sequence[int]) -> list[ChunkId | None]:
        """Return the chunk id of each of *blocks*, None for zeros."""
        ids: list[ChunkId | None] = []
        leaf_index, leaf = -1, None
        for block in blocks:
            if block // FANOUT != leaf_index:
                leaf_index = block // FANOUT
                leaf = self.node_at(state, 0, leaf_index)
            child = None if leaf is None else leaf.children[block % FANOUT]
            ids.append(None if child is None else ChunkId(child))
        return ids

    def compressed_lengths(self, ids: Sequence[ChunkId]) -> list[int]:
        """Return the compressed length of each chunk: its ciphertext less the tag. Raises IntegrityError for a missing one."""
        found = self._index.locate_chunks(self.scope, frozenset(ids))
        return [_present(found.get(chunk), chunk).sealed_bytes - TAG_BYTES for chunk in ids]

    def open_chunks(self, ids: Sequence[ChunkId]) -> Iterator[OpenedChunk]:
        """Yield these chunks in the order asked, decrypted but still compressed."""
        for chunk, frame in zip(ids, self._frames(ids), strict=True):
            yield OpenedChunk(chunk, frame.compression, frame.location.raw_bytes, memoryview(frame.payload), frame.location)

    def _frames(self, ids: Sequence[ChunkId]) -> Iterator[OpenedFrame]:
        locations = self._locate(ids)
        done = 0
        while done < len(ids):
            # What is there before a missing one comes first: whoever takes them in order knows which block is missing.
            there = _leading(locations[done:])
            _present(locations[done], ids[done])
            self._meet(there)
            try:
                for frame in self._packs.open_frames(there):
                    yield frame
                    done += 1
            except ObjectMissingError:
                # A repack may have moved the chunk since we asked: ask the index again, once.
                moved = self._locate(ids)
                if moved[done] == locations[done]:
                    message = f"the pack of chunk {ids[done].hex()} is missing from the bucket"
                    raise IntegrityError(message, place=_place(_present(moved[done], ids[done]))) from None
                locations = moved

    def _meet(self, locations: Sequence[Location]) -> None:
        if self._met is not None:
            for location in locations:
                self._met[location.pack] = self._met.get(location.pack, 0) | 1 << location.frame

    def _locate(self, ids: Sequence[ChunkId]) -> list[Location | None]:
        found = self._index.locate_chunks(self.scope, frozenset(ids))
        return [found.get(chunk) for chunk in ids]

    def _read_node(self, wanted: NodeId, row: NodeRow) -> Node:
        place = _place(row.location)
        self._meet([row.location])
        try:
            frame = next(iter(self._packs.open_frames([row.location])))
            encoded = bytes(BlockDecompressor().decompress(frame.compression, frame.payload, raw_bytes=row.location.raw_bytes))
            if node_id(encoded) != wanted:
                message = f"map node {wanted.hex()} does not hash to its id"
                raise IntegrityError(message)
            return decode_node(encoded)
        except ObjectMissingError as error:
            message = f"the pack of map node {wanted.hex()} is missing from the bucket"
            raise IntegrityError(message, place=place) from error
        except IntegrityError as error:
            raise error.within(place) from error


def _leading(locations: Sequence[Location | None]) -> list[Location]:
    """Return the locations before the first that is missing."""
    there: list[Location] = []
    for location in locations:
        if location is None:
            break
        there.append(location)
    return there


def _place(location: Location) -> Place:
    return Place(pack=pack_name(location.pack), frame=location.frame)


def _present(location: Location | None, chunk: ChunkId) -> Location:
    if location is None:
        message = f"chunk {chunk.hex()} is not in this vault"
        raise IntegrityError(message)
    return location
