"""A vault that serves disks from memory. Satisfies farpoint.services.serving.ServedVault."""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from attrs import frozen

from farpoint.errors import IntegrityError, Place
from farpoint.model.disk import FANOUT, DiskState, Geometry
from farpoint.model.ids import ChunkId, ManifestId, NodeId, RegionId, ScopeId
from farpoint.model.manifest import CaptureMode, ChangeDetection, Consistency, DiskEntry, Manifest, SignedStatement

_EPOCH = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@frozen
class MemoryNode:
    """A map node that is nothing but its encoding."""

    encoded: bytes


@frozen
class MemoryChunk:
    """A chunk stored as it is."""

    id: ChunkId
    compression: int
    raw_bytes: int
    payload: memoryview


class MemoryVault:
    """Manifests, maps and chunks of disks given as lists of blocks (None for zeros)."""

    def __init__(self, region: RegionId, scope: ScopeId) -> None:
        """Start empty."""
        self._region = region
        self._scope = scope
        self._manifests: dict[ManifestId, Manifest] = {}
        #: Chunk ids of each disk's blocks, by map root.
        self._disks: dict[NodeId, Sequence[ChunkId | None]] = {}
        self._chunks: dict[ChunkId, bytes] = {}
        #: Contents of blocks whose pack is damaged.
        self.damaged: set[bytes] = set()
        #: Names of packs that are relied on no more.
        self.quarantined: set[str] = set()
        #: Called before each chunk that is opened.
        self.before_chunk: Callable[[], None] = lambda: None

    @property
    def manifests(self) -> "MemoryVault":
        """The manifests: kept here too."""
        return self

    def publish(self, manifest: ManifestId, *, point_id: str, disks: Mapping[str, Sequence[bytes | None]], block_bytes: int) -> None:
        """Put a restore point of these disks into the vault."""
        entries = tuple(
            DiskEntry(
                name=name,
                lun=None if place == 0 else place - 1,
                state=self._store(blocks, block_bytes),
                scope=self._scope,
                source_disk_id=f"{point_id}/{name}",
                source_unique_id=name,
                mode=CaptureMode.FULL,
                why_full=None,
                change_detection=ChangeDetection.FILE_TIMES,
                read_bytes=0,
                stored_bytes=0,
            )
            for place, (name, blocks) in enumerate(disks.items())
        )
        self._manifests[manifest] = Manifest(
            id=manifest,
            operation="",
            point_id=point_id,
            vm={},
            disks=entries,
            consistency_requested=Consistency.CRASH,
            consistency_achieved=Consistency.CRASH,
            guest_freeze=_EPOCH,
            committed_at=_EPOCH,
            parent=None,
            lineage=(),
        )

    def _store(self, blocks: Sequence[bytes | None], block_bytes: int) -> DiskState:
        ids = [None if block is None else ChunkId(hashlib.sha256(block).digest()) for block in blocks]
        self._chunks.update((one, block) for one, block in zip(ids, blocks, strict=True) if one is not None and block is not None)
        root = NodeId(hashlib.sha256(repr(ids).encode()).digest())
        self._disks[root] = ids
        return DiskState(geometry=Geometry(size_bytes=len(blocks) * block_bytes, block_bytes=block_bytes), root=root)

    def read(self, manifest: ManifestId) -> Manifest:
        """Return a manifest."""
        return self._manifests[manifest]

    def statement(self, manifest: ManifestId) -> SignedStatement:
        """Return a statement whose signature proves nothing."""
        return SignedStatement(region=self._region, manifest=manifest, body=str(manifest).encode(), signature=b"unsigned")

    def reader(self, scope: ScopeId) -> "MemoryVault":
        """Return the reader of the one scope there is."""
        assert scope == self._scope
        return self

    def quarantine(self, names: Collection[str]) -> None:
        """Remember the names."""
        self.quarantined.update(names)

    def node_at(self, state: DiskState, level: int, index: int) -> MemoryNode | None:
        """Return a stand-in for the node, unless all below it is zeros."""
        reach = FANOUT ** (level + 1)
        below = self._ids(state)[index * reach : (index + 1) * reach]
        if all(one is None for one in below):
            return None
        return MemoryNode(f"node {level}/{index} of {state.digest}".encode())

    def chunk_ids(self, state: DiskState, blocks: Sequence[int]) -> list[ChunkId | None]:
        """Return the chunk id of each of *blocks*."""
        ids = self._ids(state)
        return [ids[block] for block in blocks]

    def compressed_lengths(self, ids: Sequence[ChunkId]) -> list[int]:
        """Return the length of each chunk."""
        return [len(self._chunks[one]) for one in ids]

    def open_chunks(self, ids: Sequence[ChunkId]) -> Iterator[MemoryChunk]:
        """Yield these chunks."""
        for one in ids:
            self.before_chunk()
            data = self._chunks[one]
            if data in self.damaged:
                raise IntegrityError("a frame does not match its tag", place=Place(pack="packs/ab/cd", frame=3))
            yield MemoryChunk(one, 0, len(data), memoryview(data))

    def _ids(self, state: DiskState) -> Sequence[ChunkId | None]:
        assert state.root is not None
        return self._disks[state.root]
