"""What a bucket promises. One contract suite (tests/contract/test_bucket.py) runs on every implementation and fake."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from attrs import frozen

from farpoint.errors import Code, FarpointError

Buffer = bytes | bytearray | memoryview


@frozen
class ObjectInfo:
    """One listed object."""

    name: str
    size_bytes: int


class ObjectExistsError(FarpointError):
    """An object of that name is there already; objects are never overwritten."""

    def __init__(self, name: str) -> None:
        """Name the object."""
        super().__init__(Code.OBJECT_EXISTS, f"object {name} exists already")


class ObjectMissingError(FarpointError):
    """No object has that name."""

    def __init__(self, name: str) -> None:
        """Name the object."""
        super().__init__(Code.OBJECT_MISSING, f"object {name} is missing from the bucket")


class Bucket(Protocol):
    """Names are relative paths of [a-z0-9-./]; see bucket.names. Errors: OutOfSpaceError, UnavailableError, the two above."""

    def put(self, name: str, parts: Sequence[Buffer]) -> None:
        """Write the concatenation of *parts* as a new object; durable when this returns. Raises ObjectExistsError."""
        ...

    def get(self, name: str) -> bytes:
        """Return the whole object. Raises ObjectMissingError."""
        ...

    def read_into(self, name: str, offset_bytes: int, buffer: memoryview) -> int:
        """Fill *buffer* from *offset_bytes* on; return the bytes read, fewer only at the object's end. Raises ObjectMissingError."""
        ...

    def size(self, name: str) -> int:
        """Return the object's length in bytes. Raises ObjectMissingError."""
        ...

    def delete(self, name: str) -> None:
        """Remove the object; removing a missing one is no error."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Iterate over the objects whose names start with *prefix*, in name order."""
        ...
