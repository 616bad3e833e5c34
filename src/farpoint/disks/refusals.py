"""What the operating system answered, as an error of ours that says what to do."""

import errno
import os
from pathlib import Path

from farpoint.errors import NOWHERE, Code, OutOfSpaceError, Place, RefusedError

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: OSError) -> bool:
    """Tell whether *error* means that a file system or quota is full."""
    return error.errno in _FULL


def cannot_open(path: Path, error: OSError) -> RefusedError:
    """Explain why a disk cannot be opened for reading."""
    if error.errno in _NOT_THERE:
        hint = "Check the path; it is one of the region's machine."
        return RefusedError(Code.DISK_NOT_FOUND, f"there is no disk at {path}: {_cause(error)}.", hint=hint)
    hint = "The region's process needs read access to it."
    return RefusedError(Code.DISK_UNREADABLE, f"disk {path} cannot be opened: {_cause(error)}.", hint=hint)


def cannot_read(path: Path, error: OSError, *, offset_bytes: int, length_bytes: int) -> RefusedError:
    """Explain a failed read, naming the range."""
    message = f"disk {path} cannot be read at bytes {offset_bytes}-{offset_bytes + length_bytes - 1}: {_cause(error)}."
    hint = "The medium or its file is damaged; repair it, or exclude the disk."
    place = Place(offset_bytes=offset_bytes, length_bytes=length_bytes)
    return RefusedError(Code.DISK_UNREADABLE, message, hint=hint, place=place)


def cannot_write(path: Path, error: OSError, *, place: Place = NOWHERE) -> RefusedError:
    """Explain why a target cannot be made or written."""
    if error.errno == errno.EFBIG:
        hint = "Restore to a file system that takes larger files, or onto a block device."
        return RefusedError(Code.DISK_UNSUPPORTED, f"the file system of {path} takes no file that large.", hint=hint, place=place)
    hint = "The region's process needs write access there, on a sound medium."
    return RefusedError(Code.DISK_UNWRITABLE, f"{path} cannot be written: {_cause(error)}.", hint=hint, place=place)


def out_of_space(path: Path, *, needed_bytes: int, free_bytes: int, place: Place = NOWHERE) -> OutOfSpaceError:
    """Say that the file system of *path* is too full for the rest of a restore."""
    message = f"no room for {path} on its file system"
    return OutOfSpaceError(message, needed_bytes=needed_bytes, free_bytes=free_bytes, place=place)


def _cause(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
