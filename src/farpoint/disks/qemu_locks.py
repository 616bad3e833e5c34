"""QEMU's image locks, so that we and QEMU keep out of each other's way.

QEMU marks what it does with an image by shared locks on single bytes: byte 100+n says "I use right n", byte 200+n says "while I
have it open nobody else may use right n". Everybody locks first and looks second, so of two that start together at least one
sees the other. The rights: 0 consistent read, 1 write, 2 write what is there already, 3 resize.

Promises: while a capture holds its bytes, QEMU (and anything that keeps its rules) refuses to open the image for writing or
resizing; readers, other captures among them, are not kept out.
"""

from farpoint.disks.ofd_locks import LockKind, Obstacle, Span, find_obstacle, try_lock

_USES = 100
_FORBIDS = 200
_CONSISTENT_READ, _WRITE, _RESIZE = 0, 1, 3

#: What a capture declares: it reads consistently, and forbids writing and resizing.
_DECLARED = (_USES + _CONSISTENT_READ, _FORBIDS + _WRITE, _FORBIDS + _RESIZE)
#: What stands against a capture: somebody writes, resizes, or forbids consistent reads (contents in flux).
_AGAINST_READING = (_USES + _WRITE, _USES + _RESIZE, _FORBIDS + _CONSISTENT_READ)


def declare_reader(descriptor: int) -> bool:
    """Hold a reader's bytes until *descriptor* is closed; False when an exclusive lock keeps us out (then some may be held)."""
    return all(try_lock(descriptor, Span(byte, 1), LockKind.SHARED) for byte in _DECLARED)


def find_writer(descriptor: int) -> Obstacle | None:
    """Return the lock of somebody who writes, resizes or rewrites the image behind *descriptor*."""
    for byte in _AGAINST_READING:
        obstacle = find_obstacle(descriptor, Span(byte, 1), LockKind.EXCLUSIVE)
        if obstacle is not None:
            return obstacle
    return None
