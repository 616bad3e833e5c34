"""The file a restore writes until it is complete: ``<final path>.restoring``, beside the final file.

Promises: whoever has one open here has it locked, and it is the file at its path; one that another restore left behind is
thrown away, never continued; nothing but a regular file is ever touched. Only the holder of its lock renames or removes it, so
what is done under the lock cannot hit somebody else's file.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from attrs import frozen

from farpoint.clock import Clock
from farpoint.disks.file_identity import file_identity, is_at
from farpoint.disks.file_names import sync_folder
from farpoint.disks.inspect import RESTORING_SUFFIX
from farpoint.disks.lock import DiskLock
from farpoint.disks.ofd_locks import WHOLE_FILE, LockKind, try_lock
from farpoint.disks.refusals import cannot_write
from farpoint.disks.target import TargetRequest
from farpoint.errors import Code, RefusedError

_OPEN_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FOR_US_ONLY = 0o600


@frozen(kw_only=True)
class RestoringFile:
    """An open and locked restoring file."""

    path: Path
    descriptor: int
    #: True when it holds the work of the run that the request resumes.
    resumed: bool


def restoring_path(final: Path) -> Path:
    """Return the path of the restoring file of *final*."""
    return final.with_name(final.name + RESTORING_SUFFIX)


def open_restoring_file(request: TargetRequest, *, clock: Clock, wait: Callable[[], None] | None) -> RestoringFile:
    """Open and lock the request's restoring file: the one to resume if it is there, else a new, empty one.

    The caller owns the descriptor. Waits for another writer as DiskLock.acquire does.
    """
    path = restoring_path(request.path)
    while True:
        with ExitStack() as undo:
            descriptor, is_new = _open_or_make(path)
            undo.callback(os.close, descriptor)
            DiskLock(descriptor, path).acquire(clock=clock, wait=wait)
            if not is_at(descriptor, path):
                continue  # whoever we waited for published it or gave it up
            resumed = not is_new and _is_to_be_resumed(descriptor, request)
            if not is_new and not resumed:
                path.unlink()  # its run is over, else it would hold the lock
                continue
            undo.pop_all()
            return RestoringFile(path=path, descriptor=descriptor, resumed=resumed)


def discard_restoring_file(final: Path) -> bool:
    """Remove what a restore to *final* that will not be resumed left behind; False when there is none, or it is being written."""
    path = restoring_path(final)
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        return False
    try:
        mine = stat.S_ISREG(os.fstat(descriptor).st_mode) and try_lock(descriptor, WHOLE_FILE, LockKind.EXCLUSIVE)
        return mine and remove_locked(path, descriptor)
    finally:
        os.close(descriptor)


def remove_locked(path: Path, descriptor: int) -> bool:
    """Remove the restoring file that *descriptor* has open and locked, unless another is at its path."""
    if not is_at(descriptor, path):
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


def _open_or_make(path: Path) -> tuple[int, bool]:
    """Return a descriptor and whether the file was made just now."""
    while True:
        try:
            return os.open(path, _OPEN_FLAGS | os.O_CREAT | os.O_EXCL, _FOR_US_ONLY), True
        except FileExistsError:
            pass
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            return _open_existing(path), False
        except FileNotFoundError:
            continue  # published or removed in this moment


def _open_existing(path: Path) -> int:
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
            raise _not_ours(path) from error
        raise cannot_write(path, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_ours(path)
    return descriptor


def _not_ours(path: Path) -> RefusedError:
    hint = "Move it away: a restore needs that name for the file it writes."
    return RefusedError(Code.TARGET_NOT_EMPTY, f"{path} exists and is not a regular file.", hint=hint)


def _is_to_be_resumed(descriptor: int, request: TargetRequest) -> bool:
    resume = request.resume
    if resume is None or resume.synced_bytes > request.size_bytes:
        return False
    # Cut off at what is synced: the last run died while it opened the file.
    sizes = {request.size_bytes, resume.synced_bytes}
    return file_identity(descriptor) == resume.identity and os.fstat(descriptor).st_size in sizes
