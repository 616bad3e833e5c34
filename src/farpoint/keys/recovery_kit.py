"""The recovery kit: what opens a region's bucket when all else of the region is lost. Normative: docs/format/keys.md.

It holds the key encryption keys and the signing key, sealed under a passphrase. Nothing else of a region is both secret and needed to
read what it stored.
"""

import hashlib
import json
import uuid

from attrs import field, frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from farpoint.clock import Entropy
from farpoint.errors import Code, RefusedError
from farpoint.model.documents import JsonObject, canonical_json, decode_base64, encode_base64, parse_canonical_json
from farpoint.model.ids import RegionId

#: 128 MiB and about half a second: a kit lies in a safe for years, where nobody counts wrong guesses.
_COST, _BLOCK, _PARALLEL = 1 << 17, 8, 1
_MEMORY_MAX = 1 << 28
_SALT_BYTES = 16
_NONCE_BYTES = 12
_KEY_BYTES = 32
_FORMAT = "farpoint-recovery-kit/1"
#: Shorter ones are guessed, however slow each guess is.
PASSPHRASE_CHARACTERS_MIN = 12


@frozen(kw_only=True)
class RecoveryKit:
    """What is in a kit."""

    region: RegionId
    name: str
    #: The files as they are.
    key_file: bytes = field(repr=False)
    signing_key: bytes = field(repr=False)


def seal_kit(kit: RecoveryKit, passphrase: str, entropy: Entropy) -> bytes:
    """Return the kit as a file; refuse a passphrase that is too short."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        message = f"the passphrase has {len(passphrase)} characters; a kit needs at least {PASSPHRASE_CHARACTERS_MIN}"
        raise RefusedError(Code.INVALID_PARAMETER, message, hint="Take several random words.")
    salt, nonce = entropy.token_bytes(_SALT_BYTES), entropy.token_bytes(_NONCE_BYTES)
    header: JsonObject = {
        "format": _FORMAT,
        "region": str(kit.region),
        "name": kit.name,
        "salt": encode_base64(salt),
        "nonce": encode_base64(nonce),
    }
    secrets = canonical_json({"keyFile": encode_base64(kit.key_file), "signingKey": encode_base64(kit.signing_key)})
    sealed = AESGCM(_key_of(passphrase, salt)).encrypt(nonce, secrets, canonical_json(header))
    return json.dumps({**header, "sealed": encode_base64(sealed)}, indent=1).encode() + b"\n"


def open_kit(data: bytes, passphrase: str) -> RecoveryKit:
    """Open what seal_kit made; refuse another passphrase, and a file that is no kit or was changed."""
    try:
        document = json.loads(data)
        header: JsonObject = {key: document[key] for key in ("format", "region", "name", "salt", "nonce")}
        if header["format"] != _FORMAT:
            raise ValueError(header["format"])
        salt, nonce, sealed = (decode_base64(document[key]) for key in ("salt", "nonce", "sealed"))
        region = RegionId(uuid.UUID(document["region"]))
        secrets = parse_canonical_json(AESGCM(_key_of(passphrase, salt)).decrypt(nonce, sealed, canonical_json(header)))
        key_file, signing_key = (decode_base64(str(secrets[key])) for key in ("keyFile", "signingKey"))
    except InvalidTag as error:
        message = "the passphrase is not the kit's, or the kit was changed"
        raise RefusedError(Code.KEY_UNAVAILABLE, message, hint="Give the passphrase that the kit was made with.") from error
    except (ValueError, KeyError, TypeError) as error:
        message = f"this is no recovery kit of format {_FORMAT}"
        raise RefusedError(Code.KEY_UNAVAILABLE, message, hint="Give the file that farpoint region recovery-kit wrote.") from error
    return RecoveryKit(region=region, name=str(document["name"]), key_file=key_file, signing_key=signing_key)


def _key_of(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY_MAX, dklen=_KEY_BYTES)
