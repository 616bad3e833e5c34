"""Read a raw image file or block device as it stands.

Promises: while the source is open, QEMU refuses to write the disk (unless the capture is live), and readers are not disturbed;
a disk in use is refused; holes are reported as ZERO without being read; reads go straight into the caller's buffer.

What check_unchanged can tell for files: any write, truncation, replacement or change of attributes that the file system dates.
What it cannot: a write within the clock tick of the opening (up to 10 ms) on kernels before 6.13; a write through a memory
mapping to a page that had been written so already. For block devices it can tell nothing, and says so in change_detection.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from farpoint.disks.descriptor import Descriptor
from farpoint.disks.in_use import find_users_of_open, refuse_users
from farpoint.disks.inspect import DiskFacts, open_disk
from farpoint.disks.qemu_locks import declare_reader
from farpoint.disks.reader import read_whole
from farpoint.disks.refusals import cannot_open, cannot_read
from farpoint.disks.source import BlockSource
from farpoint.errors import Code, IntegrityError, Place, RefusedError
from farpoint.model.disk import SECTOR_BYTES, Extent, ExtentKind
from farpoint.model.manifest import ChangeDetection
from farpoint.units import round_up

#: What a file system answers that cannot tell holes.
_NO_HOLES = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.ENOTTY})


def open_raw_source(path: Path, *, allow_live: bool, size_bytes: int | None = None) -> BlockSource:
    """Open the raw disk at *path*: look at it, declare ourselves a reader, refuse it when in use.

    *path* has no links in it: pools are checked when a disk is registered. With *allow_live* a disk in use is opened nevertheless, no
    writer is kept out and no change is looked for. *size_bytes* is what a restored disk must have; on a larger device it is the
    beginning. Raises RefusedError, and IntegrityError for another size.
    """
    with ExitStack() as undo:
        descriptor, facts = open_disk(path)
        undo.callback(os.close, descriptor)
        _refuse_elsewhere(path, descriptor)
        if not allow_live:
            # Declare first, look second: of two that start together at least one sees the other.
            _declare(path, descriptor)
            refuse_users(path, find_users_of_open(path, descriptor))
        source = _RawSource(descriptor, facts, _size_to_read(facts, size_bytes), live=allow_live)
        undo.pop_all()
        return source


def _refuse_elsewhere(path: Path, descriptor: int) -> None:
    """Refuse a path that has a link in it by now: it was checked, and recorded, with all of them resolved."""
    there = Path(f"/proc/self/fd/{descriptor}").readlink()
    if there != path:
        message = f"{path} leads to {there} now; it was another disk when it was registered."
        raise RefusedError(Code.DISK_OUTSIDE_POOLS, message, hint="Put the disk back at its path, or register it where it lies.")


def _declare(path: Path, descriptor: int) -> None:
    try:
        # When an exclusive lock keeps us out, find_users_of_open names its holder.
        declare_reader(descriptor)
    except OSError as error:
        raise cannot_open(path, error) from error


def _size_to_read(facts: DiskFacts, wanted: int | None) -> int:
    if wanted is None:
        return facts.size_bytes
    if wanted > facts.size_bytes or (wanted < facts.size_bytes and not facts.is_block_device):
        message = f"{facts.path} has {facts.size_bytes} bytes, the disk that was restored has {wanted}"
        raise IntegrityError(message, hint="It is not, or no longer, that disk: restore it again.")
    return wanted


class _RawSource:
    """A raw file or device, open; satisfies BlockSource."""

    def __init__(self, descriptor: int, facts: DiskFacts, size_bytes: int, *, live: bool) -> None:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        self._path = facts.path
        self._size_bytes = size_bytes
        self._is_device = facts.is_block_device
        self._live = live
        self._opened_as = _times(os.fstat(descriptor))
        self._file = Descriptor(descriptor)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def change_detection(self) -> ChangeDetection:
        if self._live:
            return ChangeDetection.NOT_ASKED
        return ChangeDetection.NOT_POSSIBLE if self._is_device else ChangeDetection.FILE_TIMES

    def extents(self) -> Iterator[Extent]:
        if self._is_device:
            yield Extent(0, self._size_bytes, ExtentKind.DATA)
            return
        end = 0
        for start, stop in self._data_ranges():
            if start > end:
                yield Extent(end, start - end, ExtentKind.ZERO)
            yield Extent(start, stop - start, ExtentKind.DATA)
            end = stop
        if end < self._size_bytes:
            yield Extent(end, self._size_bytes - end, ExtentKind.ZERO)

    def _data_ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the ranges with data, in whole sectors, those that touch joined into one."""
        start = end = 0
        for data, hole in self._seek_ranges():
            first = data - data % SECTOR_BYTES
            if first > end:
                if end > start:
                    yield start, end
                start = first
            end = min(round_up(hole, SECTOR_BYTES), self._size_bytes)
        if end > start:
            yield start, end

    def _seek_ranges(self) -> Iterator[tuple[int, int]]:
        hole = 0
        while hole < self._size_bytes:
            # The number is borrowed for each step, not across yields: close must not wait for a forgotten iterator.
            with self._file as descriptor:
                found = self._next_range(descriptor, hole)
            if found is None or found[0] >= self._size_bytes:
                return
            hole = found[1]
            yield found

    def _next_range(self, descriptor: int, after: int) -> tuple[int, int] | None:
        try:
            data = os.lseek(descriptor, after, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return None
            if error.errno in _NO_HOLES:
                return after, self._size_bytes
            raise cannot_read(self._path, error, offset_bytes=after, length_bytes=self._size_bytes - after) from error
        try:
            return data, os.lseek(descriptor, data, os.SEEK_HOLE)
        except OSError as error:
            raise self._shrunk(data) from error

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        end = read_whole(self._file, self._path, self._size_bytes, offset_bytes, buffer)
        if end is not None:
            raise self._shrunk(end)

    def check_unchanged(self) -> None:
        if self._live or self._is_device:
            return
        with self._file as descriptor:
            now = _times(os.fstat(descriptor))
        if now != self._opened_as:
            raise self._changed("its size, times or links are not those it was opened with")
        try:
            there = self._path.stat()
        except OSError as error:
            raise self._changed("it is no longer at its path") from error
        if _times(there) != now:
            raise self._changed("another file is at its path")

    def close(self) -> None:
        self._file.close()

    def _shrunk(self, offset_bytes: int) -> RefusedError:
        error = self._changed(f"it ends before byte {offset_bytes}, but had {self._size_bytes} bytes")
        error.place = Place(offset_bytes=offset_bytes)
        return error

    def _changed(self, how: str) -> RefusedError:
        hint = "Stop whatever writes to it and capture again; or capture it live at your own risk (--allow-live)."
        return RefusedError(Code.DISK_CHANGED, f"disk {self._path} changed while it was read: {how}.", hint=hint)


def _times(status: os.stat_result) -> tuple[int, int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
