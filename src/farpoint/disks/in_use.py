"""Find out whether somebody uses a disk.

Promises to see: QEMU, and whatever keeps its lock rules, having the disk open for writing; any program that holds an exclusive
lock on it, a restore of ours included; mounts of the disk or its partitions; loop devices that can write to it; swap; device
mapper and RAID above it; whoever opened a block device exclusively, in any container. Does not see a program that just opened
a file and writes: check_unchanged of the source is for that. Readers are not users.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from farpoint.disks.attachments import attachments_of
from farpoint.disks.inspect import open_disk
from farpoint.disks.lock_holders import name_lock_holders
from farpoint.disks.ofd_locks import LockKind, Obstacle
from farpoint.disks.qemu_locks import find_writer
from farpoint.errors import Code, RefusedError

#: Two captures of one device may ask for it exclusively in the same microsecond and then see each other.
_EXCLUSIVE_ATTEMPTS = 20
_HINT = "Shut the VM down or unmount the disk; or capture it live at your own risk (--allow-live), recorded as consistency none."


def find_users(path: Path) -> tuple[str, ...]:
    """Return one sentence for each user of the disk at *path*; none when it is free. Raises RefusedError when it is no disk."""
    descriptor, _facts = open_disk(path)
    try:
        return find_users_of_open(path, descriptor)
    finally:
        os.close(descriptor)


def find_users_of_open(path: Path, descriptor: int) -> tuple[str, ...]:
    """Do as find_users, for a disk that is open: locks held through *descriptor* do not count."""
    status = os.fstat(descriptor)
    users = [*_lock_users(path, status, descriptor), *attachments_of(path, status)]
    if not users and stat.S_ISBLK(status.st_mode) and _is_claimed(path):
        users.append(f"{path} is held exclusively (mounted, or opened by another program, perhaps in a container)")
    return tuple(users)


def refuse_if_in_use(path: Path, *, allow_live: bool) -> None:
    """Raise RefusedError(DISK_IN_USE) naming the users of the disk at *path*, unless *allow_live*."""
    if not allow_live:
        refuse_users(path, find_users(path))


def refuse_users(path: Path, users: tuple[str, ...], *, hint: str = _HINT) -> None:
    """Raise RefusedError(DISK_IN_USE) when there are *users*."""
    if users:
        raise RefusedError(Code.DISK_IN_USE, f"disk {path} is in use: {'; '.join(users)}.", hint=hint)


def _lock_users(path: Path, status: os.stat_result, descriptor: int) -> Iterator[str]:
    obstacle = find_writer(descriptor)
    if obstacle is not None:
        yield describe_obstacle(path, obstacle, name_lock_holders(status, except_descriptor=descriptor))


def describe_obstacle(path: Path, obstacle: Obstacle, holders: str) -> str:
    """Say in words what a lock on the disk at *path* means."""
    who = f"process {obstacle.pid}" if obstacle.pid is not None else holders
    if obstacle.kind is LockKind.EXCLUSIVE:
        return f"{who} holds {path} exclusively, as a restore does"
    return f"{who} has {path} open for writing, as QEMU's image lock says"


def _is_claimed(path: Path) -> bool:
    """Ask the kernel whether somebody holds this block device exclusively: mounts do, in whatever namespace."""
    for _ in range(_EXCLUSIVE_ATTEMPTS):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_EXCL)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            os.sched_yield()
        else:
            os.close(descriptor)
            return False
    return True
