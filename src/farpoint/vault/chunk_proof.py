"""The proof that a stored chunk is what its id says: the last check before its bytes are handed out."""

from farpoint.codec.compression import BlockDecompressor
from farpoint.codec.digest import chunk_id
from farpoint.codec.frame import Buffer
from farpoint.errors import IntegrityError
from farpoint.vault.scope_reader import OpenedChunk


def prove_chunk(chunk: OpenedChunk, decompressor: BlockDecompressor, *, block_bytes: int) -> Buffer:
    """Return the block's bytes. Raises IntegrityError naming pack and frame."""
    try:
        raw = decompressor.decompress(chunk.compression, chunk.payload, raw_bytes=block_bytes)
        if chunk_id(raw) != chunk.id:
            message = f"chunk {chunk.id.hex()} does not hash to its id"
            raise IntegrityError(message)
    except IntegrityError as error:
        raise error.within(chunk.place) from error
    return raw
