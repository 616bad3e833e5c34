"""Disk geometry: extents, blocks, and the identity of a disk's contents."""

from enum import Enum

from attrs import field, frozen
from attrs.validators import ge, instance_of

from farpoint.model.ids import NodeId
from farpoint.units import KIB, MIB

SECTOR_BYTES = 512
BLOCK_BYTES_DEFAULT = 256 * KIB
BLOCK_BYTES_MIN = 64 * KIB
BLOCK_BYTES_MAX = 4 * MIB
#: Children per map node (docs/decisions/0003-chunk-and-node-sizes.md).
FANOUT = 64
#: How a digest names the root of a disk of zeros.
_ZEROS = "zeros"


class ExtentKind(Enum):
    """What a range of a disk holds, as NBD and QEMU report it."""

    DATA = "data"
    ZERO = "zero"


@frozen
class Extent:
    """A range of a disk: *length_bytes* from *offset_bytes*, all of one kind."""

    offset_bytes: int = field(validator=[instance_of(int), ge(0)])
    length_bytes: int = field(validator=[instance_of(int), ge(1)])
    kind: ExtentKind

    @property
    def end_bytes(self) -> int:
        """First byte after the range."""
        return self.offset_bytes + self.length_bytes


def is_block_size(value: int) -> bool:
    """Tell whether *value* is a legal block size: a power of two from 64 KiB to 4 MiB."""
    return BLOCK_BYTES_MIN <= value <= BLOCK_BYTES_MAX and value & (value - 1) == 0


@frozen(kw_only=True)
class Geometry:
    """How a disk is cut into blocks and how high its map is."""

    size_bytes: int = field(validator=[instance_of(int), ge(0)])
    block_bytes: int = field(validator=instance_of(int))

    @block_bytes.validator
    def _legal_block_size(self, _attribute: object, value: int) -> None:
        if not is_block_size(value):
            message = f"block size {value} is not a power of two from {BLOCK_BYTES_MIN} to {BLOCK_BYTES_MAX}"
            raise ValueError(message)

    @property
    def block_count(self) -> int:
        """Number of blocks; the last one may reach past the end of the disk."""
        return -(-self.size_bytes // self.block_bytes)

    @property
    def top_level(self) -> int:
        """Level of the root node: 0 is a leaf, each level above has 64 times the reach."""
        level, reach = 0, FANOUT
        while reach < self.block_count:
            level, reach = level + 1, reach * FANOUT
        return level

    def length_of(self, block: int) -> int:
        """Bytes of *block* that lie on the disk: the block size, less for the last one."""
        return min(self.block_bytes, self.size_bytes - block * self.block_bytes)

    def range_of(self, level: int, index: int) -> tuple[int, int]:
        """Offset and length of the disk range below the map node at (level, index), cut at the disk's end."""
        reach = FANOUT ** (level + 1) * self.block_bytes
        return index * reach, max(0, min(reach, self.size_bytes - index * reach))


@frozen(kw_only=True)
class DiskState:
    """The identity of a disk's contents: equal states are equal disks, byte for byte."""

    geometry: Geometry
    #: Root of the disk map; None is a disk of zeros.
    root: NodeId | None

    @property
    def size_bytes(self) -> int:
        """Exact size of the disk."""
        return self.geometry.size_bytes

    @property
    def block_bytes(self) -> int:
        """Block size of the map."""
        return self.geometry.block_bytes

    @property
    def digest(self) -> str:
        """The state in words: ``<size>-<block size>-<root, hex or 'zeros'>``."""
        root = _ZEROS if self.root is None else self.root.hex()
        return f"{self.size_bytes}-{self.block_bytes}-{root}"

    @classmethod
    def of_digest(cls, digest: str) -> "DiskState":
        """Take a digest apart again; raise ValueError when it is none."""
        size, block, root = digest.split("-")
        geometry = Geometry(size_bytes=int(size), block_bytes=int(block))
        return cls(geometry=geometry, root=None if root == _ZEROS else NodeId(bytes.fromhex(root)))
