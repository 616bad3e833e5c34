"""Sealed frames: the unit a pack is made of. Normative description: docs/format/pack.md.

A frame is a plain 52-byte header and AES-256-GCM ciphertext. The key belongs to one pack; the nonce is frame kind and frame
number, so no (key, nonce) pair repeats as long as no pack id is ever used for two attempts (see vault.pack_writer).
"""

import struct
from enum import IntEnum

from attrs import field, frozen
from attrs.validators import in_, instance_of
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farpoint.codec.compression import STORED, ZSTD
from farpoint.codec.digest import sealed_hash
from farpoint.errors import IntegrityError
from farpoint.model.ids import PackId
from farpoint.units import MIB

FRAME_MAGIC = b"FPfr"
TAG_BYTES = 16
#: No raw chunk, node or directory is larger; anything that claims more is damage.
RAW_BYTES_MAX = 64 * MIB
_HEADER = struct.Struct(">4sBBHIII32s")
FRAME_HEADER_BYTES = _HEADER.size
_AAD = struct.Struct(">16s24sIBBI")
_AAD_LABEL = b"farpoint/frame/1"
Buffer = bytes | bytearray | memoryview


class FrameKind(IntEnum):
    """What a frame holds; part of nonce and associated data."""

    CHUNK = 1
    NODE = 2
    DIRECTORY = 3


@frozen(kw_only=True)
class FrameHeader:
    """The plain header: enough to find, measure and scrub a frame without any key."""

    kind: FrameKind
    compression: int = field(validator=in_((STORED, ZSTD)))
    number: int = field(validator=instance_of(int))
    raw_bytes: int = field(validator=instance_of(int))
    #: Length of the ciphertext, tag included.
    sealed_bytes: int = field(validator=instance_of(int))
    #: codec.digest.sealed_hash of the ciphertext.
    digest: bytes

    def encode(self) -> bytes:
        """Return the 52 bytes."""
        return _HEADER.pack(FRAME_MAGIC, self.kind, self.compression, 0, self.number, self.raw_bytes, self.sealed_bytes, self.digest)


def decode_frame_header(data: Buffer) -> FrameHeader:
    """Parse a frame header; raise IntegrityError when it cannot be one."""
    if len(data) < FRAME_HEADER_BYTES:
        message = f"a frame header needs {FRAME_HEADER_BYTES} bytes, {len(data)} are left"
        raise IntegrityError(message)
    magic, kind, compression, reserved, number, raw_bytes, sealed_bytes, digest = _HEADER.unpack_from(data)
    sound = (
        magic == FRAME_MAGIC
        and kind in FrameKind.__members__.values()
        and compression in (STORED, ZSTD)
        and reserved == 0
        and raw_bytes <= RAW_BYTES_MAX
        and TAG_BYTES <= sealed_bytes <= RAW_BYTES_MAX + TAG_BYTES
    )
    if not sound:
        message = "a frame header is damaged"
        raise IntegrityError(message)
    return FrameHeader(
        kind=FrameKind(kind), compression=compression, number=number, raw_bytes=raw_bytes, sealed_bytes=sealed_bytes, digest=digest
    )


def check_sealed(header: FrameHeader, ciphertext: Buffer) -> None:
    """Prove without a key that *ciphertext* is what was written; raise IntegrityError otherwise."""
    if len(ciphertext) != header.sealed_bytes or sealed_hash(ciphertext) != header.digest:
        message = "the ciphertext of a frame does not match the hash in its header"
        raise IntegrityError(message)


class FrameSealer:
    """Seals and opens the frames of one pack under one key."""

    def __init__(self, key: bytes, pack: PackId) -> None:
        """Take the pack's own 32-byte *key*."""
        self._aead = AESGCM(key)
        self._pack = pack

    def seal_into(self, out: memoryview, *, kind: FrameKind, number: int, compression: int, raw_bytes: int, payload: Buffer) -> int:
        """Write header and ciphertext of *payload* at the start of *out*; return the bytes used.

        *out* must have room for FRAME_HEADER_BYTES + len(payload) + TAG_BYTES.
        """
        sealed_bytes = len(payload) + TAG_BYTES
        body = out[FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + sealed_bytes]
        aad = self._associated(kind=kind, number=number, compression=compression, raw_bytes=raw_bytes)
        self._aead.encrypt_into(_nonce(kind, number), payload, aad, body)
        header = FrameHeader(
            kind=kind, compression=compression, number=number, raw_bytes=raw_bytes, sealed_bytes=sealed_bytes, digest=sealed_hash(body)
        )
        out[:FRAME_HEADER_BYTES] = header.encode()
        return FRAME_HEADER_BYTES + sealed_bytes

    def open(self, header: FrameHeader, ciphertext: Buffer) -> bytes:
        """Return the payload (still compressed); raise IntegrityError when tag or associated data do not match."""
        aad = self._associated(kind=header.kind, number=header.number, compression=header.compression, raw_bytes=header.raw_bytes)
        try:
            return self._aead.decrypt(_nonce(header.kind, header.number), ciphertext, aad)
        except InvalidTag as error:
            message = "a frame fails authentication"
            raise IntegrityError(message) from error

    def _associated(self, *, kind: FrameKind, number: int, compression: int, raw_bytes: int) -> bytes:
        return _AAD.pack(_AAD_LABEL, self._pack, number, kind, compression, raw_bytes)


def _nonce(kind: FrameKind, number: int) -> bytes:
    return bytes((kind,)) + number.to_bytes(11, "big")
