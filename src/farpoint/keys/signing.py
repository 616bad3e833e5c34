"""Ed25519: what a region signs with, and how others check it."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.keys.private_file import read_private_file, write_private_file


class Signer:
    """A private Ed25519 key. Every message starts with a label of its own, so one kind never passes for another."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        """Take the key; use open_signer() to read one."""
        self._private = private

    @classmethod
    def from_seed(cls, seed: bytes) -> "Signer":
        """Return the signer whose private key is these 32 bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> bytes:
        """The raw 32-byte public key."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature."""
        return self._private.sign(message)

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key object, for token signing."""
        return self._private


def create_signing_key(path: Path) -> None:
    """Write a fresh private key (PKCS #8 PEM, mode 0600)."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private_file(path, pem)


def open_signer(path: Path) -> Signer:
    """Read a private key file; refuse one that others can read or that is no Ed25519 key."""
    pem = read_private_file(path)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise RefusedError(Code.KEY_UNAVAILABLE, f"{path} is not a private key", hint="Restore it from your backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RefusedError(Code.KEY_UNAVAILABLE, f"{path} is not an Ed25519 key", hint="Restore it from your backup.")
    return Signer(key)


def check_signature(public: bytes, message: bytes, signature: bytes) -> None:
    """Raise IntegrityError unless *signature* is *public*'s signature of *message*."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        text = "a signature does not match"
        raise IntegrityError(text) from error
