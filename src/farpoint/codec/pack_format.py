"""The encoding of packs: header, directory, trailer, and the derivation of a pack's own keys. Normative: docs/format/pack.md."""

import struct
import uuid
from collections.abc import Sequence

from attrs import frozen
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from farpoint.codec.frame import FRAME_HEADER_BYTES, FrameKind
from farpoint.errors import IntegrityError
from farpoint.model.ids import PackId, ScopeId
from farpoint.model.index import PackKind

PACK_ID_BYTES = 24
PACK_MAGIC = b"FPPK"
PACK_VERSION = 1
_HEADER = struct.Struct(">4sHBB16sI24s")
PACK_HEADER_BYTES = _HEADER.size
_KINDS = {PackKind.DATA: 1, PackKind.NODES: 2}
_KIND_OF = {number: kind for kind, number in _KINDS.items()}
_ENTRY = struct.Struct(">32sQII")
DIRECTORY_ENTRY_BYTES = _ENTRY.size
_TRAILER = struct.Struct(">QIII8s")
TRAILER_BYTES = _TRAILER.size
_TRAILER_MAGIC = b"FPPKend\n"
_FRAME_KEY_INFO = b"farpoint/pack/frames/1"
_DIRECTORY_KEY_INFO = b"farpoint/pack/directory/1"


@frozen(kw_only=True)
class PackHeader:
    """The first bytes of a pack; all of them go into the derivation of its keys, so none can be changed unnoticed."""

    id: PackId
    kind: PackKind
    scope: ScopeId
    key_generation: int

    def encode(self) -> bytes:
        """Return the 52 bytes."""
        return _HEADER.pack(PACK_MAGIC, PACK_VERSION, _KINDS[self.kind], 0, self.scope.bytes, self.key_generation, self.id)

    @property
    def frame_kind(self) -> FrameKind:
        """The only kind of frame, besides the directory, such a pack holds."""
        return FrameKind.CHUNK if self.kind is PackKind.DATA else FrameKind.NODE


@frozen
class DirectoryEntry:
    """One frame as the pack's own directory lists it."""

    id: bytes
    offset_bytes: int
    sealed_bytes: int
    raw_bytes: int


@frozen(kw_only=True)
class Trailer:
    """The last bytes of a pack: where its directory is."""

    directory_offset: int
    #: Length of the directory frame, header included.
    directory_bytes: int
    frame_count: int
    #: Length of the whole object; a truncated or grown pack is noticed at once.
    pack_bytes: int

    def encode(self) -> bytes:
        """Return the 28 bytes."""
        return _TRAILER.pack(self.directory_offset, self.directory_bytes, self.frame_count, self.pack_bytes, _TRAILER_MAGIC)


def frame_key(secret: bytes, header: PackHeader) -> bytes:
    """Derive the key of a pack's chunk or node frames from its scope's data key (data) or structure key (nodes)."""
    return _derive(secret, header, _FRAME_KEY_INFO)


def directory_key(structure_key: bytes, header: PackHeader) -> bytes:
    """Derive the key of a pack's directory frame from its scope's structure key."""
    return _derive(structure_key, header, _DIRECTORY_KEY_INFO)


def decode_pack_header(data: bytes | bytearray | memoryview) -> PackHeader:
    """Parse the start of a pack; raise IntegrityError when it is not one of ours."""
    if len(data) < PACK_HEADER_BYTES:
        message = f"a pack of {len(data)} bytes has no room for its header"
        raise IntegrityError(message)
    magic, version, kind, reserved, scope, generation, pack = _HEADER.unpack_from(data)
    if magic != PACK_MAGIC or version != PACK_VERSION or kind not in _KIND_OF or reserved != 0:
        message = "a pack header is damaged or of an unknown version"
        raise IntegrityError(message)
    return PackHeader(id=PackId(pack), kind=_KIND_OF[kind], scope=ScopeId(uuid.UUID(bytes=scope)), key_generation=generation)


def encode_directory(entries: Sequence[DirectoryEntry]) -> bytes:
    """Encode the directory's plain text: a count and one 48-byte entry per frame, in frame order."""
    parts = [len(entries).to_bytes(4, "big")]
    parts.extend(_ENTRY.pack(entry.id, entry.offset_bytes, entry.sealed_bytes, entry.raw_bytes) for entry in entries)
    return b"".join(parts)


def decode_directory(data: bytes | bytearray | memoryview) -> list[DirectoryEntry]:
    """Decode a directory and check that its frames tile the pack from the header on; raise IntegrityError otherwise."""
    count = int.from_bytes(data[:4], "big")
    if len(data) != 4 + count * _ENTRY.size:
        message = f"a pack directory of {len(data)} bytes cannot list {count} frames"
        raise IntegrityError(message)
    entries = [DirectoryEntry(*fields) for fields in _ENTRY.iter_unpack(data[4:])]
    offset = PACK_HEADER_BYTES
    for entry in entries:
        if entry.offset_bytes != offset:
            message = f"a pack directory has a frame at {entry.offset_bytes} where {offset} is due"
            raise IntegrityError(message)
        offset += FRAME_HEADER_BYTES + entry.sealed_bytes
    return entries


def decode_trailer(data: bytes | bytearray | memoryview, *, pack_bytes: int) -> Trailer:
    """Parse the trailer of a pack that is *pack_bytes* long; raise IntegrityError when it does not fit."""
    if len(data) != TRAILER_BYTES:
        message = f"a pack of {pack_bytes} bytes is too short to have a trailer"
        raise IntegrityError(message)
    offset, length, count, claimed, magic = _TRAILER.unpack(data)
    fits = (
        magic == _TRAILER_MAGIC and claimed == pack_bytes and offset >= PACK_HEADER_BYTES and offset + length + TRAILER_BYTES == pack_bytes
    )
    if not fits:
        message = f"the trailer of a pack of {pack_bytes} bytes is damaged or the pack is truncated"
        raise IntegrityError(message)
    return Trailer(directory_offset=offset, directory_bytes=length, frame_count=count, pack_bytes=claimed)


def _derive(secret: bytes, header: PackHeader, info: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=header.id, info=info + header.encode())
    return kdf.derive(secret)
