"""The footer of a fixed VHD: the 512 bytes after a disk's own that make it an image which Azure, Hyper-V and QEMU read.

Promises: the same disk gives the same footer, byte for byte. Nothing else of the VHD format is known here: dynamic and
differencing images have headers and tables, and are refused.
"""

import struct
import uuid
from typing import Final

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.model.disk import SECTOR_BYTES

FOOTER_BYTES: Final = 512
_COOKIE: Final = b"conectix"
_VERSION: Final = 0x00010000
#: "Reserved, always set".
_FEATURES: Final = 0x2
#: A fixed disk has no further header.
_NO_HEADER: Final = (1 << 64) - 1
#: QEMU takes the size from the footer's size field for creators it knows to fill it exactly, and from the (rounded) geometry
#: for all others. This is Windows' mark, one of those known to every version of QEMU.
_CREATOR: Final = b"win "
_CREATOR_VERSION: Final = 0x000A0000
_CREATOR_HOST: Final = b"Wi2k"
_FIXED: Final = 2
#: Cookie, features, version, data offset, time, creator, its version and host, original size, size, cylinders, heads, sectors per
#: track, type, checksum, id, saved state.
_FOOTER: Final = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")
_CHECKSUM: Final = struct.Struct(">I")
_CHECKSUM_AT: Final = 64
_CYLINDERS_MAX: Final = 65535


@frozen(kw_only=True)
class VhdGeometry:
    """Cylinders, heads and sectors per track, as the VHD specification derives them from the size."""

    cylinders: int
    heads: int
    sectors: int


def encode_footer(*, size_bytes: int, disk: uuid.UUID) -> bytes:
    """Return the footer of a disk of *size_bytes* that is known as *disk*."""
    place = geometry_of(size_bytes)
    plain = _FOOTER.pack(
        _COOKIE, _FEATURES, _VERSION, _NO_HEADER, 0, _CREATOR, _CREATOR_VERSION, _CREATOR_HOST, size_bytes, size_bytes,
        place.cylinders, place.heads, place.sectors, _FIXED, 0, disk.bytes, 0,
    )  # fmt: skip
    return plain[:_CHECKSUM_AT] + _CHECKSUM.pack(_checksum(plain)) + plain[_CHECKSUM_AT + _CHECKSUM.size :]


def check_footer(footer: bytes, *, size_bytes: int) -> None:
    """Raise RefusedError unless *footer* is that of a fixed VHD of *size_bytes*."""
    fields = _FOOTER.unpack(footer)
    cookie, _features, version, *_, current_bytes, _cylinders, _heads, _sectors, kind, checksum, _id, _saved = fields
    if cookie != _COOKIE or version >> 16 != _VERSION >> 16:
        raise _refused("the last 512 bytes are no VHD footer")
    if checksum != _checksum(footer[:_CHECKSUM_AT] + bytes(_CHECKSUM.size) + footer[_CHECKSUM_AT + _CHECKSUM.size :]):
        raise _refused("the VHD footer's checksum does not match")
    if kind != _FIXED:
        raise _refused(f"the VHD is of type {kind}, not a fixed one (2)")
    if current_bytes != size_bytes:
        raise _refused(f"the VHD footer says the disk has {current_bytes} bytes, but {size_bytes} precede it")


def geometry_of(size_bytes: int) -> VhdGeometry:
    """Return the geometry of a disk; it covers the size or a little less, as the specification has it."""
    total = min(size_bytes // SECTOR_BYTES, _CYLINDERS_MAX * 16 * 255)
    if total >= _CYLINDERS_MAX * 16 * 63:
        return VhdGeometry(cylinders=total // 255 // 16, heads=16, sectors=255)
    sectors, heads = 17, max(4, (total // 17 + 1023) // 1024)
    if total // 17 >= heads * 1024 or heads > 16:  # noqa: PLR2004 - heads have four bits
        sectors, heads = 31, 16
        if total // 31 >= heads * 1024:
            sectors = 63
    return VhdGeometry(cylinders=total // sectors // heads, heads=heads, sectors=sectors)


def _checksum(footer: bytes) -> int:
    """Return the ones' complement of the sum of all bytes, the checksum's own taken as zeros."""
    return ~sum(footer) & 0xFFFFFFFF


def _refused(why: str) -> RefusedError:
    hint = "Upload a fixed VHD: qemu-img convert -O vpc -o subformat=fixed,force_size SOURCE disk.vhd"
    return RefusedError(Code.DISK_UNSUPPORTED, f"this is not the VHD it should be: {why}.", hint=hint)
