"""A raw file whose contents are being uploaded, in pieces and in any order.

Promises: while it is open nobody else writes or captures the file (the exclusive lock of farpoint.disks.lock); what was never
written, or was cleared, reads as zeros; sync() returns only when everything written is durable.
"""

import datetime as dt
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from farpoint.clock import Clock
from farpoint.disks.descriptor import Descriptor
from farpoint.disks.free_space import FreeSpace
from farpoint.disks.holes import data_in, zero_range
from farpoint.disks.inspect import size_of_open
from farpoint.disks.lock import DiskLock
from farpoint.disks.refusals import cannot_open, cannot_read
from farpoint.disks.target import TargetRequest
from farpoint.disks.writer import Writer
from farpoint.errors import Code, RefusedError
from farpoint.model.disk import SECTOR_BYTES
from farpoint.units import round_up

_OPEN_FLAGS: Final = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Upload:
    """One file, open and locked. Reads need no turn; whoever changes it takes ``turn`` first."""

    def __init__(self, path: Path, *, size_bytes: int, clock: Clock) -> None:
        """Open and lock the file. Raises RefusedError: DISK_NOT_FOUND, DISK_IN_USE, DISK_LOCKED, DISK_UNSUPPORTED."""
        descriptor = _open(path, size_bytes, clock)
        self.size_bytes = size_bytes
        self.turn = threading.Lock()
        self._path = path
        self._changes = 0
        self._file = Descriptor(descriptor)
        space = FreeSpace(descriptor, TargetRequest(path=path, size_bytes=size_bytes, data_bytes=size_bytes))
        self._writer = Writer(self._file, path, size_bytes, space.shortage)

    @property
    def stamp(self) -> str:
        """A text that no two contents share: it changes with every write."""
        with self._file as descriptor:
            status = os.fstat(descriptor)
        return f"{status.st_ino}/{status.st_mtime_ns}/{self._changes}"

    @property
    def modified_at(self) -> dt.datetime:
        """When it was last written."""
        with self._file as descriptor:
            return dt.datetime.fromtimestamp(os.fstat(descriptor).st_mtime, dt.UTC)

    def read(self, offset_bytes: int, length_bytes: int) -> list[bytes | bytearray | memoryview]:
        """Return the bytes of a range."""
        with self._file as descriptor:
            try:
                return [os.pread(descriptor, length_bytes, offset_bytes)]
            except OSError as error:
                raise cannot_read(self._path, error, offset_bytes=offset_bytes, length_bytes=length_bytes) from error

    def data_ranges(self, start_bytes: int, end_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the stretches between two offsets that are no holes, in whole sectors."""
        for start, end in data_in(self._file, start_bytes, end_bytes):
            yield start - start % SECTOR_BYTES, min(round_up(end, SECTOR_BYTES), self.size_bytes)

    def write(self, offset_bytes: int, data: memoryview) -> None:
        """Write *data*."""
        self._changes += 1
        self._writer.write_at(offset_bytes, data)

    def clear(self, offset_bytes: int, length_bytes: int) -> None:
        """Make the range zeros."""
        self._changes += 1
        zero_range(self._file, self._writer, offset_bytes, length_bytes)

    def clear_all(self) -> None:
        """Make the whole file one hole."""
        self._changes += 1
        with self._file as descriptor:
            # A crash between the two leaves it short: the next open gives it its size again.
            os.ftruncate(descriptor, 0)
            os.ftruncate(descriptor, self.size_bytes)

    def touch(self) -> None:
        """Count a change that is kept elsewhere."""
        self._changes += 1

    def sync(self) -> None:
        """Make everything written durable. Once it has failed it fails for good."""
        self._writer.sync()

    @property
    def is_closed(self) -> bool:
        """True once close() was called."""
        return self._file.is_closed

    def close(self) -> None:
        """Let the file and its lock go. Idempotent."""
        self._file.close()


def _open(path: Path, size_bytes: int, clock: Clock) -> int:
    with ExitStack() as undo:
        try:
            descriptor = os.open(path, _OPEN_FLAGS)
        except OSError as error:
            raise cannot_open(path, error) from error
        undo.callback(os.close, descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RefusedError(
                Code.DISK_UNSUPPORTED, f"{path} is no file.", hint="Disks are uploaded into files; create it with another path."
            )
        DiskLock(descriptor, path).acquire(clock=clock, wait=None)
        if size_of_open(descriptor) != size_bytes:
            os.ftruncate(descriptor, size_bytes)
        undo.pop_all()
        return descriptor
