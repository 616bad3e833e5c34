"""The transfer of a copy: fetch planned chunks over several streams, prove each by its id, seal it under our own keys, pack it.

The durable truth of a transfer is the set of chunks in the index: running it again skips what arrived. Per stream at most an open
pack and two requests are not durable yet (see vault.pack_writer.DATA_PACK_BYTES).
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from farpoint.codec.compression import BlockDecompressor
from farpoint.codec.digest import chunk_id
from farpoint.errors import FarpointError, IntegrityError, Place
from farpoint.model.ids import OperationId, ScopeId
from farpoint.model.index import PlannedChunk
from farpoint.model.operations import Claim
from farpoint.movers.lanes import Lanes
from farpoint.movers.ports import PlanStore, SourceRegion, WireChunk
from farpoint.units import MIB
from farpoint.vault.vault import Vault

#: Wire bytes and blocks of one request. Two are on the way at a time: together more than a round trip of a stream that carries its
#: share of a fast WAN, and with an open pack less than the 32 MiB that a kill may cost a stream. The peer API refuses more.
BATCH_WIRE_BYTES = 6 * MIB
BATCH_BLOCKS = 512
#: Near the end a request asks for this part of what is left, but not for less than the bytes below: the last ones are short, so that a
#: slow stream does not keep the others waiting.
_SHARE = 16
_BATCH_WIRE_BYTES_MIN = MIB
#: Plan rows read at a time.
_PLAN_PAGE = 4096


@frozen(kw_only=True)
class TransferParts:
    """What a transfer works with."""

    vault: Vault
    lanes: Lanes
    source: SourceRegion
    token: str
    scope: ScopeId
    store: PlanStore
    claim: Claim


@frozen(kw_only=True)
class Arrived:
    """A step of progress: planned bytes of one disk that came to be here since the last, and how many of them crossed the wire."""

    disk: str
    done_bytes: int
    wire_bytes: int


@frozen(kw_only=True)
class _Order:
    """Chunks to fetch in one request, and planned bytes found here already on the way to them."""

    chunks: tuple[PlannedChunk, ...]
    skipped_bytes: int


def transfer_disk(parts: TransferParts, disk: str, *, block_bytes: int, on_arrival: Callable[[Arrived], None]) -> int:
    """Fetch every planned chunk of *disk* that is not here; return the bytes stored (sealed, packed)."""
    made: list[_TransferLane] = []
    meter = _Meter(disk)

    def make_lane() -> _TransferLane:
        made.append(_TransferLane(parts, disk, block_bytes=block_bytes, meter=meter))
        return made[-1]

    def tell() -> None:
        on_arrival(meter.take())

    with contextlib.closing(parts.lanes.run(make_lane, _orders(parts, disk), idle=tell)) as finished:
        for _ in finished:
            tell()
    return sum(lane.stored_bytes for lane in made)


def _orders(parts: TransferParts, disk: str) -> Iterator[_Order]:
    """Cut the disk's plan into requests, leaving out what is here."""
    after = -1
    while page := parts.store.read(parts.claim.operation, disk=disk, after_block=after, limit=_PLAN_PAGE):
        after = page[-1].block
        present = parts.vault.index.find_chunks(parts.scope, {planned.chunk for planned in page})
        missing = [planned for planned in page if planned.chunk not in present]
        skipped = sum(planned.wire_bytes for planned in page) - sum(planned.wire_bytes for planned in missing)
        if skipped:
            yield _Order(chunks=(), skipped_bytes=skipped)
        is_last = len(page) < _PLAN_PAGE
        for chunks in _requests(missing, near_the_end=is_last):
            yield _Order(chunks=chunks, skipped_bytes=0)


def missing_bytes(vault: Vault, scope: ScopeId, store: PlanStore, operation: OperationId, disk: str) -> int:
    """Return the planned bytes of *disk* that are not durable here: what a new copy would still have to fetch."""
    missing, after = 0, -1
    while page := store.read(operation, disk=disk, after_block=after, limit=_PLAN_PAGE):
        after = page[-1].block
        present = vault.index.find_chunks(scope, {planned.chunk for planned in page})
        missing += sum(planned.wire_bytes for planned in page if planned.chunk not in present)
    return missing


