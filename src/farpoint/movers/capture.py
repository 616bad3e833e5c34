"""Capture: read a disk, store the chunks the vault does not have, and build its map.

Each lane reads a batch into its own buffer, hashes block by block, and compares: with the parent's map first (no look-up), then
with the index, and only what is new is compressed, sealed and packed. The consumer applies the results, in disk order, to the map.
With a tracker's word on what changed since the parent, the rest of the disk is neither read nor looked up.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from attrs import evolve, frozen

from farpoint.codec.compression import BlockCompressor
from farpoint.disks.source import BlockSource
from farpoint.model.disk import DiskState, Extent, Geometry
from farpoint.model.ids import ChunkId, ScopeId
from farpoint.model.operations import Claim
from farpoint.movers.batch_reader import BatchReader
from farpoint.movers.batches import Batch, cut_batches, data_bytes
from farpoint.movers.lanes import Lanes
from farpoint.vault.map_update import Run, update_map
from farpoint.vault.vault import Vault


@frozen(kw_only=True)
class CaptureRequest:
    """One disk to capture."""

    source: BlockSource
    geometry: Geometry
    #: State to compare with; None stores by chunk id alone.
    parent: DiskState | None
    scope: ScopeId
    claim: Claim
    #: Where the disk may differ from the parent, ascending and disjoint, as a tracker says; None when nobody knows. Only what can be
    #: leaned on counts: without a closed parent of the same geometry the whole disk is read.
    changes: Sequence[Extent] | None = None


@frozen(kw_only=True)
class CapturedDisk:
    """What a capture made. The map is complete and durable, not yet closed."""

    state: DiskState
    read_bytes: int
    #: Bytes of packs put for this disk, data and nodes.
    stored_bytes: int


@frozen
class _Result:
    run: Run
    read_bytes: int


def capture_size(vault: Vault, request: CaptureRequest) -> int:
    """Return how many bytes the capture will read."""
    request = _leaning(vault, request)
    return data_bytes(request.source.extents() if request.changes is None else request.changes, request.geometry)


def capture_disk(vault: Vault, lanes: Lanes, request: CaptureRequest, on_read: Callable[[int], None]) -> CapturedDisk:
    """Capture one disk; *on_read* is told the bytes read so far. The caller checks afterwards that the disk stood still."""
    request = _leaning(vault, request)
    made: list[_CaptureLane] = []

    def make_lane() -> _CaptureLane:
        made.append(_CaptureLane(vault, request))
        return made[-1]

    read_bytes = 0

    def idle() -> None:
        on_read(read_bytes)

    def runs() -> Generator[Run]:
        nonlocal read_bytes
        with closing(lanes.run(make_lane, _batches(request), idle=idle)) as results:
            for result in results:
                read_bytes += result.read_bytes
                on_read(read_bytes)
                yield result.run

    store = vault.node_store(request.scope, request.claim, read_back=False)
    with closing(runs()) as changes:
        state = update_map(request.parent, request.geometry, changes, store)
    store.flush()
    stored_bytes = store.stored_bytes + sum(lane.stored_bytes for lane in made)
    return CapturedDisk(state=state, read_bytes=read_bytes, stored_bytes=stored_bytes)


def _leaning(vault: Vault, request: CaptureRequest) -> CaptureRequest:
    """Return the request with only as much of parent and changes as the capture may lean on."""
    parent = _comparable(vault, request)
    tracked = parent is not None and parent.geometry == request.geometry
    return evolve(request, parent=parent, changes=request.changes if tracked else None)


def _comparable(vault: Vault, request: CaptureRequest) -> DiskState | None:
    """Return the parent if the capture may lean on it: cut into the same blocks, and closed (nothing below it was found damaged since)."""
    parent = request.parent
    if parent is None or parent.block_bytes != request.geometry.block_bytes or parent.root is None:
        return None
    row = vault.index.find_nodes(request.scope, [parent.root]).get(parent.root)
    return parent if row is not None and row.closed_since is not None else None


def _batches(request: CaptureRequest) -> Iterator[Batch]:
    """Cover the whole disk, or what may have changed: blocks between two changes keep what the parent has."""
    if request.changes is None:
        return cut_batches(request.source.extents(), request.geometry)
    return (batch for batch in cut_batches(request.changes, request.geometry) if not batch.zeros)


class _CaptureLane:
    """Reads, hashes, compares, seals."""

    def __init__(self, vault: Vault, request: CaptureRequest) -> None:
        self._geometry = request.geometry
        self._parent = request.parent
        self._reader = vault.reader(request.scope)
        self._index = vault.index
        self._scope = request.scope
        self._writer = vault.chunk_writer(request.scope, request.claim, read_back=False)
        self._compressor = BlockCompressor()
        self._blocks = BatchReader(request.source, request.geometry)

    @property
    def stored_bytes(self) -> int:
        return self._writer.stored_bytes

    def work(self, item: Batch) -> _Result:
        if item.zeros:
            return _Result(Run(item.first, item.count, None), 0)
        ids = self._blocks.read(item)
        self._store_new(item, ids)
        last = item.first + item.count - 1
        read_bytes = (item.count - 1) * self._geometry.block_bytes + self._geometry.length_of(last)
        return _Result(Run(item.first, item.count, ids), read_bytes)

    def finish(self) -> None:
        self._writer.flush()

    def abandon(self) -> None:
        """Drop the open pack: the next attempt finds its chunks missing and stores them again."""

    def _store_new(self, item: Batch, ids: tuple[ChunkId | None, ...]) -> None:
        known: list[ChunkId | None] = [None] * item.count
        if self._parent is not None:
            # Blocks past the parent's end have no leaf there: they come back as zeros, so as unknown.
            known = self._reader.chunk_ids(self._parent, range(item.first, item.first + item.count))
        unknown = {chunk: slot for slot, chunk in enumerate(ids) if chunk is not None and chunk != known[slot]}
        if not unknown:
            return
        present = self._index.find_chunks(self._scope, unknown.keys())
        for chunk, slot in unknown.items():
            if chunk not in present and chunk not in self._writer:
                compression, payload = self._compressor.compress(self._blocks.raw(slot))
                self._writer.add(chunk, compression=compression, raw_bytes=self._geometry.block_bytes, payload=payload)
