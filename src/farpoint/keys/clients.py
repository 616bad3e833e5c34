"""Client secrets, kept as scrypt hashes."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from farpoint.clock import Entropy
from farpoint.errors import Code, RefusedError

#: 16 MiB and about 50 ms: slow enough for guessing, fast enough for a token request an hour.
_COST, _BLOCK, _PARALLEL = 1 << 14, 8, 1
_SALT_BYTES = 16


def hash_secret(secret: str, entropy: Entropy) -> str:
    """Return ``scrypt$<salt>$<hash>`` for the configuration file."""
    salt = entropy.token_bytes(_SALT_BYTES)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(_scrypt(secret, salt)).decode()}"


class ClientSecrets:
    """The clients a region knows, by client id."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        """Take hash_secret() strings by client id; refuse a malformed one now rather than at the first login."""
        self._hashes = {client.lower(): _parse(client, text) for client, text in hashes.items()}

    def check(self, client_id: str, secret: str) -> bool:
        """Tell whether *secret* is the client's; takes as long for an unknown client."""
        salt, expected = self._hashes.get(client_id.lower(), (bytes(_SALT_BYTES), b""))
        return hmac.compare_digest(_scrypt(secret, salt), expected)

    def knows(self, client_id: str) -> bool:
        """Tell whether the client is still configured: its tokens end with it."""
        return client_id.lower() in self._hashes


def _scrypt(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=32)


def _parse(client: str, text: str) -> tuple[bytes, bytes]:
    try:
        label, salt, digest = text.split("$")
        if label != "scrypt":
            raise ValueError(label)
        return base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RefusedError(
            Code.CONFIGURATION, f"the secret of client {client} is not a scrypt hash", hint="Make one with: farpoint region hash-secret"
        ) from error
