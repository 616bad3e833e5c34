"""A bucket in memory, with faults on request."""

import threading
from collections.abc import Callable, Iterator, Sequence

from farpoint.bucket.bucket import Buffer, ObjectExistsError, ObjectInfo, ObjectMissingError
from farpoint.bucket.names import check_name


class MemoryBucket:
    """Satisfies farpoint.bucket.bucket.Bucket."""

    def __init__(self) -> None:
        """Start empty. Tests may change *objects* directly: flip bits, truncate, remove."""
        self.objects: dict[str, bytes] = {}
        #: Called with (verb, name) before each operation; may raise.
        self.before: Callable[[str, str], None] = lambda _verb, _name: None
        #: Bytes and calls per verb, for tests of cost.
        self.calls: dict[str, int] = {}
        self._lock = threading.Lock()

    def put(self, name: str, parts: Sequence[Buffer]) -> None:
        """Store a new object."""
        self._enter("put", name)
        data = b"".join(parts)
        with self._lock:
            if name in self.objects:
                raise ObjectExistsError(name)
            self.objects[name] = data

    def get(self, name: str) -> bytes:
        """Return the whole object."""
        self._enter("get", name)
        return self._object(name)

    def read_into(self, name: str, offset_bytes: int, buffer: memoryview) -> int:
        """Fill *buffer* as far as the object reaches."""
        self._enter("read_into", name)
        part = self._object(name)[offset_bytes : offset_bytes + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def size(self, name: str) -> int:
        """Return the object's length."""
        return len(self._object(check_name(name)))

    def delete(self, name: str) -> None:
        """Remove the object if it is there."""
        self._enter("delete", name)
        with self._lock:
            self.objects.pop(name, None)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List in name order."""
        with self._lock:
            found = sorted((name, len(data)) for name, data in self.objects.items() if name.startswith(prefix))
        for name, size in found:
            yield ObjectInfo(name, size)

    def _enter(self, verb: str, name: str) -> None:
        self.before(verb, check_name(name))
        with self._lock:
            self.calls[verb] = self.calls.get(verb, 0) + 1

    def _object(self, name: str) -> bytes:
        with self._lock:
            if name not in self.objects:
                raise ObjectMissingError(name)
            return self.objects[name]
