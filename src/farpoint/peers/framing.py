"""The binary stream in which nodes and blocks travel. Normative: docs/format/peer-protocol.md.

A stream is one header, items, and an end that says how many there were; a stream that stops before its end was cut. A failure at
the source arrives as a frame of its own. Every length is bounded before it is believed and each frame header carries a checksum;
payloads carry none, because TLS protects them on the way and the receiver proves each by recomputing its id.
"""

import struct
import zlib
from collections.abc import Generator, Iterable
from enum import IntEnum
from typing import Final, Protocol

from attrs import frozen

from farpoint.errors import Code, FarpointError, IntegrityError, UnavailableError
from farpoint.model.disk import BLOCK_BYTES_MAX
from farpoint.peers.documents import decode_document, encode_document
from farpoint.peers.problems import problem_from_json, problem_to_json
from farpoint.units import KIB, MIB

STREAM_MAGIC: Final = b"FPst"
#: magic, version, kind, reserved.
STREAM_HEADER: Final = struct.Struct(">4sBBH")
#: type, compression, reserved, raw length, payload length, number, then the CRC-32 of these.
_FRAME: Final = struct.Struct(">BBHIIQ")
_CHECK: Final = struct.Struct(">I")
FRAME_HEADER_BYTES: Final = _FRAME.size + _CHECK.size
#: Frames are gathered into pieces of about this size: one hop between threads and one TLS write each.
PIECE_BYTES: Final = MIB
_PROBLEM_BYTES_MAX: Final = 64 * KIB
_COMPRESSIONS: Final = frozenset({0, 1})


class StreamKind(IntEnum):
    """What a stream carries."""

    NODES = 1
    BLOCKS = 2


class _FrameType(IntEnum):
    ITEM = 1
    END = 2
    PROBLEM = 3


@frozen
class Item:
    """One node or block in a stream."""

    #: Block number, or the node's place in the request.
    number: int
    #: 0 stored, 1 zstd.
    compression: int
    raw_bytes: int
    #: Received ones are valid until the next is taken.
    payload: memoryview


class ByteSource(Protocol):
    """Where a stream is read from."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the start of *buffer*; return the bytes read, 0 at the end."""
        ...


class ReceiveBuffer:
    """Memory that payloads are received into, one after another; grows to the largest and is kept."""

    def __init__(self) -> None:
        """Start small."""
        self._view = memoryview(bytearray(256 * KIB))

    def take(self, length: int) -> memoryview:
        """Return *length* bytes; what was taken before is overwritten."""
        if length > len(self._view):
            self._view = memoryview(bytearray(length))
        return self._view[:length]


def write_stream(kind: StreamKind, version: int, items: Iterable[Item]) -> Generator[bytes]:
    """Write *items*, whose payloads stay valid, as pieces of a stream. An error of ours raised by *items* becomes its last frame."""
    # Joined in one go: a bytearray that grows moves what it holds again and again, and no other thread runs meanwhile.
    parts: list[bytes | memoryview] = [STREAM_HEADER.pack(STREAM_MAGIC, version, kind, 0)]
    waiting_bytes, count = 0, 0
    try:
        for item in items:
            parts += (_header(_FrameType.ITEM, item.number, item.compression, item.raw_bytes, len(item.payload)), item.payload)
            waiting_bytes += len(item.payload)
            count += 1
            if waiting_bytes >= PIECE_BYTES:
                yield b"".join(parts)
                parts, waiting_bytes = [], 0
        parts.append(_header(_FrameType.END, count, 0, 0, 0))
    except FarpointError as error:
        text = encode_document(problem_to_json(error))[:_PROBLEM_BYTES_MAX]
        parts += (_header(_FrameType.PROBLEM, count, 0, 0, len(text)), text)
    yield b"".join(parts)


def _header(kind: _FrameType, number: int, compression: int, raw_bytes: int, payload_bytes: int) -> bytes:
    fields = _FRAME.pack(kind, compression, 0, raw_bytes, payload_bytes, number)
    return fields + _CHECK.pack(zlib.crc32(fields))


def read_stream(source: ByteSource, *, kind: StreamKind, version: int, peer: str, buffer: ReceiveBuffer) -> Generator[Item]:
    """Read the items of a stream into *buffer*.

    Raises UnavailableError when the stream is cut, IntegrityError when a frame is not what it must be, and what the source raised.
    """
    _read_stream_header(source, kind=kind, version=version, peer=peer)
    header = memoryview(bytearray(FRAME_HEADER_BYTES))
    count = 0
    while True:
        _fill(source, header, peer=peer)
        frame_type, item = _parse(header, peer=peer, buffer=buffer)
        _fill(source, item.payload, peer=peer)
        if frame_type is _FrameType.ITEM:
            count += 1
            yield item
        elif frame_type is _FrameType.PROBLEM:
            raise _reported(item.payload, peer=peer)
        elif item.number == count:
            return
        else:
            raise IntegrityError(f"the stream from region {peer} ended after {count} items, but says it had {item.number}")


def _read_stream_header(source: ByteSource, *, kind: StreamKind, version: int, peer: str) -> None:
    header = memoryview(bytearray(STREAM_HEADER.size))
    _fill(source, header, peer=peer)
    if bytes(header) != STREAM_HEADER.pack(STREAM_MAGIC, version, kind, 0):
        raise IntegrityError(f"region {peer} sent something else than a stream of {kind.name.lower()} in version {version}")


def _parse(header: memoryview, *, peer: str, buffer: ReceiveBuffer) -> tuple[_FrameType, Item]:
    fields = header[: _FRAME.size]
    if _CHECK.unpack(header[_FRAME.size :])[0] != zlib.crc32(fields):
        raise IntegrityError(f"a frame header from region {peer} does not match its checksum")
    kind, compression, reserved, raw_bytes, payload_bytes, number = _FRAME.unpack(fields)
    if reserved or not _is_sound(kind, compression, raw_bytes, payload_bytes):
        raise IntegrityError(f"region {peer} sent a frame that breaks the protocol's limits (type {kind}, {payload_bytes} bytes)")
    return _FrameType(kind), Item(number, compression, raw_bytes, buffer.take(payload_bytes))


def _is_sound(kind: int, compression: int, raw_bytes: int, payload_bytes: int) -> bool:
    if kind == _FrameType.ITEM:
        stored_whole = compression != 0 or payload_bytes == raw_bytes
        return compression in _COMPRESSIONS and 0 < payload_bytes <= raw_bytes <= BLOCK_BYTES_MAX and stored_whole
    if kind == _FrameType.PROBLEM:
        return 0 < payload_bytes <= _PROBLEM_BYTES_MAX
    return kind == _FrameType.END and payload_bytes == 0


def _fill(source: ByteSource, buffer: memoryview, *, peer: str) -> None:
    filled = 0
    while filled < len(buffer):
        got = source.readinto(buffer[filled:])
        if got == 0:
            raise UnavailableError(Code.PEER_UNAVAILABLE, f"the stream from region {peer} was cut")
        filled += got


def _reported(payload: memoryview, *, peer: str) -> FarpointError:
    try:
        return problem_from_json(decode_document(bytes(payload)), peer=peer)
    except ValueError:
        return IntegrityError(f"region {peer} reported a failure that cannot be read")
