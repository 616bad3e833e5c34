"""Headers, directories, trailers and nodes: one encoding each, and nothing else is taken for one."""

import uuid

import pytest

from farpoint.codec.frame import FrameKind
from farpoint.codec.node_format import LEVEL_MAX, decode_node, encode_node
from farpoint.codec.pack_format import (
    PACK_HEADER_BYTES,
    DirectoryEntry,
    PackHeader,
    Trailer,
    decode_directory,
    decode_pack_header,
    decode_trailer,
    encode_directory,
    frame_key,
)
from farpoint.errors import IntegrityError
from farpoint.model.ids import PackId, ScopeId
from farpoint.model.index import PackKind

HEADER = PackHeader(id=PackId(b"p" * 24), kind=PackKind.DATA, scope=ScopeId(uuid.UUID(int=1)), key_generation=2)
CHILDREN = [bytes([slot]) * 32 if slot % 3 else None for slot in range(64)]
NODE = encode_node(level=2, block_bytes=1 << 18, children=CHILDREN)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_bit_of_a_pack_header_is_checked_or_leads_to_another_key() -> None:
    key = frame_key(b"s" * 32, HEADER)
    for bit in range(PACK_HEADER_BYTES * 8):
        try:
            found = decode_pack_header(flipped(HEADER.encode(), bit))
        except IntegrityError:
            continue
        assert frame_key(b"s" * 32, found) != key


@pytest.mark.parametrize("length", [0, 1, PACK_HEADER_BYTES - 1])
def test_a_pack_that_is_too_short_is_refused(length: int) -> None:
    with pytest.raises(IntegrityError, match="no room"):
        decode_pack_header(HEADER.encode()[:length])


@pytest.mark.parametrize(("kind", "expected"), [(PackKind.DATA, FrameKind.CHUNK), (PackKind.NODES, FrameKind.NODE)])
def test_a_pack_holds_one_kind_of_frame(kind: PackKind, expected: FrameKind) -> None:
    assert PackHeader(id=HEADER.id, kind=kind, scope=HEADER.scope, key_generation=2).frame_kind is expected


def test_an_empty_directory_is_one() -> None:
    assert decode_directory(encode_directory([])) == []


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"\0\0\0\1", encode_directory([])[:-1], encode_directory([]) + b"\0", b"\xff" * 52])
def test_a_directory_of_another_length_than_its_count_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="cannot list"):
        decode_directory(data)


@pytest.mark.parametrize("second", [51, 52, 130, 132])
def test_a_directory_whose_frames_leave_gaps_or_overlap_is_refused(second: int) -> None:
    entries = [DirectoryEntry(b"a" * 32, 52, 27, 11), DirectoryEntry(b"b" * 32, second, 27, 11)]
    with pytest.raises(IntegrityError, match="131 is due"):
        decode_directory(encode_directory(entries))


def test_every_bit_of_a_trailer_but_the_frame_count_is_checked() -> None:
    encoded = Trailer(directory_offset=131, directory_bytes=120, frame_count=1, pack_bytes=279).encode()
    for bit in range(len(encoded) * 8):
        if not 12 <= bit // 8 < 16:
            with pytest.raises(IntegrityError):
                decode_trailer(flipped(encoded, bit), pack_bytes=279)


@pytest.mark.parametrize("pack_bytes", [0, 278, 280])
def test_a_trailer_of_a_pack_of_another_length_is_refused(pack_bytes: int) -> None:
    encoded = Trailer(directory_offset=131, directory_bytes=120, frame_count=1, pack_bytes=279).encode()
    with pytest.raises(IntegrityError, match="truncated"):
        decode_trailer(encoded, pack_bytes=pack_bytes)
    with pytest.raises(IntegrityError, match="too short"):
        decode_trailer(encoded[1:], pack_bytes=pack_bytes)


def test_a_node_is_what_was_encoded() -> None:
    node = decode_node(NODE)
    assert (node.level, node.block_bytes, list(node.children), node.encoded) == (2, 1 << 18, CHILDREN, NODE)


def test_a_node_has_one_encoding() -> None:
    for bit in range(20 * 8):
        try:
            found = decode_node(flipped(NODE, bit))
        except IntegrityError:
            continue
        # What still decodes says something else: nothing is ignored.
        assert (found.level, found.block_bytes) != (2, 1 << 18)


@pytest.mark.parametrize("data", [b"", NODE[:19], NODE[:20], NODE[:-1], NODE + b"\0", NODE + b"\0" * 32])
def test_a_node_of_another_length_than_its_slots_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_node(data)


def test_a_node_without_children_does_not_exist() -> None:
    with pytest.raises(IntegrityError):
        decode_node(encode_node(level=0, block_bytes=1 << 18, children=[None] * 64))


@pytest.mark.parametrize(("level", "block_bytes"), [(LEVEL_MAX + 1, 1 << 18), (0, 1 << 15), (0, 1 << 23), (0, 3 << 16)])
def test_a_node_of_no_disk_we_know_is_refused(level: int, block_bytes: int) -> None:
    with pytest.raises(IntegrityError):
        decode_node(encode_node(level=level, block_bytes=block_bytes, children=CHILDREN))
