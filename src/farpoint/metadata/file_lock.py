"""One process per database: an exclusive lock on a file beside it.

The lock belongs to the open file description, so the kernel drops it when the process ends in whatever way, kill -9 included,
and the file itself may stay. It is never removed: a lock on an unlinked file would exclude nobody.
"""

import fcntl
import os
from pathlib import Path

from farpoint.errors import Code, RefusedError

_FILE_MODE = 0o600
#: A decimal pid and a line end; nothing longer is ours.
_PID_BYTES_MAX = 32


class FileLock:
    """An exclusive lock, held from acquire_file_lock until release."""

    def __init__(self, descriptor: int) -> None:
        """Take over *descriptor*, which is locked."""
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the lock. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def acquire_file_lock(path: Path, *, guarded: Path) -> FileLock:
    """Lock *path* for this process, or raise RefusedError naming the process that uses *guarded*."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, _PID_BYTES_MAX, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        message = f"the database {guarded} is in use by process {holder}"
        raise RefusedError(Code.CONFIGURATION, message, hint="Stop that process, or give this region a state folder of its own.") from error
    # A pid that a crash leaves behind is only ever read by a process that could not get the lock, that is: under a live holder.
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return FileLock(descriptor)
