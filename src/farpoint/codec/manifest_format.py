"""The encoding of manifest objects: plain header, sealed body, signature. Normative: docs/format/manifest.md.

The signature covers the identity fields and the *plain* body, so that a copy can embed its source's signed statement and any
region can check it, although the sealing key never leaves its region (docs/decisions/0004-manifest-signature.md).
"""

import struct
import uuid

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from farpoint.errors import IntegrityError
from farpoint.model.ids import ManifestId, RegionId, ScopeId
from farpoint.model.manifest import SignedStatement

MANIFEST_MAGIC = b"FPMF"
MANIFEST_VERSION = 1
SALT_BYTES = 32
SIGNATURE_BYTES = 64
_HEADER = struct.Struct(">4sB3x16s16s16sI32sI")
_KEY_INFO = b"farpoint/manifest/1"
_SIGNED_LABEL = b"farpoint/manifest-statement/1"
#: The salt makes the key unique to one attempt, so a fixed nonce never repeats under it.
_NONCE = bytes(12)
_TAG_BYTES = 16


@frozen(kw_only=True)
class ManifestHeader:
    """The plain start of a manifest object; authenticated with the body."""

    manifest: ManifestId
    region: RegionId
    #: Scope and generation of the structure key the body is sealed under.
    scope: ScopeId
    key_generation: int
    salt: bytes

    def encode(self, body_bytes: int) -> bytes:
        """Return the header of a manifest whose body is *body_bytes* long."""
        start = (MANIFEST_MAGIC, MANIFEST_VERSION, self.manifest.bytes, self.region.bytes)
        return _HEADER.pack(*start, self.scope.bytes, self.key_generation, self.salt, body_bytes)


def signed_message(statement_region: RegionId, manifest: ManifestId, body: bytes) -> bytes:
    """Return the bytes a manifest's author signs."""
    return _SIGNED_LABEL + statement_region.bytes + manifest.bytes + body


def encode_manifest(header: ManifestHeader, statement: SignedStatement, structure_key: bytes) -> bytes:
    """Seal *statement* into the object's bytes."""
    head = header.encode(len(statement.body))
    return head + _aead(structure_key, header).encrypt(_NONCE, statement.body, head) + statement.signature


def decode_manifest_header(data: bytes) -> ManifestHeader:
    """Parse the plain header; raise IntegrityError when the object is not a manifest of the right length."""
    if len(data) < _HEADER.size:
        message = "a manifest object is shorter than its header"
        raise IntegrityError(message)
    magic, version, manifest, region, scope, generation, salt, body_bytes = _HEADER.unpack_from(data)
    header = ManifestHeader(
        manifest=ManifestId(uuid.UUID(bytes=manifest)), region=RegionId(uuid.UUID(bytes=region)), scope=ScopeId(uuid.UUID(bytes=scope)),
        key_generation=generation, salt=salt,
    )  # fmt: skip
    fits = len(data) == _HEADER.size + body_bytes + _TAG_BYTES + SIGNATURE_BYTES
    if magic != MANIFEST_MAGIC or version != MANIFEST_VERSION or not fits or header.encode(body_bytes) != data[: _HEADER.size]:
        message = "a manifest object is damaged, truncated or of an unknown version"
        raise IntegrityError(message)
    return header


def decode_manifest(data: bytes, structure_key: bytes) -> SignedStatement:
    """Open a manifest object; the caller checks the signature. Raises IntegrityError."""
    header = decode_manifest_header(data)
    head, sealed, signature = data[: _HEADER.size], data[_HEADER.size : -SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
    try:
        body = _aead(structure_key, header).decrypt(_NONCE, sealed, head)
    except InvalidTag as error:
        message = f"manifest {header.manifest} fails authentication"
        raise IntegrityError(message) from error
    return SignedStatement(region=header.region, manifest=header.manifest, body=body, signature=signature)


def _aead(structure_key: bytes, header: ManifestHeader) -> AESGCM:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=header.salt, info=_KEY_INFO + header.manifest.bytes)
    return AESGCM(kdf.derive(structure_key))
