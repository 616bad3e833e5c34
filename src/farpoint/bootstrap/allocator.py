"""Keep glibc from hoarding what movers free.

glibc raises its threshold for returning large blocks to the system each time one is freed, and keeps a heap per thread: lanes come
and go, so a region that had freed everything would still hold several hundred MiB. Fixed limits keep a mover near what it uses.
"""

import ctypes
import logging

from farpoint.units import MIB

_log = logging.getLogger(__name__)
#: Parameter numbers of mallopt(3), from malloc.h.
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
_SETTINGS = (
    # Pack buffers go back when they are freed; blocks of 256 KiB are served from the heap, without page faults for each.
    (_MMAP_THRESHOLD, 4 * MIB),
    (_TRIM_THRESHOLD, 16 * MIB),
    (_ARENA_MAX, 2),
)


def limit_allocator() -> None:
    """Set the limits where the C library has them; elsewhere say so and go on."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not all(mallopt(parameter, value) for parameter, value in _SETTINGS):
        _log.info("allocator_not_limited")
