"""Object names: the layout of a region's bucket (docs/format/bucket.md), in one place."""

import re

from farpoint.errors import Code, RefusedError
from farpoint.model.ids import ManifestId, PackId, ScopeId

PACKS = "packs/"
MANIFESTS = "manifests/"
TOMBSTONES = "tombstones/"
RECEIPTS = "receipts/"
KEYS = "keys/"
IDENTITY = "identity/"
EPOCHS = "epochs/"
CATALOGUE = "catalogue/"
#: No "..", no empty segment, nothing a shell or an object store would read differently than we do.
_LEGAL = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*")
_NAME_BYTES_MAX = 200


def pack_name(pack: PackId) -> str:
    """``packs/<2 hex>/<pack id>``: the two digits keep directories small."""
    text = pack.hex()
    return f"{PACKS}{text[:2]}/{text}"


def pack_of_name(name: str) -> PackId | None:
    """Return the pack whose object has this name, None for the name of anything else."""
    try:
        pack = PackId(bytes.fromhex(name.rpartition("/")[2]))
    except ValueError:
        return None
    return pack if pack_name(pack) == name else None


def manifest_name(manifest: ManifestId) -> str:
    """``manifests/<guid>``."""
    return f"{MANIFESTS}{manifest}"


def tombstone_name(manifest: ManifestId) -> str:
    """``tombstones/<guid>``: this manifest was deleted, whatever a rebuild finds."""
    return f"{TOMBSTONES}{manifest}"


def receipt_name(manifest: ManifestId) -> str:
    """``receipts/<guid of the copy's manifest>``."""
    return f"{RECEIPTS}{manifest}"


def wrapped_keys_name(scope: ScopeId, *, generation: int, kek_version: int) -> str:
    """``keys/<scope>/<generation>/<kek version>``."""
    return f"{KEYS}{scope}/{generation}/{kek_version}"


def identity_name(number: int) -> str:
    """``identity/<n>``, from 1."""
    return f"{IDENTITY}{number}"


def epoch_name(number: int) -> str:
    """``epochs/<n>``, from 1."""
    return f"{EPOCHS}{number}"


def entry_name(epoch: int, seq: int) -> str:
    """``catalogue/<epoch>/<seq>``, from 1."""
    return f"{CATALOGUE}{epoch}/{seq}"


def check_name(name: str) -> str:
    """Return *name* when it is a legal object name; refuse it otherwise."""
    if len(name) > _NAME_BYTES_MAX or not _LEGAL.fullmatch(name):
        raise RefusedError(Code.INVALID_PARAMETER, f"{name!r} is not an object name", hint="Names are lower-case words joined by '/'.")
    return name
