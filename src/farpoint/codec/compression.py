"""zstd for one block at a time: stored as it is when it does not shrink, bounded before it grows."""

from typing import Final

import zstandard

from farpoint.errors import IntegrityError

STORED: Final = 0
ZSTD: Final = 1
#: Level 1: on two cores anything slower makes the compressor, not the disk, the limit of a capture.
LEVEL = 1


class BlockCompressor:
    """A reusable compression context; one per lane, since zstd contexts are not shared between threads."""

    def __init__(self, level: int = LEVEL) -> None:
        """Make a context for *level*."""
        self._zstd = zstandard.ZstdCompressor(level=level, write_checksum=False)

    def compress(self, raw: bytes | bytearray | memoryview) -> tuple[int, bytes | bytearray | memoryview]:
        """Return (STORED, raw itself) or (ZSTD, compressed bytes), whichever is shorter."""
        packed = self._zstd.compress(raw)
        return (ZSTD, packed) if len(packed) < len(raw) else (STORED, raw)


class BlockDecompressor:
    """A reusable decompression context; one per lane."""

    def __init__(self) -> None:
        """Make a context."""
        self._zstd = zstandard.ZstdDecompressor()

    def decompress(self, compression: int, payload: bytes | bytearray | memoryview, *, raw_bytes: int) -> bytes | bytearray | memoryview:
        """Return exactly *raw_bytes* bytes; raise IntegrityError when the payload claims or yields anything else.

        zstd allocates what a frame's header claims, so the claim is compared before anything is allocated.
        """
        if compression == STORED:
            if len(payload) != raw_bytes:
                message = f"a stored payload of {len(payload)} bytes should have {raw_bytes}"
                raise IntegrityError(message)
            return payload
        if compression != ZSTD:
            message = f"unknown compression {compression}"
            raise IntegrityError(message)
        try:
            claimed = zstandard.frame_content_size(payload)
            if claimed != raw_bytes:
                message = f"a zstd frame claims {claimed} bytes where {raw_bytes} are expected"
                raise IntegrityError(message)
            raw = self._zstd.decompress(payload, max_output_size=raw_bytes, allow_extra_data=False)
        except zstandard.ZstdError as error:
            message = f"a zstd frame does not decompress: {error}"
            raise IntegrityError(message) from error
        if len(raw) != raw_bytes:
            message = f"a zstd frame held {len(raw)} bytes where {raw_bytes} are expected"
            raise IntegrityError(message)
        return raw
