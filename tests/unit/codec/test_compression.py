"""One block in, the same block out, and nothing allocated on the word of a payload."""

import random
import resource
import struct
from collections.abc import Callable

import pytest
import zstandard

from farpoint.codec.compression import STORED, ZSTD, BlockCompressor, BlockDecompressor
from farpoint.errors import IntegrityError
from farpoint.units import GIB, KIB

BLOCK = 64 * KIB
TEXT = b"text" * (BLOCK // 4)
NOISE = random.Random(1).randbytes(BLOCK)


def opened(compression: int, payload: bytes, *, raw_bytes: int = BLOCK) -> bytes:
    return bytes(BlockDecompressor().decompress(compression, payload, raw_bytes=raw_bytes))


@pytest.mark.parametrize(("raw", "expected"), [(TEXT, ZSTD), (NOISE, STORED), (bytes(BLOCK), ZSTD)], ids=["text", "noise", "zeros"])
def test_what_does_not_shrink_is_stored_as_it_is(raw: bytes, expected: int) -> None:
    compression, payload = BlockCompressor().compress(raw)
    assert compression == expected
    assert (len(payload) < BLOCK) == (expected == ZSTD)
    assert opened(compression, bytes(payload)) == raw


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_every_kind_of_buffer_is_taken(wrap: type[bytes] | type[bytearray] | type[memoryview]) -> None:
    compression, payload = BlockCompressor().compress(wrap(TEXT))
    assert bytes(BlockDecompressor().decompress(compression, wrap(payload), raw_bytes=BLOCK)) == TEXT


def bomb(claim: int) -> bytes:
    """Return a zstd frame whose header claims *claim* bytes, and whose blocks hold few."""
    # Magic; single segment with an 8-byte content size; one last RLE block of 64 KiB.
    return struct.pack("<IBQ", 0xFD2FB528, 0xE0, claim) + struct.pack("<I", BLOCK << 3 | 1 << 1 | 1)[:3] + b"\0"


def test_a_bomb_that_claims_100_gib_is_refused_before_anything_is_allocated() -> None:
    payload = bomb(100 * GIB)
    assert zstandard.frame_content_size(payload) == 100 * GIB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(IntegrityError, match=f"claims {100 * GIB} bytes"):
        opened(ZSTD, payload)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10 * KIB


def test_the_bomb_is_well_formed_but_for_its_claim() -> None:
    assert opened(ZSTD, bomb(BLOCK)) == bytes(BLOCK)


@pytest.mark.parametrize("blocks", [2, 1000])
def test_a_bomb_that_claims_a_block_and_holds_more_is_refused(blocks: int) -> None:
    rle = struct.pack("<I", BLOCK << 3 | 1 << 1)[:3] + b"\0"
    last = struct.pack("<I", BLOCK << 3 | 1 << 1 | 1)[:3] + b"\0"
    payload = struct.pack("<IBQ", 0xFD2FB528, 0xE0, BLOCK) + rle * (blocks - 1) + last
    with pytest.raises(IntegrityError):
        opened(ZSTD, payload)


def test_a_frame_that_holds_less_than_it_claims_is_refused() -> None:
    with pytest.raises(IntegrityError):
        opened(ZSTD, bomb(2 * BLOCK), raw_bytes=2 * BLOCK)


def test_a_frame_without_a_content_size_is_refused() -> None:
    payload = zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)
    with pytest.raises(IntegrityError, match="claims"):
        opened(ZSTD, payload)


@pytest.mark.parametrize("payload", [b"", b"x", b"\x28\xb5\x2f\xfd", TEXT, NOISE])
def test_what_is_no_frame_is_refused(payload: bytes) -> None:
    with pytest.raises(IntegrityError):
        opened(ZSTD, payload)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: data + data])
def test_a_frame_that_ends_early_or_late_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(IntegrityError):
        opened(ZSTD, change(bytes(BlockCompressor().compress(TEXT)[1])))


@pytest.mark.parametrize("payload", [b"", TEXT[:-1], TEXT + b"x"])
def test_a_stored_payload_of_another_length_is_refused(payload: bytes) -> None:
    with pytest.raises(IntegrityError, match="should have"):
        opened(STORED, payload)


@pytest.mark.parametrize("compression", [2, 255, -1])
def test_an_unknown_compression_is_refused(compression: int) -> None:
    with pytest.raises(IntegrityError, match="unknown compression"):
        opened(compression, TEXT)
