"""A scope's data key and structure key, and the object that stores them wrapped. Normative: docs/format/keys.md."""

from attrs import field, frozen

from farpoint.clock import Entropy
from farpoint.errors import IntegrityError
from farpoint.keys.key_file import KEY_BYTES
from farpoint.keys.provider import KeyProvider
from farpoint.model.documents import canonical_json, decode_base64, encode_base64, parse_canonical_json
from farpoint.model.ids import ScopeId

_FORMAT = "farpoint-wrapped-keys/1"


@frozen(kw_only=True)
class ScopeKeys:
    """The keys of one generation of a scope, in memory only."""

    scope: ScopeId
    generation: int
    #: Seals chunks.
    data_key: bytes = field(repr=False)
    #: Seals map nodes, pack directories and manifests.
    structure_key: bytes = field(repr=False)


def new_scope_keys(scope: ScopeId, *, generation: int, entropy: Entropy) -> ScopeKeys:
    """Draw fresh keys for a generation."""
    return ScopeKeys(
        scope=scope, generation=generation, data_key=entropy.token_bytes(KEY_BYTES), structure_key=entropy.token_bytes(KEY_BYTES)
    )


def wrap_scope_keys(keys: ScopeKeys, *, scope_provider: KeyProvider, platform: KeyProvider) -> bytes:
    """Encode *keys* for storage: the data key under the scope's KEK, the structure key always under the platform's."""
    version, platform_version = scope_provider.current_version, platform.current_version
    data = scope_provider.wrap(version, keys.data_key, context=_context(keys.scope, keys.generation, "data"))
    structure = platform.wrap(platform_version, keys.structure_key, context=_context(keys.scope, keys.generation, "structure"))
    return canonical_json(
        {
            "format": _FORMAT,
            "scope": str(keys.scope),
            "generation": keys.generation,
            "dataKey": {"kekVersion": version, "wrapped": encode_base64(data)},
            "structureKey": {"kekVersion": platform_version, "wrapped": encode_base64(structure)},
        }
    )


def unwrap_scope_keys(stored: bytes, *, scope: ScopeId, generation: int, scope_provider: KeyProvider, platform: KeyProvider) -> ScopeKeys:
    """Open a stored object; raise IntegrityError when it is damaged or belongs to another scope or generation."""
    try:
        document = parse_canonical_json(stored)
        if (document["format"], document["scope"], document["generation"]) != (_FORMAT, str(scope), generation):
            message = f"the wrapped keys of scope {scope} generation {generation} say that they are something else"
            raise IntegrityError(message)
        data_key = _open(document["dataKey"], scope_provider, _context(scope, generation, "data"))
        structure_key = _open(document["structureKey"], platform, _context(scope, generation, "structure"))
    except (ValueError, KeyError, TypeError) as error:
        message = f"the wrapped keys of scope {scope} generation {generation} are damaged"
        raise IntegrityError(message) from error
    return ScopeKeys(scope=scope, generation=generation, data_key=data_key, structure_key=structure_key)


def _open(entry: object, provider: KeyProvider, context: bytes) -> bytes:
    if not isinstance(entry, dict) or set(entry) != {"kekVersion", "wrapped"}:
        message = "a wrapped key is not {kekVersion, wrapped}"
        raise ValueError(message)
    return provider.unwrap(entry["kekVersion"], decode_base64(entry["wrapped"]), context=context)


def _context(scope: ScopeId, generation: int, purpose: str) -> bytes:
    return f"farpoint/wrapped-key/1|{scope}|{generation}|{purpose}".encode()
