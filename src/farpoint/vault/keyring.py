"""The keys of each scope: found wrapped in the bucket, opened by the key provider, made once, for a new scope only.

Never made because they are missing: a bucket that is not mounted also has no keys, and a second set of keys under the same
generation could not be told from the first.
"""

import threading
import uuid

from farpoint.bucket.bucket import Bucket
from farpoint.bucket.names import KEYS, wrapped_keys_name
from farpoint.clock import Entropy
from farpoint.errors import Code, IntegrityError, Place, RefusedError
from farpoint.keys.provider import KeyProvider
from farpoint.keys.wrapped_keys import ScopeKeys, new_scope_keys, unwrap_scope_keys, wrap_scope_keys
from farpoint.model.ids import ScopeId

FIRST_GENERATION = 1


class Keyring:
    """Opened keys, cached; thread-safe. Only platform scopes exist until disk encryption sets do."""

    def __init__(self, bucket: Bucket, platform: KeyProvider, entropy: Entropy) -> None:
        """Read from *bucket*, unwrap with *platform*."""
        self._bucket = bucket
        self._platform = platform
        self._entropy = entropy
        self._lock = threading.Lock()
        self._opened: dict[tuple[ScopeId, int], ScopeKeys] = {}
        self._current: dict[ScopeId, int] = {}

    def current(self, scope: ScopeId) -> ScopeKeys:
        """Return the keys new packs of *scope* are sealed under. Raises KEY_UNAVAILABLE when the bucket has none."""
        with self._lock:
            generation = self._current.get(scope)
            if generation is None:
                generation = self._current[scope] = self._newest(scope) or FIRST_GENERATION
            return self._open(scope, generation)

    def create_first(self, scope: ScopeId) -> None:
        """Make the first generation of a new scope; one that an interrupted attempt made is kept."""
        with self._lock:
            if self._newest(scope) is None:
                self._create(scope)

    def generation(self, scope: ScopeId, generation: int) -> ScopeKeys:
        """Return the keys of one generation. Raises KEY_UNAVAILABLE when the bucket has none."""
        with self._lock:
            return self._open(scope, generation)

    def rewrap(self) -> int:
        """Wrap all keys that are under an older version of the key encryption key under the current one; return how many were.

        Packs are not touched. An older object is removed once the new one was read back, so that who has the old version and a copy of
        today's bucket has nothing. To be called before anything else uses the bucket; a crash anywhere leaves keys that open.
        """
        current, rewrapped = self._platform.current_version, 0
        with self._lock:
            for scope, generation, versions in self._stored():
                if max(versions) < current:
                    self._wrap_anew(scope, generation, max(versions))
                    rewrapped += 1
                for version in versions:
                    if version < current:
                        # A crash before this leaves it to the next start.
                        self._bucket.delete(wrapped_keys_name(scope, generation=generation, kek_version=version))
        return rewrapped

    def _stored(self) -> list[tuple[ScopeId, int, list[int]]]:
        found: dict[tuple[ScopeId, int], list[int]] = {}
        for info in self._bucket.list(KEYS):
            _, scope, generation, version = info.name.split("/")
            found.setdefault((ScopeId(uuid.UUID(scope)), int(generation)), []).append(int(version))
        return [(scope, generation, versions) for (scope, generation), versions in found.items()]

    def _wrap_anew(self, scope: ScopeId, generation: int, version: int) -> None:
        keys = self._read(wrapped_keys_name(scope, generation=generation, kek_version=version), scope, generation)
        name = wrapped_keys_name(scope, generation=generation, kek_version=self._platform.current_version)
        self._bucket.put(name, [wrap_scope_keys(keys, scope_provider=self._platform, platform=self._platform)])
        if self._read(name, scope, generation) != keys:
            message = f"keys wrapped anew as {name} are not those that were wrapped before"
            raise IntegrityError(message, place=Place(pack=name))

    def check_stored(self, name: str, scope: ScopeId, generation: int) -> None:
        """Prove that the stored object *name* opens; raise IntegrityError otherwise."""
        self._read(name, scope, generation)

    def _open(self, scope: ScopeId, generation: int) -> ScopeKeys:
        keys = self._opened.get((scope, generation))
        if keys is None:
            keys = self._opened[scope, generation] = self._unwrap(scope, generation)
        return keys

    def _unwrap(self, scope: ScopeId, generation: int) -> ScopeKeys:
        versions = [int(info.name.rsplit("/", 1)[1]) for info in self._bucket.list(f"{KEYS}{scope}/{generation}/")]
        if not versions:
            message = f"the bucket holds no wrapped keys of scope {scope} generation {generation}"
            raise RefusedError(Code.KEY_UNAVAILABLE, message, hint="Restore keys/ of the bucket.")
        name = wrapped_keys_name(scope, generation=generation, kek_version=max(versions))
        try:
            return self._read(name, scope, generation)
        except (IntegrityError, RefusedError) as error:
            raise error.within(Place(pack=name)) from error

    def _read(self, name: str, scope: ScopeId, generation: int) -> ScopeKeys:
        stored = self._bucket.get(name)
        return unwrap_scope_keys(stored, scope=scope, generation=generation, scope_provider=self._platform, platform=self._platform)

    def _newest(self, scope: ScopeId) -> int | None:
        generations = {int(info.name.split("/")[2]) for info in self._bucket.list(f"{KEYS}{scope}/")}
        return max(generations, default=None)

    def _create(self, scope: ScopeId) -> None:
        keys = new_scope_keys(scope, generation=FIRST_GENERATION, entropy=self._entropy)
        stored = wrap_scope_keys(keys, scope_provider=self._platform, platform=self._platform)
        name = wrapped_keys_name(scope, generation=FIRST_GENERATION, kek_version=self._platform.current_version)
        # A crash right after this leaves keys that seal nothing yet; the next start finds and uses them.
        self._bucket.put(name, [stored])
