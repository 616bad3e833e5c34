"""Shared access signatures of disk URLs: what makes such a URL worth something, and how it is checked.

The signature covers the values of the URL, not its text: clients drop and reorder parameters. It names a grant, and the grant's
row says until when it is good; so extending one changes no URL, and revoking it needs no list.
"""

import base64
import hmac
from hashlib import sha256
from typing import Final

from attrs import frozen
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from farpoint.keys.signing import Signer

#: The service version that Azure's own disk URLs name; it is signed and otherwise means nothing here.
SAS_VERSION: Final = "2018-03-28"
#: "blob": the URL is good for this one.
SAS_RESOURCE: Final = "b"
_KEY_BYTES: Final = 32
_KEY_INFO: Final = b"farpoint/sas/1"


@frozen(kw_only=True)
class SasToken:
    """The signed values of a URL, and the signature it came with."""

    #: First, second and third segment of the path.
    account: str
    container: str
    blob: str
    version: str
    resource: str
    #: GUID of the access grant.
    grant: str
    #: Never shown.
    signature: str = ""

    def __repr__(self) -> str:
        """Leave the signature out."""
        return f"SasToken(/{self.account}/{self.container}/{self.blob}, grant={self.grant})"


class SasSigner:
    """Signs and checks with a key of the region, derived from its token key."""

    def __init__(self, tokens: Signer) -> None:
        """Derive the key; whoever has the token key has it too, and nobody else."""
        self._key = HKDF(SHA256(), _KEY_BYTES, None, _KEY_INFO).derive(tokens.private.private_bytes_raw())

    def sign(self, token: SasToken) -> str:
        """Return the signature that goes with these values, in characters that no client re-encodes."""
        values = (token.account, token.container, token.blob, token.version, token.resource, token.grant)
        # Each with its length: no two lists of values give one text.
        text = "".join(f"{len(value)}:{value}\n" for value in values)
        return base64.urlsafe_b64encode(hmac.digest(self._key, text.encode(errors="surrogatepass"), sha256)).decode().rstrip("=")

    def is_valid(self, token: SasToken) -> bool:
        """Tell, in constant time, whether the token's signature is ours."""
        return hmac.compare_digest(self.sign(token).encode(), token.signature.encode(errors="surrogatepass"))
