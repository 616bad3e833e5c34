"""What manifests and catalogue entries have in common: a plain header, a sealed body, and a signature of the *plain* body.

So what was opened where its key is can be checked anywhere (docs/decisions/0004-manifest-signature.md). The key is derived for one
object: a fresh salt and the object's own name go into it, so a fixed nonce never repeats under it.
"""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from farpoint.errors import IntegrityError

SALT_BYTES = 32
SIGNATURE_BYTES = 64
_KEY_BYTES = 32
_TAG_BYTES = 16
_NONCE = bytes(12)


def object_key(structure_key: bytes, *, salt: bytes, info: bytes) -> AESGCM:
    """Return the key of one object; *info* is a label and the object's name."""
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=salt, info=info).derive(structure_key))


def seal(key: AESGCM, head: bytes, body: bytes, signature: bytes) -> bytes:
    """Return the object's bytes; the header is authenticated with the body."""
    return head + key.encrypt(_NONCE, body, head) + signature


def unseal(key: AESGCM, head: struct.Struct, data: bytes, *, what: str) -> tuple[bytes, bytes]:
    """Return body and signature, which the caller checks; raise IntegrityError, naming the object as *what*."""
    try:
        body = key.decrypt(_NONCE, data[head.size : -SIGNATURE_BYTES], data[: head.size])
    except InvalidTag as error:
        message = f"{what} fails authentication"
        raise IntegrityError(message) from error
    return body, data[-SIGNATURE_BYTES:]


def has_length(head: struct.Struct, data: bytes, body_bytes: int) -> bool:
    """Tell whether *data* is as long as an object with a body of *body_bytes* is."""
    return len(data) == head.size + body_bytes + _TAG_BYTES + SIGNATURE_BYTES
