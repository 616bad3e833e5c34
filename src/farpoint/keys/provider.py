"""Key providers: the holders of key encryption keys (KEKs). A KEK never leaves its provider; it wraps and unwraps."""

from typing import Protocol


class KeyProvider(Protocol):
    """Contract; errors are RefusedError or UnavailableError with KEY_UNAVAILABLE, naming key and version."""

    @property
    def current_version(self) -> int:
        """Version of the KEK that new keys are wrapped with."""
        ...

    def wrap(self, version: int, secret: bytes, *, context: bytes) -> bytes:
        """Encrypt *secret* under the KEK; *context* must be given again to unwrap."""
        ...

    def unwrap(self, version: int, wrapped: bytes, *, context: bytes) -> bytes:
        """Return the secret. Raises IntegrityError when wrapped bytes or context are not what was wrapped."""
        ...
