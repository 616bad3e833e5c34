"""Open-file-description locks: byte-range locks that belong to an open file, not to a process.

Promises: a lock is held until the descriptor it was taken on is closed (by death too, kill -9 included);
a lock taken on one descriptor is seen through any other, in this process as in another; a stopped process keeps its locks.
Leaves to others what the bytes mean (qemu_locks, lock).

A child made by fork alone would share the lock; one made by exec does not, since we open everything close-on-exec.
"""

import errno
import fcntl
import struct
from enum import Enum

from attrs import frozen

#: struct flock on 64-bit Linux: type, whence, (padding), start, length, pid (must be 0 for these locks).
_FLOCK = struct.Struct("hhqqi4x")
_FROM_START = 0
#: What the system answers when another's lock is in the way.
_IN_THE_WAY = (errno.EAGAIN, errno.EACCES)


class LockKind(Enum):
    """Shared locks exclude exclusive ones only; exclusive ones exclude all."""

    SHARED = fcntl.F_RDLCK
    EXCLUSIVE = fcntl.F_WRLCK


@frozen
class Span:
    """A range of bytes to lock; they need not exist. Length 0 means: to the end, wherever that will be."""

    start_bytes: int
    length_bytes: int


WHOLE_FILE = Span(0, 0)


@frozen(kw_only=True)
class Obstacle:
    """A lock of somebody else that is in the way."""

    kind: LockKind
    span: Span
    #: Its process, or None for locks like ours, which belong to no process.
    pid: int | None


def try_lock(descriptor: int, span: Span, kind: LockKind) -> bool:
    """Take the lock, or return False at once when another's is in the way.

    A shared lock needs a descriptor open for reading, an exclusive one a descriptor open for writing.
    """
    request = _FLOCK.pack(kind.value, _FROM_START, span.start_bytes, span.length_bytes, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, request)
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            return False
        raise
    return True


def find_obstacle(descriptor: int, span: Span, kind: LockKind) -> Obstacle | None:
    """Return one lock of somebody else that would keep us from taking this one; takes nothing."""
    request = _FLOCK.pack(kind.value, _FROM_START, span.start_bytes, span.length_bytes, 0)
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, request)
    found, _whence, start, length, pid = _FLOCK.unpack(answer)
    if found == fcntl.F_UNLCK:
        return None
    return Obstacle(kind=LockKind(found), span=Span(start, length), pid=pid if pid > 0 else None)
