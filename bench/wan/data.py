"""The disk that travels: random bytes, so that every tool sends as many and only the link is compared."""

import os
import random
from pathlib import Path
from typing import Final

_PIECE_BYTES: Final = 1 << 20
#: The second point changes one piece in so many.
_CHANGED: Final = 4


def make_disk(path: Path, mib: int) -> None:
    """Write a disk of *mib* MiB."""
    rng = random.Random(11)
    with path.open("wb") as disk:
        for _ in range(mib):
            disk.write(rng.randbytes(_PIECE_BYTES))
        os.fsync(disk.fileno())


def change_disk(path: Path) -> None:
    """Overwrite a quarter of the disk, piece by piece all over it."""
    rng = random.Random(12)
    with path.open("r+b") as disk:
        for start in range(0, path.stat().st_size, _CHANGED * _PIECE_BYTES):
            disk.seek(start)
            disk.write(rng.randbytes(_PIECE_BYTES))
        os.fsync(disk.fileno())
