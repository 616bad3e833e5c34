"""A second reader of format 1, written from docs/format alone: it shares no code with farpoint.

If this has to change, the format has changed.
"""

import base64
import json
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import zstandard
from blake3 import blake3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | None"
FRAME_BYTES, PACK_HEADER_BYTES, TRAILER_BYTES, MANIFEST_HEADER_BYTES, ENTRY_HEADER_BYTES = 52, 52, 28, 96, 124


class SecondReader:
    """Reads a region's bucket with its key file, starting from nothing."""

    def __init__(self, folder: Path) -> None:
        """Read identity, keys and every pack of the region in *folder*."""
        self.bucket = folder / "bucket"
        pem = serialization.load_pem_private_key((folder / "keys/signing.pem").read_bytes(), password=None)
        self.public = pem.public_key()
        assert isinstance(self.public, Ed25519PublicKey)
        kek = json.loads((folder / "keys/kek.json").read_text())
        self.keks = {int(version): base64.b64decode(key) for version, key in kek["keys"].items()}
        self.frames: dict[tuple[int, bytes], bytes] = {}
        for path in sorted((self.bucket / "packs").glob("*/*")):
            self.read_pack(path.name, path.read_bytes())

    def signed(self, name: str, label: str) -> dict[str, Json]:
        """Return a signed JSON object, proven."""
        data = (self.bucket / name).read_bytes()
        fields: dict[str, Json] = json.loads(data)
        assert canonical(fields) == data
        signature = fields.pop("signature")
        assert isinstance(signature, str)
        assert isinstance(self.public, Ed25519PublicKey)
        self.public.verify(base64.b64decode(signature), label.encode() + canonical(fields))
        return fields

    def scope_keys(self, scope: uuid.UUID, generation: int) -> tuple[bytes, bytes]:
        """Return (data key, structure key)."""
        (path,) = (self.bucket / f"keys/{scope}/{generation}").iterdir()
        stored = json.loads(path.read_bytes())
        keys = []
        for field, purpose in (("dataKey", "data"), ("structureKey", "structure")):
            wrapped = base64.b64decode(stored[field]["wrapped"])
            context = f"farpoint/wrapped-key/1|{scope}|{generation}|{purpose}".encode()
            keys.append(AESGCM(self.keks[stored[field]["kekVersion"]]).decrypt(wrapped[:12], wrapped[12:], context))
        return keys[0], keys[1]

    def read_pack(self, name: str, data: bytes) -> None:
        """Open every frame of a pack, and compare with its directory."""
        header = data[:PACK_HEADER_BYTES]
        magic, version, kind, reserved, scope, generation, pack = struct.unpack(">4sHBB16sI24s", header)
        assert (magic, version, reserved, pack.hex()) == (b"FPPK", 1, 0, name)
        data_key, structure_key = self.scope_keys(uuid.UUID(bytes=scope), generation)
        offset, length, count, total, end = struct.unpack(">QIII8s", data[-TRAILER_BYTES:])
        assert (end, total, offset + length + TRAILER_BYTES) == (b"FPPKend\n", len(data), len(data))
        plain = open_frame(data[offset : offset + length], 3, count, pack, hkdf(structure_key, pack, b"farpoint/pack/directory/1" + header))
        assert int.from_bytes(plain[:4], "big") == count
        key = hkdf(data_key if kind == 1 else structure_key, pack, b"farpoint/pack/frames/1" + header)
        place = PACK_HEADER_BYTES
        for number, (name_, start, sealed, raw) in enumerate(struct.iter_unpack(">32sQII", plain[4:])):
            assert start == place
            place += FRAME_BYTES + sealed
            self.frames[kind, name_] = open_frame(data[start:place], kind, number, pack, key)
            context = {1: "farpoint 2026-11 chunk id v1", 2: "farpoint 2026-11 map node id v1"}[kind]
            assert len(self.frames[kind, name_]) == raw
            assert blake3(self.frames[kind, name_], derive_key_context=context).digest() == name_
        assert place == offset

    def manifest(self, guid: str) -> dict[str, Json]:
        """Return the body of a manifest, proven."""
        data = (self.bucket / f"manifests/{guid}").read_bytes()
        header = data[:MANIFEST_HEADER_BYTES]
        magic, version, name, region, scope, generation, salt, length = struct.unpack(">4sB3x16s16s16sI32sI", header)
        assert (magic, version, str(uuid.UUID(bytes=name))) == (b"FPMF", 1, guid)
        _, structure_key = self.scope_keys(uuid.UUID(bytes=scope), generation)
        key = hkdf(structure_key, salt, b"farpoint/manifest/1" + name)
        body = AESGCM(key).decrypt(bytes(12), data[MANIFEST_HEADER_BYTES:-64], header)
        assert len(body) == length
        assert isinstance(self.public, Ed25519PublicKey)
        self.public.verify(data[-64:], b"farpoint/manifest-statement/1" + region + name + body)
        found: dict[str, Json] = json.loads(body)
        assert canonical(found) == body
        return found

    def catalogue(self) -> Iterator[dict[str, Json]]:
        """Return every change of the catalogue log, proven, in order."""
        previous = bytes(32)
        for epoch in sorted(int(path.name) for path in (self.bucket / "catalogue").iterdir()):
            for seq in range(1, len(list((self.bucket / f"catalogue/{epoch}").iterdir())) + 1):
                data = (self.bucket / f"catalogue/{epoch}/{seq}").read_bytes()
                header = data[:ENTRY_HEADER_BYTES]
                magic, version, region, scope, generation, *place, before, salt, length = struct.unpack(">4sB3x16s16sIIQ32s32sI", header)
                assert (magic, version, place, before) == (b"FPCT", 1, [epoch, seq], previous)
                previous = blake3(data, derive_key_context="farpoint 2026-11 catalogue entry v1").digest()
                _, structure_key = self.scope_keys(uuid.UUID(bytes=scope), generation)
                key = hkdf(structure_key, salt, b"farpoint/catalogue/1" + struct.pack(">IQ", epoch, seq))
                body = AESGCM(key).decrypt(bytes(12), data[ENTRY_HEADER_BYTES:-64], header)
                assert len(body) == length
                assert isinstance(self.public, Ed25519PublicKey)
                signed = b"farpoint/catalogue-entry/1" + region + struct.pack(">IQ", epoch, seq) + before + body
                self.public.verify(data[-64:], signed)
                found = json.loads(body)
                assert canonical(found) == body
                assert found["format"] == "farpoint-catalogue/1"
                yield from found["changes"]

    def disk(self, entry: dict[str, Json]) -> bytes:
        """Return the bytes of one disk of a manifest."""
        size, block, root = entry["sizeBytes"], entry["blockBytes"], entry["root"]
        assert isinstance(size, int)
        assert isinstance(block, int)
        data = bytearray(-(-size // block) * block)
        if isinstance(root, str):
            for number, chunk in self.blocks(bytes.fromhex(root), 0, block):
                data[number * block : (number + 1) * block] = chunk
        return bytes(data[:size])

    def blocks(self, node: bytes, index: int, block_bytes: int) -> Iterator[tuple[int, bytes]]:
        """Walk a map in disk order."""
        data = self.frames[2, node]
        magic, version, level, fanout, block, present = struct.unpack(">4sBBHIQ", data[:20])
        assert (magic, version, fanout, block) == (b"FPNd", 1, 64, block_bytes)
        children = iter(data[start : start + 32] for start in range(20, len(data), 32))
        for slot in range(64):
            if present >> slot & 1:
                child = next(children)
                if level == 0:
                    yield index * 64 + slot, self.frames[1, child]
                else:
                    yield from self.blocks(child, index * 64 + slot, block_bytes)
        assert next(children, None) is None


def open_frame(frame: bytes, kind: int, number: int, pack: bytes, key: bytes) -> bytes:
    """Return the plain text of a frame."""
    magic, found, compression, reserved, place, raw, sealed, digest = struct.unpack(">4sBBHIII32s", frame[:FRAME_BYTES])
    assert (magic, found, reserved, place, sealed) == (b"FPfr", kind, 0, number, len(frame) - FRAME_BYTES)
    ciphertext = frame[FRAME_BYTES:]
    assert blake3(ciphertext, derive_key_context="farpoint 2026-11 sealed frame v1").digest() == digest
    aad = struct.pack(">16s24sIBBI", b"farpoint/frame/1", pack, number, kind, compression, raw)
    plain = AESGCM(key).decrypt(bytes([kind]) + number.to_bytes(11, "big"), ciphertext, aad)
    if compression == 1:
        assert zstandard.frame_content_size(plain) == raw
        plain = zstandard.ZstdDecompressor().decompress(plain)
    assert len(plain) == raw
    return plain


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256, 32 bytes out."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def canonical(document: Json) -> bytes:
    """Canonical JSON."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
