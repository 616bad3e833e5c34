"""The bytes of a held point: map nodes, lengths of chunks, chunks. Asked for by place on a disk, never by id."""

from collections.abc import Generator, Sequence

from attrs import evolve

from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.model.disk import FANOUT
from farpoint.model.ids import ChunkId, RegionId
from farpoint.model.manifest import DiskEntry
from farpoint.model.remote import NodePath, WireChunk
from farpoint.peers.messages import BlocksRequest, NodesRequest
from farpoint.peers.protocol import BATCH_BYTES_MAX
from farpoint.services.holding import use_hold
from farpoint.services.serving import ServedScope, ServingContext


def read_nodes(context: ServingContext, *, peer: RegionId, request: NodesRequest) -> list[bytes]:
    """Return the encoded nodes at these paths of a held disk's map."""
    entry = use_hold(context, peer=peer, token=request.token, disk=request.disk)
    reader = context.vault.reader(entry.scope)
    return [_node_at(reader, entry, path) for path in request.paths]


def measure_blocks(context: ServingContext, *, peer: RegionId, request: BlocksRequest) -> list[int]:
    """Return the compressed length of each of these blocks of a held disk."""
    entry = use_hold(context, peer=peer, token=request.token, disk=request.disk)
    reader = context.vault.reader(entry.scope)
    return list(reader.compressed_lengths(_chunk_ids(reader, entry, request.blocks)))


def read_blocks(context: ServingContext, *, peer: RegionId, request: BlocksRequest) -> Generator[WireChunk]:
    """Check the request, then return an iterator over these blocks of a held disk.

    It may end early, after at least one block, when a full batch of bytes was sent; the peer asks again for the rest.
    """
    entry = use_hold(context, peer=peer, token=request.token, disk=request.disk)
    reader = context.vault.reader(entry.scope)
    ids = _chunk_ids(reader, entry, request.blocks)
    count = _count_within(reader.compressed_lengths(ids), BATCH_BYTES_MAX)
    return _open_blocks(context, entry, request.blocks[:count], ids[:count])


def _open_blocks(context: ServingContext, entry: DiskEntry, blocks: Sequence[int], ids: Sequence[ChunkId]) -> Generator[WireChunk]:
    reader, done = context.vault.reader(entry.scope), 0
    try:
        for block, chunk in zip(blocks, reader.open_chunks(ids), strict=True):
            yield WireChunk(block=block, compression=chunk.compression, raw_bytes=chunk.raw_bytes, payload=chunk.payload)
            done += 1
    except IntegrityError as error:
        if error.place.pack is not None:
            context.vault.quarantine([error.place.pack])
        # The vault knows pack and frame; only here is it known which part of which disk that was.
        raise _at_block(error, entry, blocks[done]) from error


def _at_block(error: IntegrityError, entry: DiskEntry, block: int) -> IntegrityError:
    geometry = entry.state.geometry
    place = evolve(error.place, disk=entry.name, offset_bytes=block * geometry.block_bytes, length_bytes=geometry.length_of(block))
    return IntegrityError(error.message, hint=error.hint, place=place)


def _node_at(reader: ServedScope, entry: DiskEntry, path: NodePath) -> bytes:
    geometry = entry.state.geometry
    blocks_before = path.index * FANOUT ** (path.level + 1) if path.level <= geometry.top_level else geometry.block_count
    if blocks_before >= geometry.block_count:
        raise _refused(entry, f"its map has no node at level {path.level}, index {path.index}")
    node = reader.node_at(entry.state, path.level, path.index)
    if node is None:
        raise _refused(entry, f"its map has only zeros at level {path.level}, index {path.index}")
    return node.encoded


def _chunk_ids(reader: ServedScope, entry: DiskEntry, blocks: Sequence[int]) -> list[ChunkId]:
    count = entry.state.geometry.block_count
    beyond = next((block for block in blocks if block >= count), None)
    if beyond is not None:
        raise _refused(entry, f"it has {count} blocks, so there is no block {beyond}")
    found: list[ChunkId] = []
    for block, chunk in zip(blocks, reader.chunk_ids(entry.state, blocks), strict=True):
        if chunk is None:
            raise _refused(entry, f"block {block} holds only zeros")
        found.append(chunk)
    return found


def _count_within(lengths: Sequence[int], limit: int) -> int:
    total = 0
    for count, length in enumerate(lengths):
        total += length
        if total > limit and count > 0:
            return count
    return len(lengths)


def _refused(entry: DiskEntry, why: str) -> RefusedError:
    return RefusedError(Code.INVALID_PARAMETER, f"disk {entry.name} cannot serve that: {why}")
