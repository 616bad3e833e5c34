"""Azure Storage's structured bodies (``XSM/1.0``): a message cut into segments, each followed by its CRC-64, then that of the whole.

A header (version, length of everything, flags, number of segments), then per segment its number, length, bytes and checksum,
then the checksum of all bytes; integers are little-endian.
"""

import struct
from collections.abc import Iterator
from typing import Final

from farpoint.codec.crc64 import CRC64_BYTES, Crc64, crc64
from farpoint.codec.frame import Buffer
from farpoint.errors import Code, RefusedError
from farpoint.units import MIB, round_up

#: What the header ``x-ms-structured-body`` says of such a body.
STRUCTURED_BODY: Final = "XSM/1.0; properties=crc64"
_VERSION: Final = 1
_WITH_CRC64: Final = 1
_HEADER: Final = struct.Struct("<BQHH")
_SEGMENT: Final = struct.Struct("<HQ")
#: As long as Azure's own clients make theirs, unless that gives more segments than can be numbered.
_SEGMENT_BYTES: Final = 4 * MIB
_SEGMENTS_MAX: Final = 0xFFFF


class StructuredEncoder:
    """Frames a message of a known length as its bytes come."""

    def __init__(self, length_bytes: int) -> None:
        """Prepare for exactly *length_bytes*."""
        self._segment_bytes = max(_SEGMENT_BYTES, round_up(-(-length_bytes // _SEGMENTS_MAX), MIB))
        #: Bytes of the message that no segment was begun for.
        self._left = length_bytes
        self._segments = max(1, -(-length_bytes // self._segment_bytes))
        self._number = 0
        #: Bytes that the current segment still lacks.
        self._in_segment = 0
        self.begun = False
        self._whole = Crc64()
        self._part = Crc64()
        #: Length of the whole body.
        self.encoded_bytes = _HEADER.size + length_bytes + self._segments * (_SEGMENT.size + CRC64_BYTES) + CRC64_BYTES

    @property
    def complete(self) -> bool:
        """True when the whole message was framed."""
        return self._left == self._in_segment == 0

    def begin(self) -> bytes:
        """Return what comes before the message."""
        self.begun = True
        return _HEADER.pack(_VERSION, self.encoded_bytes, _WITH_CRC64, self._segments)

    def frame(self, data: Buffer) -> Iterator[Buffer]:
        """Yield *data*, the next bytes of the message, with the frames that fall into it."""
        rest = memoryview(data)
        while rest:
            if self._in_segment == 0:
                yield self._next_segment()
            piece = rest[: self._in_segment]
            self._whole.update(piece)
            self._part.update(piece)
            yield piece
            rest = rest[len(piece) :]
            self._in_segment -= len(piece)
            if self._in_segment == 0:
                yield self._part.digest

    def end(self) -> bytes:
        """Return what comes after the message."""
        assert self.complete, "the end comes after the whole message"
        return self._whole.digest

    def _next_segment(self) -> bytes:
        self._number += 1
        self._in_segment = min(self._segment_bytes, self._left)
        self._left -= self._in_segment
        self._part = Crc64()
        return _SEGMENT.pack(self._number, self._in_segment)


def decode_structured(body: bytes, *, length_bytes: int) -> bytes:
    """Return the message of *length_bytes* in *body*. Raises RefusedError: Crc64Mismatch, else InvalidHeaderValue."""
    try:
        return _decode(body, length_bytes)
    except (struct.error, IndexError) as error:
        raise _malformed("it ends too early") from error


def _decode(body: bytes, length_bytes: int) -> bytes:
    version, encoded_bytes, flags, segments = _HEADER.unpack_from(body)
    if (version, encoded_bytes, flags) != (_VERSION, len(body), _WITH_CRC64):
        raise _malformed("its header is not that of XSM/1.0 with crc64")
    message, position = bytearray(), _HEADER.size
    for number in range(1, segments + 1):
        found, length = _SEGMENT.unpack_from(body, position)
        position += _SEGMENT.size
        data = body[position : position + length]
        if found != number or len(data) != length:
            raise _malformed(f"segment {number} is not where it should be")
        position += length
        _check(data, body[position : position + CRC64_BYTES], f"segment {number}")
        position += CRC64_BYTES
        message += data
    _check(message, body[position:], "the message")
    if len(message) != length_bytes:
        raise _malformed(f"it holds {len(message)} bytes, but x-ms-structured-content-length says {length_bytes}")
    return bytes(message)


def _check(data: Buffer, checksum: bytes, what: str) -> None:
    if crc64(data) != checksum:
        hint = "Send it again: it was damaged on the way."
        raise RefusedError(Code.CRC64_MISMATCH, f"The CRC64 value of {what} in the structured body does not match its bytes.", hint=hint)


def _malformed(why: str) -> RefusedError:
    return RefusedError(Code.INVALID_HEADER_VALUE, f"The structured body is malformed: {why}.", hint="Send XSM/1.0 with crc64.")
