"""Open whatever a disk is to be restored to: a file, new or not, or a block device."""

import stat
from collections.abc import Callable
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.device_target import open_device_target
from farpoint.disks.file_target import open_file_target
from farpoint.disks.inspect import RESTORING_SUFFIX
from farpoint.disks.refusals import cannot_write
from farpoint.disks.target import RestoreTarget, TargetRequest
from farpoint.errors import Code, RefusedError
from farpoint.model.disk import SECTOR_BYTES


def open_target(request: TargetRequest, *, clock: Clock, wait: Callable[[], None] | None) -> RestoreTarget:
    """Check, allocate and lock the target of *request*; see farpoint.disks.target for how it is used.

    Another writer of the same path is waited for when *wait* is given (called about ten times a second, may raise), else
    refused. Raises RefusedError (TARGET_NOT_EMPTY, DISK_IN_USE, DISK_LOCKED, DISK_UNSUPPORTED, DISK_UNWRITABLE) or
    OutOfSpaceError; then nothing was changed, and nothing was made but missing folders.
    """
    if request.path.name.endswith(RESTORING_SUFFIX):
        message = f"{request.path} cannot be restored to: names with the suffix {RESTORING_SUFFIX} are those of restores under way."
        raise RefusedError(Code.DISK_UNSUPPORTED, message, hint="Choose another name.")
    if request.size_bytes % SECTOR_BYTES:
        message = f"a disk of {request.size_bytes} bytes is no whole number of {SECTOR_BYTES}-byte sectors"
        raise ValueError(message)
    open_it = open_device_target if _is_block_device(request.path) else open_file_target
    return open_it(request, clock=clock, wait=wait)


def _is_block_device(path: Path) -> bool:
    try:
        return stat.S_ISBLK(path.stat(follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise cannot_write(path, error) from error
