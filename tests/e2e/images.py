"""Disk images for tests: incompressible, so that stored bytes and wire bytes can be foretold."""

import random
from pathlib import Path

MIB = 1 << 20
BLOCK_BYTES = 256 * 1024
_PIECE_BYTES = 4 * MIB


def make_image(path: Path, size_bytes: int, dice: random.Random) -> Path:
    """Fill a file with random bytes."""
    with path.open("wb") as file:
        for start in range(0, size_bytes, _PIECE_BYTES):
            file.write(dice.randbytes(min(_PIECE_BYTES, size_bytes - start)))
    return path


def change_blocks(path: Path, share: float, dice: random.Random) -> int:
    """Write random bytes over a *share* of the blocks, scattered; return how many bytes these blocks have."""
    blocks = path.stat().st_size // BLOCK_BYTES
    chosen = dice.sample(range(blocks), max(1, round(blocks * share)))
    with path.open("r+b") as file:
        for block in chosen:
            file.seek(block * BLOCK_BYTES)
            file.write(dice.randbytes(BLOCK_BYTES))
    return len(chosen) * BLOCK_BYTES


def are_identical(first: Path, second: Path) -> bool:
    """Compare two files byte by byte."""
    if first.stat().st_size != second.stat().st_size:
        return False
    with first.open("rb") as one, second.open("rb") as other:
        while piece := one.read(_PIECE_BYTES):
            if piece != other.read(_PIECE_BYTES):
                return False
    return True


def flip_bit(path: Path, offset: int, bit: int = 0) -> None:
    """Damage one bit of a file, whatever its mode."""
    with path.open("r+b") as file:
        file.seek(offset)
        value = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([value ^ (1 << bit)]))
