"""Disk image formats, recognised by their magic numbers.

Promises to name every format that QEMU would not read as raw and that people commonly have. A raw disk that merely *contains*
something (a LUKS volume, a file system, a partition table) is raw.
"""

#: Enough of a file's beginning to see every magic number below.
HEAD_BYTES = 512
#: Fixed-size VHDs and DMGs are recognised by their last sector.
TAIL_BYTES = 512

#: Format (as qemu-img calls it), offset, magic number.
_AT_THE_BEGINNING = (
    ("qcow2", 0, b"QFI\xfb"),
    ("vmdk", 0, b"KDMV"),
    ("vmdk", 0, b"COWD"),
    ("vmdk", 0, b"# Disk DescriptorFile"),
    ("vhdx", 0, b"vhdxfile"),
    ("vpc", 0, b"conectix"),
    ("vdi", 64, b"\x7f\x10\xda\xbe"),
    ("qed", 0, b"QED\x00"),
    ("parallels", 0, b"WithoutFreeSpace"),
    ("parallels", 0, b"WithouFreSpacExt"),
)
_AT_THE_END = (
    ("vpc", 0, b"conectix"),
    ("dmg", 0, b"koly"),
)


def recognise_format(*, head: bytes, tail: bytes) -> str | None:
    """Return the format's qemu-img name, or None for raw. *head* and *tail* are the first and last 512 bytes."""
    for name, offset, magic in _AT_THE_BEGINNING:
        if head[offset : offset + len(magic)] == magic:
            return name
    for name, offset, magic in _AT_THE_END:
        if tail[offset : offset + len(magic)] == magic:
            return name
    return None
