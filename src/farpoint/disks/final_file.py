"""The file that a restore is about to replace, or the lack of one.

Promises: a file with anything in it is replaced only when the request says overwrite; a file in use never is, and while it is
claimed neither QEMU nor another restore can begin to use it.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.file_identity import file_identity, is_at
from farpoint.disks.file_names import rename_without_replacing
from farpoint.disks.in_use import find_users_of_open, refuse_users
from farpoint.disks.lock import DiskLock
from farpoint.disks.refusals import cannot_write
from farpoint.disks.target import TargetRequest
from farpoint.errors import Code, RefusedError

_HINT = "Shut the VM down or unmount the disk first, or restore to another path."
_OPEN_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FinalFile:
    """What is at the final path: nothing, or a file that is claimed until it is replaced or let go."""

    def __init__(self, request: TargetRequest, descriptor: int | None) -> None:
        """Take over *descriptor*, the open and locked file at the request's path; None when there is none."""
        self._request = request
        self._descriptor = descriptor

    def replace_with(self, restored: int, restoring: Path) -> None:
        """Give the file open as *restored* at path *restoring* the final name, in one step; keeps the old one's owner and mode.

        Raises RefusedError(TARGET_NOT_EMPTY) when the final path is not as it was claimed.
        """
        path = self._request.path
        if self._descriptor is None:
            try:
                rename_without_replacing(restoring, path)
            except FileExistsError as error:
                raise _not_empty(path, "appeared while it was restored") from error
            return
        if not is_at(self._descriptor, path):
            raise _not_empty(path, "was replaced while it was restored")
        _check_replaceable(self._request, self._descriptor)
        _copy_owner(self._descriptor, restored)
        restoring.rename(path)

    def close(self) -> None:
        """Let it go. Idempotent."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def check_final_path(request: TargetRequest) -> None:
    """Refuse a final path whose file may not be replaced, before anything is made."""
    descriptor = _open(request)
    if descriptor is not None:
        try:
            _check_replaceable(request, descriptor)
        finally:
            os.close(descriptor)


def is_free(path: Path, size_bytes: int | None) -> bool:
    """Tell whether nothing is at *path*, or only a file that holds nothing: no bytes, or one hole of *size_bytes*."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.ENOENT
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and _is_empty(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def claim_final_file(request: TargetRequest, *, clock: Clock, wait: Callable[[], None] | None) -> FinalFile:
    """Lock what is at the final path, if anything is, waiting as DiskLock.acquire does.

    Raises RefusedError when it must not be replaced or is in use.
    """
    descriptor = _open(request)
    if descriptor is None:
        return FinalFile(request, None)
    with ExitStack() as undo:
        undo.callback(os.close, descriptor)
        DiskLock(descriptor, request.path).acquire(clock=clock, wait=wait)
        refuse_users(request.path, find_users_of_open(request.path, descriptor), hint=_HINT)
        _check_replaceable(request, descriptor)
        undo.pop_all()
        return FinalFile(request, descriptor)


def is_published(request: TargetRequest) -> bool:
    """Tell whether the final file is the one that the request's earlier run wrote, complete since it has its final name."""
    if request.resume is None:
        return False
    try:
        descriptor = os.open(request.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        is_ours = file_identity(descriptor) == request.resume.identity
        return is_ours and os.fstat(descriptor).st_size == request.size_bytes
    finally:
        os.close(descriptor)


def _open(request: TargetRequest) -> int | None:
    path = request.path
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
            raise _not_a_file(path) from error
        raise cannot_write(path, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_a_file(path)
    return descriptor


def _check_replaceable(request: TargetRequest, descriptor: int) -> None:
    if not request.overwrite and not _is_empty(descriptor, request.size_bytes):
        raise _not_empty(request.path, "exists and is not empty")


def _is_empty(descriptor: int, size_bytes: int | None) -> bool:
    """Tell whether a file has no bytes, or is one hole of the disk's size, as somebody prepared it."""
    size = os.fstat(descriptor).st_size
    if size not in {0, size_bytes}:
        return False
    try:
        os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


def _copy_owner(replaced: int, restored: int) -> None:
    status = os.fstat(replaced)
    if os.geteuid() == 0:
        os.fchown(restored, status.st_uid, status.st_gid)
    os.fchmod(restored, stat.S_IMODE(status.st_mode))
    os.fsync(restored)


def _not_empty(path: Path, what: str) -> RefusedError:
    hint = "Restore to another path, or allow it to be overwritten."
    return RefusedError(Code.TARGET_NOT_EMPTY, f"{path} {what}; nothing was replaced.", hint=hint)


def _not_a_file(path: Path) -> RefusedError:
    hint = "Name a raw image file, which need not exist yet, or a block device."
    return RefusedError(Code.DISK_UNSUPPORTED, f"{path} is not something a disk can be restored to.", hint=hint)
