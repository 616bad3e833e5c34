"""Sealed frames: open only in their pack, at their number, as their kind, with their lengths."""

from collections.abc import Callable

import pytest
from attrs import evolve

from farpoint.codec.compression import STORED, ZSTD
from farpoint.codec.frame import (
    FRAME_HEADER_BYTES,
    RAW_BYTES_MAX,
    TAG_BYTES,
    FrameHeader,
    FrameKind,
    FrameSealer,
    check_sealed,
    decode_frame_header,
)
from farpoint.errors import IntegrityError
from farpoint.model.ids import PackId

PACK, OTHER = PackId(b"p" * 24), PackId(b"q" * 24)
KEY = b"k" * 32


def sealed(*, number: int = 5, kind: FrameKind = FrameKind.CHUNK, payload: bytes = b"payload") -> tuple[FrameHeader, bytes]:
    out = bytearray(FRAME_HEADER_BYTES + len(payload) + TAG_BYTES)
    FrameSealer(KEY, PACK).seal_into(memoryview(out), kind=kind, number=number, compression=STORED, raw_bytes=len(payload), payload=payload)
    return decode_frame_header(out), bytes(out[FRAME_HEADER_BYTES:])


@pytest.mark.parametrize("payload", [b"", b"x", b"payload" * 10_000])
def test_what_was_sealed_opens(payload: bytes) -> None:
    header, ciphertext = sealed(payload=payload)
    check_sealed(header, ciphertext)
    assert FrameSealer(KEY, PACK).open(header, ciphertext) == payload
    assert header.sealed_bytes == len(payload) + TAG_BYTES


CHANGES: dict[str, Callable[[FrameHeader], FrameHeader]] = {
    "number": lambda header: evolve(header, number=6),
    "node": lambda header: evolve(header, kind=FrameKind.NODE),
    "directory": lambda header: evolve(header, kind=FrameKind.DIRECTORY),
    "compression": lambda header: evolve(header, compression=ZSTD),
    "raw length": lambda header: evolve(header, raw_bytes=8),
}


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_a_frame_under_another_header_does_not_open(change: Callable[[FrameHeader], FrameHeader]) -> None:
    header, ciphertext = sealed()
    with pytest.raises(IntegrityError, match="fails authentication"):
        FrameSealer(KEY, PACK).open(change(header), ciphertext)


@pytest.mark.parametrize("sealer", [FrameSealer(KEY, OTHER), FrameSealer(b"l" * 32, PACK)], ids=["another pack", "another key"])
def test_a_frame_of_another_pack_or_key_does_not_open(sealer: FrameSealer) -> None:
    with pytest.raises(IntegrityError, match="fails authentication"):
        sealer.open(*sealed())


def test_any_flipped_bit_of_the_ciphertext_is_noticed_with_and_without_the_key() -> None:
    header, ciphertext = sealed()
    for bit in range(len(ciphertext) * 8):
        flipped = bytearray(ciphertext)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(IntegrityError):
            FrameSealer(KEY, PACK).open(header, flipped)
        with pytest.raises(IntegrityError):
            check_sealed(header, flipped)


@pytest.mark.parametrize("keep", [0, 1, TAG_BYTES - 1, TAG_BYTES, -1])
def test_a_truncated_ciphertext_is_noticed_with_and_without_the_key(keep: int) -> None:
    header, ciphertext = sealed()
    with pytest.raises(IntegrityError):
        FrameSealer(KEY, PACK).open(header, ciphertext[:keep])
    with pytest.raises(IntegrityError):
        check_sealed(header, ciphertext[:keep])


def test_a_frame_goes_where_it_is_told_and_nowhere_else() -> None:
    out = bytearray(b"\xaa" * 200)
    length = FrameSealer(KEY, PACK).seal_into(
        memoryview(out)[10:], kind=FrameKind.NODE, number=0, compression=STORED, raw_bytes=7, payload=b"payload"
    )
    assert out[:10] == b"\xaa" * 10
    assert out[10 + length :] == b"\xaa" * (190 - length)
    assert decode_frame_header(out[10:]).kind is FrameKind.NODE


def test_no_room_is_no_frame() -> None:
    with pytest.raises(ValueError, match="buffer"):
        FrameSealer(KEY, PACK).seal_into(
            memoryview(bytearray(60)), kind=FrameKind.CHUNK, number=0, compression=STORED, raw_bytes=7, payload=b"payload"
        )


@pytest.mark.parametrize(
    ("offset", "data"),
    [
        (0, b"FPfs"),
        (4, b"\0"),
        (4, b"\4"),
        (5, b"\2"),
        (6, b"\0\1"),
        (12, (RAW_BYTES_MAX + 1).to_bytes(4, "big")),
        (16, (TAG_BYTES - 1).to_bytes(4, "big")),
        (16, (RAW_BYTES_MAX + TAG_BYTES + 1).to_bytes(4, "big")),
    ],
    ids=["magic", "kind 0", "kind 4", "compression", "reserved", "raw length", "too short", "too long"],
)
def test_a_header_that_cannot_be_one_is_refused(offset: int, data: bytes) -> None:
    header = bytearray(sealed()[0].encode())
    header[offset : offset + len(data)] = data
    with pytest.raises(IntegrityError, match="damaged"):
        decode_frame_header(header)


@pytest.mark.parametrize("length", [0, 1, FRAME_HEADER_BYTES - 1])
def test_a_header_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(IntegrityError, match="are left"):
        decode_frame_header(sealed()[0].encode()[:length])
