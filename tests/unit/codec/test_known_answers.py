"""Known answers for every encoding of format 1, byte for byte. One that changes is a new format (docs/format), not a new answer.

That the answers themselves are right is shown by the second reader, which is written from the documents (test_format_1).
"""

import uuid

from farpoint.codec.catalogue_format import EntryHeader, decode_entry, decode_entry_header, encode_entry
from farpoint.codec.compression import STORED
from farpoint.codec.digest import chunk_id, entry_digest, node_id, sealed_hash
from farpoint.codec.frame import FrameKind, FrameSealer, decode_frame_header
from farpoint.codec.manifest_format import ManifestHeader, decode_manifest, encode_manifest, signed_message
from farpoint.codec.node_format import decode_node, encode_node
from farpoint.codec.pack_format import (
    DirectoryEntry,
    PackHeader,
    Trailer,
    decode_directory,
    decode_pack_header,
    decode_trailer,
    directory_key,
    encode_directory,
    frame_key,
)
from farpoint.model.ids import ManifestId, PackId, RegionId, ScopeId
from farpoint.model.index import PackKind
from farpoint.model.manifest import SignedStatement

PACK = PackId(bytes(range(24)))
HEADER = PackHeader(id=PACK, kind=PackKind.NODES, scope=ScopeId(uuid.UUID(bytes=bytes(range(100, 116)))), key_generation=7)
FRAME = (
    "46506672 01 00 0000 00000003 0000000b 0000001b"
    "e0730db687c5ddb5d689b1c9057b1c512b81aebfe6b31e7717b75b5e1a97ef7b"
    "81ed48305cd2c3fb530b41057f903e54d3230a94ce3ace887c8200"
)


def test_ids_are_blake3_under_a_context_of_their_own() -> None:
    assert chunk_id(b"abc").hex() == "ba41259822f3b8ad35b74934e761af46b04b0ce3d878d352d29b85fba3cf4cf0"
    assert node_id(b"abc").hex() == "dd8335f008a5c38c8045b61cc16276085f0cbc0a55240ca57592ce50238077d3"
    assert entry_digest(b"abc").hex() == "2369217bb16227d30195fa0231082c9cb2f7f4b394cfb2295258aeb7387e3101"
    assert sealed_hash(b"abc").hex() == "f3f78d8c2cb3a7308d240449b24843ca844a5cfbe13820081db2db476312c2f2"
    assert chunk_id(bytes(65536)).hex() == "d0d9a4588b85ac3eb246cfcde6388a0f5a9189c69efd58a151b8cba6d048c0ed"


def test_a_sealed_frame() -> None:
    out = bytearray(79)
    sealer = FrameSealer(b"k" * 32, PACK)
    length = sealer.seal_into(memoryview(out), kind=FrameKind.CHUNK, number=3, compression=STORED, raw_bytes=11, payload=b"hello world")
    assert (length, bytes(out)) == (79, bytes.fromhex(FRAME))
    assert sealer.open(decode_frame_header(out), out[52:]) == b"hello world"


def test_a_pack_header_and_the_keys_it_leads_to() -> None:
    encoded = bytes.fromhex(
        "4650504b 0001 02 00 6465666768696a6b6c6d6e6f70717273 00000007 000102030405060708090a0b0c0d0e0f1011121314151617"
    )
    assert HEADER.encode() == encoded
    assert decode_pack_header(encoded) == HEADER
    assert frame_key(b"s" * 32, HEADER).hex() == "281227fe953b4755d536ea193254264577986a5243016c8c2abfecf8220260bb"
    assert directory_key(b"s" * 32, HEADER).hex() == "d6517b9e71183105d0097e0f3e84ab576ed912520d46a2e49f8f885e7fed64ad"


def test_a_pack_directory() -> None:
    entries = [DirectoryEntry(b"i" * 32, 52, 27, 11)]
    encoded = bytes.fromhex("00000001" + "69" * 32 + "0000000000000034 0000001b 0000000b")
    assert encode_directory(entries) == encoded
    assert decode_directory(encoded) == entries


def test_a_pack_trailer() -> None:
    trailer = Trailer(directory_offset=131, directory_bytes=120, frame_count=1, pack_bytes=279)
    encoded = bytes.fromhex("0000000000000083 00000078 00000001 00000117 4650504b656e640a")
    assert trailer.encode() == encoded
    assert decode_trailer(encoded, pack_bytes=279) == trailer


def test_a_map_node() -> None:
    children = [b"a" * 32, *[None] * 62, b"b" * 32]
    encoded = bytes.fromhex("46504e64 01 01 0040 00010000 8000000000000001" + "61" * 32 + "62" * 32)
    assert encode_node(level=1, block_bytes=65536, children=children) == encoded
    assert list(decode_node(encoded).children) == children
    assert node_id(encoded).hex() == "05dd90fc0da2555b704f92933dd99751be76e1f7cac817347cfa3bf5bf80ef54"


def test_a_manifest_object() -> None:
    manifest, region, scope = (uuid.UUID(int=number) for number in (1, 2, 3))
    header = ManifestHeader(manifest=ManifestId(manifest), region=RegionId(region), scope=ScopeId(scope), key_generation=4, salt=b"t" * 32)
    statement = SignedStatement(region=RegionId(region), manifest=ManifestId(manifest), body=b"{}", signature=b"g" * 64)
    encoded = bytes.fromhex(
        "46504d46 01 000000" + "00" * 15 + "01" + "00" * 15 + "02" + "00" * 15 + "03" + "00000004" + "74" * 32 + "00000002"
        "3f9643f62c8a0cff810d35307ddf41dc23dc" + "67" * 64
    )
    assert encode_manifest(header, statement, b"s" * 32) == encoded
    assert decode_manifest(encoded, b"s" * 32) == statement
    assert signed_message(statement.region, statement.manifest, b"{}") == (
        b"farpoint/manifest-statement/1" + region.bytes + manifest.bytes + b"{}"
    )


def test_an_entry_of_the_catalogue_log() -> None:
    region, scope = (uuid.UUID(int=number) for number in (2, 3))
    header = EntryHeader(
        region=RegionId(region), scope=ScopeId(scope), key_generation=4, epoch=5, seq=6, previous=b"p" * 32, salt=b"t" * 32
    )
    place = "00000005" + "0000000000000006" + "70" * 32
    encoded = bytes.fromhex(
        "46504354 01 000000" + "00" * 15 + "02" + "00" * 15 + "03" + "00000004" + place + "74" * 32 + "00000002"
        "e02a7f45405059c3c0a9ba00b325b3a77bce" + "67" * 64
    )
    assert encode_entry(header, b"{}", b"g" * 64, b"s" * 32) == encoded
    assert decode_entry_header(encoded) == header
    assert decode_entry(encoded, b"s" * 32) == (b"{}", b"g" * 64)
    assert header.signed_message(b"{}") == b"farpoint/catalogue-entry/1" + region.bytes + bytes.fromhex(place) + b"{}"
