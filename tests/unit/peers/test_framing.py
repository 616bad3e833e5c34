"""The binary stream: what goes in comes out, and nothing else ever does."""

import io
import struct
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farpoint.errors import Code, IntegrityError, Place, RefusedError, UnavailableError
from farpoint.model.disk import BLOCK_BYTES_MAX
from farpoint.peers.framing import (
    FRAME_HEADER_BYTES,
    PIECE_BYTES,
    STREAM_HEADER,
    Item,
    ReceiveBuffer,
    StreamKind,
    read_stream,
    write_stream,
)

VERSION = 1


class Drops:
    """Hands out bytes in reads of odd lengths, as a network does."""

    def __init__(self, data: bytes, step: int = 7919) -> None:
        self._data = io.BytesIO(data)
        self._step = step

    def readinto(self, buffer: memoryview, /) -> int:
        return self._data.readinto(buffer[: self._step])


def written(items: list[Item], kind: StreamKind = StreamKind.BLOCKS) -> bytes:
    return b"".join(write_stream(kind, VERSION, items))


def read(data: bytes, kind: StreamKind = StreamKind.BLOCKS) -> list[tuple[int, int, int, bytes]]:
    stream = read_stream(Drops(data), kind=kind, version=VERSION, peer="eastus", buffer=ReceiveBuffer())
    return [(item.number, item.compression, item.raw_bytes, bytes(item.payload)) for item in stream]


def item(number: int, payload: bytes, compression: int = 0, raw_bytes: int | None = None) -> Item:
    return Item(number, compression, len(payload) if raw_bytes is None else raw_bytes, memoryview(payload))


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=2000)), max_size=64))
def test_items_come_out_as_they_went_in(items: list[tuple[int, bytes]]) -> None:
    data = written([item(number, payload) for number, payload in items])

    assert read(data) == [(number, 0, len(payload), payload) for number, payload in items]


def test_an_empty_stream_has_no_items() -> None:
    assert read(written([])) == []


def test_compressed_items_keep_both_lengths() -> None:
    assert read(written([item(5, b"small", compression=1, raw_bytes=262_144)])) == [(5, 1, 262_144, b"small")]


def test_payloads_are_received_into_one_buffer() -> None:
    stream = read_stream(
        Drops(written([item(0, b"first"), item(1, b"other")])),
        kind=StreamKind.BLOCKS,
        version=VERSION,
        peer="eastus",
        buffer=ReceiveBuffer(),
    )
    first = next(stream).payload
    assert bytes(first) == b"first"

    next(stream)

    assert bytes(first) == b"other"


def test_the_buffer_grows_to_the_largest_block() -> None:
    payload = bytes(range(256)) * (BLOCK_BYTES_MAX // 256)

    assert read(written([item(0, b"x"), item(1, payload)]))[1][3] == payload


def test_frames_are_gathered_into_large_pieces() -> None:
    block = bytes(256 * 1024)
    pieces = list(write_stream(StreamKind.BLOCKS, VERSION, [item(number, block) for number in range(16)]))

    assert [len(piece) >= PIECE_BYTES for piece in pieces[:-1]] == [True] * 4


@pytest.mark.parametrize(
    "kept", [0, 3, STREAM_HEADER.size, STREAM_HEADER.size + 10, STREAM_HEADER.size + FRAME_HEADER_BYTES + 3, -1, -FRAME_HEADER_BYTES]
)
def test_a_stream_cut_anywhere_is_unavailable(kept: int) -> None:
    data = written([item(0, b"payload"), item(1, b"another")])

    with pytest.raises(UnavailableError, match="stream from region eastus was cut"):
        read(data[:kept])


def test_every_flipped_bit_of_a_header_is_noticed() -> None:
    data = written([item(3, b"payload")])
    payload_at = range(STREAM_HEADER.size + FRAME_HEADER_BYTES, STREAM_HEADER.size + FRAME_HEADER_BYTES + len(b"payload"))
    for bit in range(len(data) * 8):
        if bit // 8 in payload_at:
            continue
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(IntegrityError):
            read(bytes(damaged))


def test_a_stream_of_another_kind_is_refused() -> None:
    with pytest.raises(IntegrityError, match="something else than a stream of nodes"):
        read(written([]), kind=StreamKind.NODES)


def frame(kind: int, *, compression: int = 0, raw_bytes: int = 0, payload_bytes: int = 0, number: int = 0) -> bytes:
    fields = struct.pack(">BBHIIQ", kind, compression, 0, raw_bytes, payload_bytes, number)
    return STREAM_HEADER.pack(b"FPst", VERSION, StreamKind.BLOCKS, 0) + fields + struct.pack(">I", zlib.crc32(fields))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(frame(1, raw_bytes=BLOCK_BYTES_MAX + 1, payload_bytes=BLOCK_BYTES_MAX + 1), id="longer than a block"),
        pytest.param(frame(1, compression=1, raw_bytes=100, payload_bytes=101), id="compressed to more than it was"),
        pytest.param(frame(1, raw_bytes=100, payload_bytes=99), id="stored, but shorter"),
        pytest.param(frame(1, compression=2, raw_bytes=100, payload_bytes=99), id="unknown compression"),
        pytest.param(frame(1, raw_bytes=0, payload_bytes=0), id="empty item"),
        pytest.param(frame(2, payload_bytes=5), id="an end with a payload"),
        pytest.param(frame(3, payload_bytes=1 << 20), id="a report of a megabyte"),
        pytest.param(frame(9), id="unknown frame type"),
    ],
)
def test_a_frame_beyond_the_limits_is_refused_before_it_is_received(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="breaks the protocol's limits"):
        read(data)


def test_an_end_that_counts_otherwise_is_refused() -> None:
    with pytest.raises(IntegrityError, match="ended after 0 items, but says it had 4"):
        read(frame(2, number=4))


def failing(error: Exception) -> Iterator[Item]:
    yield item(0, b"good")
    raise error


def test_a_failure_at_the_source_arrives_as_what_it_is() -> None:
    error = IntegrityError("a frame does not match its tag", place=Place(disk="os", offset_bytes=512, pack="packs/ab", frame=2))
    data = b"".join(write_stream(StreamKind.BLOCKS, VERSION, failing(error)))

    with pytest.raises(IntegrityError, match="region eastus says: a frame does not match its tag") as raised:
        read(data)
    assert raised.value.place == error.place


def test_a_refusal_at_the_source_keeps_its_code() -> None:
    data = b"".join(write_stream(StreamKind.BLOCKS, VERSION, failing(RefusedError(Code.KEY_UNAVAILABLE, "the key is gone"))))

    with pytest.raises(RefusedError) as raised:
        read(data)
    assert raised.value.code is Code.KEY_UNAVAILABLE


def test_a_bug_at_the_source_cuts_the_stream() -> None:
    with pytest.raises(ZeroDivisionError):
        list(write_stream(StreamKind.BLOCKS, VERSION, failing(ZeroDivisionError())))
