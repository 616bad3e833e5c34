"""Disks in memory: what a capture reads, and what a restore writes."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from farpoint.disks.target import TargetState
from farpoint.errors import Code, RefusedError
from farpoint.model.disk import SECTOR_BYTES, Extent, ExtentKind
from farpoint.model.manifest import ChangeDetection

#: What a target holds where nothing was written: neither zeros nor anybody's data.
_JUNK = b"\xee"
#: Holes are found in steps of this many bytes, as a file system has them.
_GRAIN_BYTES = 4096


class MemorySource:
    """Satisfies farpoint.disks.source.BlockSource."""

    change_detection = ChangeDetection.FILE_TIMES

    def __init__(self, data: bytes, *, extents: Sequence[Extent] | None = None) -> None:
        """Hold *data*; without *extents*, whole 4 KiB pages of zeros are holes."""
        assert len(data) % SECTOR_BYTES == 0, "a disk is whole sectors"
        self._data = data
        self._extents = list(_scan(data)) if extents is None else list(extents)
        self.size_bytes = len(data)
        #: Bytes read so far, for tests of cost.
        self.read_bytes = 0
        #: Set to let check_unchanged refuse.
        self.changed = False

    def extents(self) -> Iterator[Extent]:
        """Yield the whole disk in order."""
        return iter(self._extents)

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Fill *buffer*, with zeros past the disk's end."""
        part = self._data[offset_bytes : offset_bytes + len(buffer)]
        buffer[: len(part)] = part
        buffer[len(part) :] = bytes(len(buffer) - len(part))
        self.read_bytes += len(part)

    def check_unchanged(self) -> None:
        """Refuse when the test said so."""
        if self.changed:
            raise RefusedError(Code.DISK_CHANGED, "the disk changed while it was read")

    def close(self) -> None:
        """Nothing is open."""


class MemoryTarget:
    """Satisfies farpoint.disks.target.RestoreTarget."""

    state = TargetState.FRESH
    identity = "memory"

    def __init__(self, size_bytes: int, *, synced: bytes = b"") -> None:
        """Start with what an earlier run *synced*; the rest holds junk until it is written."""
        self.data = bytearray(synced + _JUNK * (size_bytes - len(synced)))
        self.synced_bytes = len(synced)
        #: (offset, length) of every write, zeros not counted.
        self.writes: list[tuple[int, int]] = []

    def look_for_data(self, on_looked: Callable[[int], None]) -> None:
        """Nothing to look for."""

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Fill *buffer*, with zeros past the disk's end."""
        part = self.data[offset_bytes : offset_bytes + len(buffer)]
        buffer[: len(part)] = part
        buffer[len(part) :] = bytes(len(buffer) - len(part))

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        """Write; never past the end."""
        assert offset_bytes + len(buffer) <= len(self.data), "a write past the disk's end"
        self.writes.append((offset_bytes, len(buffer)))
        self.data[offset_bytes : offset_bytes + len(buffer)] = buffer

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        """Make the range zeros."""
        assert offset_bytes + length_bytes <= len(self.data), "zeros past the disk's end"
        self.data[offset_bytes : offset_bytes + length_bytes] = bytes(length_bytes)

    def sync(self) -> None:
        """Nothing is ever lost here."""

    def publish(self) -> Path:
        """Name a file that does not exist."""
        return Path("/memory")

    def abandon(self) -> None:
        """Keep everything: tests look at it."""

    def close(self) -> None:
        """Nothing is open."""


def first_difference(found: bytes, expected: bytes) -> int | None:
    """Return the offset of the first byte that differs, None when there is none: tests that compare disks fail in one short line."""
    if found == expected:
        return None
    low, high = 0, min(len(found), len(expected))
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if found[: middle + 1] == expected[: middle + 1] else (low, middle)
    return low


def _scan(data: bytes) -> Iterator[Extent]:
    """Cut *data* into alternating extents of data and zeros."""
    start, kind = 0, None
    for offset in range(0, len(data), _GRAIN_BYTES):
        page = data[offset : offset + _GRAIN_BYTES]
        found = ExtentKind.ZERO if page.count(0) == len(page) else ExtentKind.DATA
        if found is not kind:
            if kind is not None:
                yield Extent(start, offset - start, kind)
            start, kind = offset, found
    if kind is not None:
        yield Extent(start, len(data) - start, kind)
