"""The ``file`` key provider: KEKs in one file of mode 0600. Normative format: docs/format/keys.md."""

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farpoint.clock import Entropy
from farpoint.errors import Code, IntegrityError, RefusedError
from farpoint.keys.private_file import change_private_file, read_private_file, write_private_file

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = "farpoint-key-file/1"


class FileKeyProvider:
    """Satisfies farpoint.keys.provider.KeyProvider with AES-256-GCM under keys read from a file."""

    def __init__(self, path: Path, keys: Mapping[int, bytes], entropy: Entropy) -> None:
        """Take the KEKs by version; use open() to read them."""
        self._path = path
        self._keys = dict(keys)
        self._entropy = entropy

    @classmethod
    def create(cls, path: Path, entropy: Entropy) -> None:
        """Make a key file with one fresh KEK, version 1."""
        key = base64.b64encode(entropy.token_bytes(KEY_BYTES)).decode()
        write_private_file(path, json.dumps({"format": _FORMAT, "keys": {"1": key}}, indent=1).encode() + b"\n")

    @classmethod
    def add_version(cls, path: Path, entropy: Entropy) -> int:
        """Add a fresh KEK to a key file, in one step; return its version. Who opened the file before goes on with the version before."""

        def with_one_more(text: bytes) -> bytes:
            keys = _parse(path, text)
            keys[max(keys) + 1] = entropy.token_bytes(KEY_BYTES)
            encoded = {str(version): base64.b64encode(key).decode() for version, key in sorted(keys.items())}
            return json.dumps({"format": _FORMAT, "keys": encoded}, indent=1).encode() + b"\n"

        change_private_file(path, with_one_more)
        return cls.open(path, entropy).current_version

    @classmethod
    def open(cls, path: Path, entropy: Entropy) -> "FileKeyProvider":
        """Read a key file; refuse one that others can read or that is damaged."""
        return cls(path, _parse(path, read_private_file(path)), entropy)

    @property
    def current_version(self) -> int:
        """The highest version in the file."""
        return max(self._keys)

    def wrap(self, version: int, secret: bytes, *, context: bytes) -> bytes:
        """Return nonce and ciphertext; the nonce is random, KEKs wrap far fewer than 2**32 secrets."""
        nonce = self._entropy.token_bytes(_NONCE_BYTES)
        return nonce + self._aead(version).encrypt(nonce, secret, context)

    def unwrap(self, version: int, wrapped: bytes, *, context: bytes) -> bytes:
        """Return the secret; raise IntegrityError when it was not wrapped so."""
        try:
            return self._aead(version).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            message = f"a wrapped key does not open under version {version} of {self._path}"
            raise IntegrityError(message) from error

    def _aead(self, version: int) -> AESGCM:
        key = self._keys.get(version)
        if key is None:
            raise RefusedError(Code.KEY_UNAVAILABLE, f"{self._path} has no key version {version}", hint="Restore it from your backup.")
        return AESGCM(key)


def _parse(path: Path, text: bytes) -> dict[int, bytes]:
    """Return the KEKs of a key file by version."""
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise KeyError(document["format"])
        keys = {int(version): base64.b64decode(key, validate=True) for version, key in document["keys"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise RefusedError(
            Code.KEY_UNAVAILABLE, f"{path} is not a key file of format {_FORMAT}", hint="Restore it from your backup."
        ) from error
    if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise RefusedError(Code.KEY_UNAVAILABLE, f"{path} holds no usable 256-bit key", hint="Restore it from your backup.")
    return keys
