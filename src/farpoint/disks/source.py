"""What a capture reads from: one disk at one instant.

The capture opens the sources of *all* disks of a point first, reads them, then asks each whether it stood still; so the point
shows one instant, or fails.
"""

from collections.abc import Iterator
from typing import Protocol

from farpoint.model.disk import Extent
from farpoint.model.manifest import ChangeDetection


class BlockReader(Protocol):
    """A disk whose bytes can be read, from any number of threads at once."""

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Fill all of *buffer* (writable bytes) with the disk's bytes from *offset_bytes*, zeros past the disk's end.

        Raises RefusedError(DISK_UNREADABLE) naming the range that cannot be read, DISK_CHANGED when the disk has shrunk.
        """
        ...


class BlockSource(BlockReader, Protocol):
    """A disk open for reading; close waits for reads under way."""

    @property
    def size_bytes(self) -> int:
        """Exact size of the disk, a multiple of 512, fixed for the life of the source."""
        ...

    @property
    def change_detection(self) -> ChangeDetection:
        """How well check_unchanged can tell."""
        ...

    def extents(self) -> Iterator[Extent]:
        """Yield the whole disk in order, each extent beginning where the one before ended, kinds alternating.

        ZERO ranges read as zeros; DATA ranges may hold anything. Bounds are multiples of 512. May be called more than once.
        """
        ...

    def check_unchanged(self) -> None:
        """Raise RefusedError(DISK_CHANGED) when the disk changed since it was opened, as far as change_detection can tell."""
        ...

    def close(self) -> None:
        """Let the disk go. Idempotent."""
        ...
