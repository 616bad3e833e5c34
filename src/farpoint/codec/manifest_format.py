"""The encoding of manifest objects: plain header, sealed body, signature. Normative: docs/format/manifest.md.

The signature covers the identity fields and the *plain* body, so that a copy can embed its source's signed statement and any
region can check it, although the sealing key never leaves its region (docs/decisions/0004-manifest-signature.md).
"""

import struct
import uuid

from attrs import frozen
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farpoint.codec.sealed_object import has_length, object_key, seal, unseal
from farpoint.errors import IntegrityError
from farpoint.model.ids import ManifestId, RegionId, ScopeId
from farpoint.model.manifest import SignedStatement

MANIFEST_MAGIC = b"FPMF"
MANIFEST_VERSION = 1
_HEADER = struct.Struct(">4sB3x16s16s16sI32sI")
_KEY_INFO = b"farpoint/manifest/1"
_SIGNED_LABEL = b"farpoint/manifest-statement/1"


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
    return seal(_key(structure_key, header), header.encode(len(statement.body)), statement.body, statement.signature)


def decode_manifest_header(data: bytes) -> ManifestHeader:
    """Parse the plain header; raise IntegrityError when the object is not a manifest of the right length."""
    if len(data) < _HEADER.size:
        message = "a manifest object is shorter than its header"
        raise IntegrityError(message)
    _magic, _version, manifest, region, scope, generation, salt, body_bytes = _HEADER.unpack_from(data)
    header = ManifestHeader(
        manifest=ManifestId(uuid.UUID(bytes=manifest)), region=RegionId(uuid.UUID(bytes=region)), scope=ScopeId(uuid.UUID(bytes=scope)),
        key_generation=generation, salt=salt,
    )  # fmt: skip
    # Encoding it again shows magic, version and padding to be ours, too.
    if not has_length(_HEADER, data, body_bytes) or header.encode(body_bytes) != data[: _HEADER.size]:
        message = "a manifest object is damaged, truncated or of an unknown version"
        raise IntegrityError(message)
    return header


def decode_manifest(data: bytes, structure_key: bytes) -> SignedStatement:
    """Open a manifest object; the caller checks the signature. Raises IntegrityError."""
    header = decode_manifest_header(data)
    body, signature = unseal(_key(structure_key, header), _HEADER, data, what=f"manifest {header.manifest}")
    return SignedStatement(region=header.region, manifest=header.manifest, body=body, signature=signature)


def _key(structure_key: bytes, header: ManifestHeader) -> AESGCM:
    return object_key(structure_key, salt=header.salt, info=_KEY_INFO + header.manifest.bytes)