def _requests(missing: Sequence[PlannedChunk], *, near_the_end: bool) -> Iterator[tuple[PlannedChunk, ...]]:
    left = sum(planned.wire_bytes for planned in missing)
    batch: list[PlannedChunk] = []
    weight = 0
    for planned in missing:
        limit = min(max(left // _SHARE, _BATCH_WIRE_BYTES_MIN), BATCH_WIRE_BYTES) if near_the_end else BATCH_WIRE_BYTES
        if batch and (weight + planned.wire_bytes > limit or len(batch) == BATCH_BLOCKS):
            yield tuple(batch)
            left -= weight
            batch, weight = [], 0
        batch.append(planned)
        weight += planned.wire_bytes
    if batch:
        yield tuple(batch)


class _Meter:
    """Counts what the lanes accept, chunk by chunk: over a slow link one request takes long. Thread-safe."""

    def __init__(self, disk: str) -> None:
        self._disk = disk
        self._lock = threading.Lock()
        self._done = self._wire = 0

    def add(self, *, done_bytes: int, wire_bytes: int) -> None:
        with self._lock:
            self._done += done_bytes
            self._wire += wire_bytes

    def take(self) -> Arrived:
        """Return what came since the last time."""
        with self._lock:
            arrived = Arrived(disk=self._disk, done_bytes=self._done, wire_bytes=self._wire)
            self._done = self._wire = 0
        return arrived


class _TransferLane:
    """One stream: asks for an order, then takes in the one before, proving and sealing each chunk."""

    def __init__(self, parts: TransferParts, disk: str, *, block_bytes: int, meter: _Meter) -> None:
        self._meter = meter
        self._stream = parts.source.block_stream(parts.token, disk=disk)
        self._asked: deque[_Order] = deque()
        self._disk = disk
        self._block_bytes = block_bytes
        self._writer = parts.vault.chunk_writer(parts.scope, parts.claim, read_back=True)
        self._decompressor = BlockDecompressor()

    @property
    def stored_bytes(self) -> int:
        return self._writer.stored_bytes

    def work(self, item: _Order) -> None:
        if not item.chunks:
            self._meter.add(done_bytes=item.skipped_bytes, wire_bytes=0)
            return
        self._stream.ask([planned.block for planned in item.chunks])
        self._asked.append(item)
        if len(self._asked) > 1:
            self._take_in(self._asked.popleft())

    def finish(self) -> None:
        while self._asked:
            self._take_in(self._asked.popleft())
        self._stream.close()
        self._writer.flush()

    def abandon(self) -> None:
        """Keep what arrived, whatever went wrong elsewhere: it need not travel again."""
        self._stream.close()
        with contextlib.suppress(FarpointError):
            self._writer.flush()

    def _take_in(self, order: _Order) -> None:
        for planned, chunk in zip(order.chunks, self._stream.take(), strict=True):
            self._accept(planned, chunk)
            self._meter.add(done_bytes=planned.wire_bytes, wire_bytes=len(chunk.payload))

    def _accept(self, planned: PlannedChunk, chunk: WireChunk) -> None:
        place = Place(disk=self._disk, offset_bytes=planned.block * self._block_bytes, length_bytes=self._block_bytes)
        if chunk.block != planned.block:
            message = f"the source sent block {chunk.block} where {planned.block} was asked for"
            raise IntegrityError(message, place=place)
        try:
            raw = self._decompressor.decompress(chunk.compression, chunk.payload, raw_bytes=self._block_bytes)
        except IntegrityError as error:
            raise IntegrityError(error.message, place=place) from error
        if chunk_id(raw) != planned.chunk:
            message = "the source sent bytes that do not hash to the chunk id in its own map"
            raise IntegrityError(message, place=place)
        self._writer.add(planned.chunk, compression=chunk.compression, raw_bytes=self._block_bytes, payload=chunk.payload)
