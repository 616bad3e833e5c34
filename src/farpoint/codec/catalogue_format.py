"""The encoding of entries of the catalogue log: plain header, sealed body, signature. Normative: docs/format/catalogue.md.

As with manifests the signature covers the *plain* body, so that an entry that was opened where its key is can be checked anywhere.
"""

import struct
import uuid

from attrs import frozen
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farpoint.codec.sealed_object import has_length, object_key, seal, unseal
from farpoint.errors import IntegrityError
from farpoint.model.ids import RegionId, ScopeId

ENTRY_MAGIC = b"FPCT"
ENTRY_VERSION = 1
#: What the first entry of a log says of the one before it.
NO_ENTRY = bytes(32)
_HEADER = struct.Struct(">4sB3x16s16sIIQ32s32sI")
_PLACE = struct.Struct(">16sIQ32s")
_KEY_INFO = b"farpoint/catalogue/1"
_SIGNED_LABEL = b"farpoint/catalogue-entry/1"


@frozen(kw_only=True)
class EntryHeader:
    """The plain start of an entry; authenticated with the body."""

    region: RegionId
    #: Scope and generation of the structure key the body is sealed under.
    scope: ScopeId
    key_generation: int
    epoch: int
    seq: int
    #: codec.digest.entry_digest of the entry before this one, NO_ENTRY for the first.
    previous: bytes
    salt: bytes

    def encode(self, body_bytes: int) -> bytes:
        """Return the header of an entry whose body is *body_bytes* long."""
        sealing = (self.region.bytes, self.scope.bytes, self.key_generation)
        return _HEADER.pack(ENTRY_MAGIC, ENTRY_VERSION, *sealing, self.epoch, self.seq, self.previous, self.salt, body_bytes)

    def signed_message(self, body: bytes) -> bytes:
        """Return the bytes that the region signs."""
        return _SIGNED_LABEL + _PLACE.pack(self.region.bytes, self.epoch, self.seq, self.previous) + body


def encode_entry(header: EntryHeader, body: bytes, signature: bytes, structure_key: bytes) -> bytes:
    """Seal *body* into the object's bytes."""
    return seal(_key(structure_key, header), header.encode(len(body)), body, signature)


def decode_entry_header(data: bytes) -> EntryHeader:
    """Parse the plain header; raise IntegrityError when the object is not an entry of the right length."""
    if len(data) < _HEADER.size:
        message = "a catalogue entry is shorter than its header"
        raise IntegrityError(message)
    _magic, _version, region, scope, generation, epoch, seq, previous, salt, body_bytes = _HEADER.unpack_from(data)
    header = EntryHeader(
        region=RegionId(uuid.UUID(bytes=region)), scope=ScopeId(uuid.UUID(bytes=scope)), key_generation=generation,
        epoch=epoch, seq=seq, previous=previous, salt=salt,
    )  # fmt: skip
    # Encoding it again shows magic, version and padding to be ours, too.
    if not has_length(_HEADER, data, body_bytes) or header.encode(body_bytes) != data[: _HEADER.size]:
        message = "a catalogue entry is damaged, truncated or of an unknown version"
        raise IntegrityError(message)
    return header


def decode_entry(data: bytes, structure_key: bytes) -> tuple[bytes, bytes]:
    """Open an entry; return its body and its signature, which the caller checks. Raises IntegrityError."""
    header = decode_entry_header(data)
    return unseal(_key(structure_key, header), _HEADER, data, what=f"catalogue entry {header.seq} of epoch {header.epoch}")


def _key(structure_key: bytes, header: EntryHeader) -> AESGCM:
    return object_key(structure_key, salt=header.salt, info=_KEY_INFO + struct.pack(">IQ", header.epoch, header.seq))
