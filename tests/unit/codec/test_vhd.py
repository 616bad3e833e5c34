"""VHD footers: the specification's fields, and what is refused as one. That QEMU agrees is checked in tests/integration/blob."""

import struct
import uuid

import pytest

from farpoint.codec.vhd import FOOTER_BYTES, VhdGeometry, check_footer, encode_footer, geometry_of
from farpoint.errors import RefusedError
from farpoint.units import GIB, MIB

DISK = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")


def with_checksum(footer: bytes) -> bytes:
    plain = footer[:64] + bytes(4) + footer[68:]
    return plain[:64] + struct.pack(">I", ~sum(plain) & 0xFFFFFFFF) + plain[68:]


def test_a_footer_says_what_the_specification_asks_for() -> None:
    footer = encode_footer(size_bytes=20 * MIB, disk=DISK)
    assert len(footer) == FOOTER_BYTES
    assert footer[:24] == b"conectix" + bytes.fromhex("00000002 00010000 ffffffffffffffff")
    assert struct.unpack_from(">QQHBBI", footer, 40) == (20 * MIB, 20 * MIB, 602, 4, 17, 2)
    assert (footer[68:84], footer[84:]) == (DISK.bytes, bytes(428))
    assert with_checksum(footer) == footer
    check_footer(footer, size_bytes=20 * MIB)


def test_the_same_disk_has_the_same_footer_and_another_disk_another() -> None:
    footer = encode_footer(size_bytes=MIB, disk=DISK)
    assert footer == encode_footer(size_bytes=MIB, disk=DISK)
    assert footer != encode_footer(size_bytes=MIB, disk=uuid.UUID(int=1))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (512, (0, 4, 17)),
        (GIB, (2080, 16, 63)),
        (504 * MIB, (1024, 16, 63)),
        (127 * GIB, (65278, 16, 255)),
        (4096 * GIB, (65535, 16, 255)),
    ],
)
def test_the_geometry_covers_the_size_or_a_little_less(size: int, expected: tuple[int, int, int]) -> None:
    place = geometry_of(size)
    assert place == VhdGeometry(cylinders=expected[0], heads=expected[1], sectors=expected[2])
    assert place.cylinders * place.heads * place.sectors * 512 <= size


GOOD = encode_footer(size_bytes=MIB, disk=DISK)


@pytest.mark.parametrize(
    ("footer", "says"),
    [
        (bytes(FOOTER_BYTES), "no VHD footer"),
        (GOOD[:511] + b"\x01", "checksum"),
        (with_checksum(GOOD[:60] + struct.pack(">I", 3) + GOOD[64:]), "type 3"),
        (encode_footer(size_bytes=2 * MIB, disk=DISK), "2097152 bytes, but 1048576 precede it"),
        (with_checksum(GOOD[:12] + struct.pack(">I", 0x00020000) + GOOD[16:]), "no VHD footer"),
    ],
)
def test_what_is_no_footer_of_this_disk_is_refused_saying_why(footer: bytes, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        check_footer(footer, size_bytes=MIB)
