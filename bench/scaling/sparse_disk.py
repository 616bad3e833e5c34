"""Disks of any size with little in them."""

import random
from pathlib import Path
from typing import Final

from farpoint.model.disk import BLOCK_BYTES_DEFAULT, Extent, ExtentKind
from farpoint.units import MIB

#: Pieces of data, evenly spread over the disk; a change overwrites the first block of one.
_PIECES: Final = 16
_PIECE_BYTES: Final = MIB


def make_sparse_disk(path: Path, size_bytes: int) -> None:
    """Write a disk of *size_bytes* with 16 MiB of data."""
    rng = random.Random(0)
    with path.open("wb") as disk:
        disk.truncate(size_bytes)
        for piece in range(_PIECES):
            disk.seek(size_bytes // _PIECES * piece)
            disk.write(rng.randbytes(_PIECE_BYTES))


def change_sparse_disk(path: Path, number: int) -> tuple[Extent, ...]:
    """Overwrite a block, in another piece for each of 16 numbers in a row; return where it lies, as a tracker would."""
    place = Extent(path.stat().st_size // _PIECES * (number % _PIECES), BLOCK_BYTES_DEFAULT, ExtentKind.DATA)
    with path.open("r+b") as disk:
        disk.seek(place.offset_bytes)
        disk.write(random.Random(number).randbytes(place.length_bytes))
    return (place,)
