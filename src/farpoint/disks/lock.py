"""The exclusive lock on a disk that is being written.

Promises: one holder at a time over all processes of the machine; held until its descriptor is closed or its process ends, also while that
process is stopped: waiting for another writer never times out. QEMU sees the lock too and refuses the disk. Somebody who merely
uses the disk (QEMU, a capture: they hold shared locks) is not waited for but refused.

Takeover: whoever waited may have been superseded meanwhile, and whoever held it may have finished the work. So the caller
checks its claim *after* acquire returns and before it writes a single byte.
"""

import os
from collections.abc import Callable
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.lock_holders import name_lock_holders
from farpoint.disks.ofd_locks import WHOLE_FILE, LockKind, Obstacle, find_obstacle, try_lock
from farpoint.disks.refusals import cannot_write
from farpoint.errors import Code, RefusedError

#: Short against what a person notices, long against the cost of asking.
POLL_SECONDS = 0.1


class DiskLock:
    """An exclusive lock on the whole of an open file or device."""

    def __init__(self, descriptor: int, path: Path) -> None:
        """Prepare to lock what is open for writing as *descriptor*; *path* is for messages."""
        self._descriptor = descriptor
        self._path = path

    def acquire(self, *, clock: Clock, wait: Callable[[], None] | None) -> None:
        """Take the lock, however long another writer keeps it.

        *wait* is called each time round: to show that we wait, and to raise (SupersededError, say) when we should not any more.
        Without *wait* another writer is refused at once, with RefusedError(DISK_LOCKED). Users are RefusedError(DISK_IN_USE).
        """
        while not self._try():
            obstacle = find_obstacle(self._descriptor, WHOLE_FILE, LockKind.EXCLUSIVE)
            if obstacle is None:
                continue  # given back in this moment
            if wait is None or obstacle.kind is LockKind.SHARED:
                raise self._refusal(obstacle)
            wait()
            clock.sleep(POLL_SECONDS)

    def _try(self) -> bool:
        try:
            return try_lock(self._descriptor, WHOLE_FILE, LockKind.EXCLUSIVE)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def _refusal(self, obstacle: Obstacle) -> RefusedError:
        holders = name_lock_holders(os.fstat(self._descriptor), except_descriptor=self._descriptor)
        if obstacle.kind is LockKind.SHARED:
            message = f"{self._path} is in use: {holders} has it open, as a capture's or QEMU's locks say."
            return RefusedError(Code.DISK_IN_USE, message, hint="Shut the VM down, or wait for the capture to end.")
        message = f"{self._path} is locked by {holders}: another restore writes it."
        return RefusedError(Code.DISK_LOCKED, message, hint="Wait until that is done, or choose another path.")
