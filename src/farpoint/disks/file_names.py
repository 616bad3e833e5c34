"""Give a file its final name without ever replacing another."""

import ctypes
import errno
import os
from contextlib import suppress
from pathlib import Path

_AT_CWD = -100
_NO_REPLACE = 1
#: The C library or the file system (NFS, some FUSE) does not know the call.
_UNKNOWN = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP})


def rename_without_replacing(source: Path, target: Path) -> None:
    """Rename atomically; raises FileExistsError when *target* exists.

    Where the file system cannot do that, an empty file takes the name first: a crash in between leaves an empty *target*.
    """
    error = _renameat2(source, target)
    if error in _UNKNOWN:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        source.rename(target)
    elif error:
        raise OSError(error, os.strerror(error), str(source), None, str(target))


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """Make *folder* and those above it that are missing, durably, for our eyes only."""
    if folder.is_dir():
        # Whoever made it may have died before its name was durable. Those above it were made durable before it was made.
        with suppress(PermissionError):
            sync_folder(folder.parent)
        return
    make_folders(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def _renameat2(source: Path, target: Path) -> int:
    """Call the system; return its error number, 0 when it is done. Python has no function for it."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return errno.ENOSYS
    done = library.renameat2(_AT_CWD, os.fsencode(source), _AT_CWD, os.fsencode(target), _NO_REPLACE)
    return 0 if done == 0 else ctypes.get_errno()
