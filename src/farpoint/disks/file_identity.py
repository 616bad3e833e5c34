"""Tell one file from another that was later made under the same name and inode number."""

import fcntl
import os
import struct
from pathlib import Path

#: FS_IOC_GETVERSION: the inode's generation, drawn anew each time the number is used again (ext4, xfs, btrfs).
_GET_GENERATION = 0x80087601
_LONG = struct.Struct("q")
_UNSIGNED_32 = 0xFFFFFFFF


def file_identity(descriptor: int) -> str:
    """Return ``file:<inode>:<generation>`` of an open file; generation 0 where the file system has none.

    The file system itself is not named: its device number may change over a reboot.
    """
    return f"file:{os.fstat(descriptor).st_ino}:{_generation(descriptor)}"


def is_at(descriptor: int, path: Path) -> bool:
    """Tell whether the open file is the one at *path*, no link followed."""
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _generation(descriptor: int) -> int:
    try:
        answer = fcntl.ioctl(descriptor, _GET_GENERATION, bytes(_LONG.size))
    except OSError:
        return 0
    # The kernel fills in 32 bits, though the request's number says long.
    return int(_LONG.unpack(answer)[0]) & _UNSIGNED_32
