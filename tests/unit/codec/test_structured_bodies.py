"""Structured bodies and their checksum: the known value, framing of any message in any pieces, and damage anywhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farpoint.codec import structured_body
from farpoint.codec.crc64 import Crc64, crc64
from farpoint.codec.structured_body import StructuredEncoder, decode_structured
from farpoint.errors import RefusedError


def encode(message: bytes, piece_bytes: int) -> bytes:
    encoder = StructuredEncoder(len(message))
    parts: list[bytes] = [encoder.begin()]
    for start in range(0, len(message), piece_bytes):
        parts += [bytes(part) for part in encoder.frame(message[start : start + piece_bytes])]
    body = b"".join([*parts, encoder.end()])
    assert len(body) == encoder.encoded_bytes
    return body


def test_the_checksum_is_crc64_nvme_little_endian() -> None:
    assert crc64(b"123456789") == (0xAE8B14860A799888).to_bytes(8, "little")
    running = Crc64()
    for piece in (b"1234", memoryview(b"56"), bytearray(b"789")):
        running.update(piece)
    assert running.digest == crc64(b"123456789")


def test_the_frames_are_those_of_the_protocol() -> None:
    body = encode(b"abc", 2)
    crc = crc64(b"abc")
    header = b"\x01" + (13 + 10 + 3 + 8 + 8).to_bytes(8, "little") + b"\x01\x00" + b"\x01\x00"
    assert body == header + b"\x01\x00" + (3).to_bytes(8, "little") + b"abc" + crc + crc


@settings(max_examples=100)
@given(message=st.binary(min_size=1, max_size=200), piece_bytes=st.integers(1, 70), segment_bytes=st.integers(1, 64))
def test_any_message_in_any_pieces_comes_back(message: bytes, piece_bytes: int, segment_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structured_body, "_SEGMENT_BYTES", segment_bytes)
        patch.setattr(structured_body, "_SEGMENTS_MAX", 0xFFFFFFFF)
        patch.setattr(structured_body, "MIB", 1)
        assert decode_structured(encode(message, piece_bytes), length_bytes=len(message)) == message


@settings(max_examples=100)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), cut=st.booleans())
def test_damage_anywhere_is_noticed(place: int, bit: int, *, cut: bool) -> None:
    body = bytearray(encode(b"a message of some length", 5))
    place %= len(body)
    if cut:
        del body[place:]
    else:
        body[place] ^= 1 << bit
    with pytest.raises(RefusedError):
        decode_structured(bytes(body), length_bytes=24)


def test_a_message_of_more_segments_than_can_be_numbered_gets_longer_ones() -> None:
    encoder = StructuredEncoder(6 << 40)
    segments = int.from_bytes(encoder.begin()[11:13], "little")
    assert 0 < segments <= 0xFFFF
