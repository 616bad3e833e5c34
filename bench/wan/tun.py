"""TUN devices that give and take TCP segments in bundles (segments.py)."""

import fcntl
import os
import struct
from typing import Final

TUN_FILE: Final = "/dev/net/tun"
#: From linux/if_tun.h.
_SET_INTERFACE: Final = 0x400454CA
_SET_OFFLOAD: Final = 0x400454D0
_IS_TUN, _NO_PACKET_INFORMATION, _OFFLOAD_HEADER = 0x0001, 0x1000, 0x4000
_CHECKSUMS, _TCP4_BUNDLES = 0x01, 0x02


def open_tun(name: str) -> int:
    """Make a device; return its descriptor, which does not block. The device goes when it is closed."""
    descriptor = os.open(TUN_FILE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    flags = _IS_TUN | _NO_PACKET_INFORMATION | _OFFLOAD_HEADER
    fcntl.ioctl(descriptor, _SET_INTERFACE, struct.pack("16sH22x", name.encode(), flags))
    fcntl.ioctl(descriptor, _SET_OFFLOAD, _CHECKSUMS | _TCP4_BUNDLES)
    return descriptor
