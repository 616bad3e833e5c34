"""Look at a disk before anything is done with it.

Promises: answers with the disk's facts, or refuses saying what is wrong and how to put it right; never blocks on a FIFO, never
changes anything, not even an access that others would notice as a write.
"""

import os
import stat
from pathlib import Path

from attrs import frozen

from farpoint.disks.formats import HEAD_BYTES, TAIL_BYTES, recognise_format
from farpoint.disks.refusals import cannot_open, cannot_read
from farpoint.errors import Code, RefusedError
from farpoint.model.disk import SECTOR_BYTES
from farpoint.units import round_up

#: Suffix of a restore that is not complete; such a file is nobody's disk.
RESTORING_SUFFIX = ".restoring"
#: O_NONBLOCK because opening a FIFO would wait for a writer; it means nothing to files and disks.
_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
)


@frozen(kw_only=True)
class DiskFacts:
    """What is known about a disk from looking at it."""

    path: Path
    size_bytes: int
    is_block_device: bool


def inspect_disk(path: Path) -> DiskFacts:
    """Check that a raw disk is at *path* and can be read. Raises RefusedError naming what is wrong."""
    descriptor, facts = open_disk(path)
    os.close(descriptor)
    return facts


def open_disk(path: Path) -> tuple[int, DiskFacts]:
    """Open the raw disk at *path* for reading, with the checks of inspect_disk; the caller closes the descriptor."""
    if path.name.endswith(RESTORING_SUFFIX):
        hint = "Wait until the restore is complete: the disk then has its final name."
        raise RefusedError(Code.DISK_UNSUPPORTED, f"{path} is a restore that is not complete.", hint=hint)
    _check_kind(path, _status(path))
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        raise cannot_open(path, error) from error
    try:
        return descriptor, _facts(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def size_of_open(descriptor: int) -> int:
    """Return the size in bytes of an open file or block device (for a device, stat says 0)."""
    return os.lseek(descriptor, 0, os.SEEK_END)


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise cannot_open(path, error) from error


def _check_kind(path: Path, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode) or stat.S_ISBLK(status.st_mode):
        return
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "neither a file nor a block device")
    raise RefusedError(Code.DISK_UNSUPPORTED, f"{path} is {kind}, not a disk.", hint="Name a raw image file or a block device.")


def _facts(path: Path, descriptor: int) -> DiskFacts:
    status = os.fstat(descriptor)
    # Again, on what was really opened: the path may have been swapped since.
    _check_kind(path, status)
    try:
        size = size_of_open(descriptor)
        head = os.pread(descriptor, HEAD_BYTES, 0)
        tail = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
    except OSError as error:
        raise cannot_read(path, error, offset_bytes=0, length_bytes=HEAD_BYTES) from error
    found = recognise_format(head=head, tail=tail)
    if found is not None:
        raw = path.with_suffix(".raw")
        # Files of other formats are called .raw, too: converting one into itself would destroy it.
        target = path.with_name(f"{path.stem}-converted.raw") if raw == path else raw
        hint = f"Convert it: qemu-img convert -f {found} -O raw {path} {target}"
        raise RefusedError(Code.DISK_UNSUPPORTED, f"{path} is a {found} image; only raw disks can be captured yet.", hint=hint)
    _check_size(path, size)
    return DiskFacts(path=path, size_bytes=size, is_block_device=stat.S_ISBLK(status.st_mode))


def _check_size(path: Path, size: int) -> None:
    if size == 0:
        raise RefusedError(Code.DISK_UNSUPPORTED, f"{path} is empty (0 bytes).", hint="A disk has at least one sector of 512 bytes.")
    if size % SECTOR_BYTES:
        fitting = round_up(size, SECTOR_BYTES)
        message = f"{path} has {size} bytes, which is not a multiple of {SECTOR_BYTES}."
        hint = f"The next size that fits is {fitting}: truncate -s {fitting} {path}"
        raise RefusedError(Code.DISK_UNSUPPORTED, message, hint=hint)
