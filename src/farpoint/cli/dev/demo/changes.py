"""Change disks between two points, as a running system would: scattered small writes and some new data."""

from pathlib import Path

from farpoint.clock import Entropy
from farpoint.units import KIB, MIB

_WRITE_BYTES = 4 * KIB
_WRITES = 100
_NEW_BYTES = 16 * MIB


def change_disk(path: Path, entropy: Entropy) -> int:
    """Write to the image at *path*; return how many bytes."""
    size = path.stat().st_size
    with path.open("r+b") as image:
        for _ in range(_WRITES):
            block = int.from_bytes(entropy.token_bytes(8), "big") % max(1, size // _WRITE_BYTES)
            image.seek(block * _WRITE_BYTES)
            image.write(entropy.token_bytes(min(_WRITE_BYTES, size)))
        new = min(_NEW_BYTES, size // 8)
        image.seek(size // 2)
        image.write(entropy.token_bytes(new))
    return _WRITES * min(_WRITE_BYTES, size) + new
