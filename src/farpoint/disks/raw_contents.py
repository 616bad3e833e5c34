"""Any range of a raw disk, read as it is asked for.

The disk is opened as a capture opens it, so one that QEMU writes is refused and QEMU is kept out for as long as it is open.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from farpoint.disks.raw_source import open_raw_source
from farpoint.model.disk import ExtentKind


class RawContents:
    """The bytes of a raw file or device. Thread-safe."""

    def __init__(self, path: Path, *, size_bytes: int) -> None:
        """Open the disk. Raises RefusedError as open_raw_source does."""
        self._source = open_raw_source(path, allow_live=False, size_bytes=size_bytes)
        status = path.stat()
        #: Changes when the disk does, as far as the file system tells; a device's says nothing.
        self.stamp = f"{status.st_ino}/{status.st_mtime_ns}"
        self.modified_at = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)

    @property
    def size_bytes(self) -> int:
        """Size of the disk."""
        return self._source.size_bytes

    def read(self, offset_bytes: int, length_bytes: int) -> list[bytes | bytearray | memoryview]:
        """Return the bytes of a range of the disk. Raises RefusedError when they cannot be read."""
        buffer = bytearray(length_bytes)
        self._source.read_into(offset_bytes, memoryview(buffer))
        return [memoryview(buffer)]

    def data_ranges(self, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the stretches that are no holes and touch the range between two offsets."""
        for extent in self._source.extents():
            if extent.offset_bytes >= end_bytes:
                return
            if extent.kind is ExtentKind.DATA and extent.end_bytes > start_bytes:
                yield extent.offset_bytes, extent.end_bytes

    def close(self) -> None:
        """Let the disk go."""
        self._source.close()
