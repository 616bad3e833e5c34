"""Positioned reads with our errors: what capture sources and restore targets have in common."""

import os
from pathlib import Path

from farpoint.disks.descriptor import Descriptor
from farpoint.disks.refusals import cannot_read


def read_whole(file: Descriptor, path: Path, size_bytes: int, offset_bytes: int, buffer: memoryview) -> int | None:
    """Fill *buffer* from a disk of *size_bytes*, zeros past its end; return the offset it ends at when it has shrunk, else None.

    Raises RefusedError(DISK_UNREADABLE); *path* is for its message.
    """
    on_disk = max(0, min(len(buffer), size_bytes - offset_bytes))
    with file as descriptor:
        done = 0
        while done < on_disk:
            count = _read_some(descriptor, path, offset_bytes + done, buffer[done:on_disk])
            if count == 0:
                return offset_bytes + done
            done += count
    if on_disk < len(buffer):
        buffer[on_disk:] = bytes(len(buffer) - on_disk)
    return None


def _read_some(descriptor: int, path: Path, offset_bytes: int, buffer: memoryview) -> int:
    try:
        return os.preadv(descriptor, [buffer], offset_bytes)
    except OSError as error:
        raise cannot_read(path, error, offset_bytes=offset_bytes, length_bytes=len(buffer)) from error
