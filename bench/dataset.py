"""Make the benchmark disk: an ext4 image of real files, and a churned second version of it.

usage: dataset.py DIR [SRC_TREE] [SIZE_GIB]

Writes DIR/v1.raw, DIR/v2.raw (v1 + 20,000 overwrites of 4 KiB inside data + up to 96 MiB of new data) and DIR/churn.json. The
overwrites cluster like a database's hot pages: 80 % of them hit 10 % of the data. The same tree gives the same images but for ext4's
own ids.
"""

import itertools
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = 4096
OVERWRITES = 20_000
NEW_BYTES = 96 << 20


@dataclass(frozen=True)
class Images:
    """The disk, before and after."""

    first: Path
    second: Path
    #: What churn.json says: bytes of the disk and of its data, extents, new bytes.
    facts: dict[str, int]


def make_dataset(folder: Path, tree: str = "/usr/lib", gib: int = 8) -> Images:
    """Make both images unless they exist."""
    folder.mkdir(parents=True, exist_ok=True)
    first, second, facts = folder / "v1.raw", folder / "v2.raw", folder / "churn.json"
    if not facts.exists():
        first.unlink(missing_ok=True)
        with first.open("wb") as image:
            image.truncate(gib << 30)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, str(first)], check=True)
        subprocess.run(["cp", "--sparse=always", str(first), str(second)], check=True)
        facts.write_text(json.dumps(_churn(second)))
    return Images(first, second, json.loads(facts.read_text()))


def _churn(image: Path) -> dict[str, int]:
    rng = random.Random(7)
    descriptor = os.open(image, os.O_RDWR)
    try:
        extents = _data_extents(descriptor)
        pages = [page for start, end in extents for page in range(start, end - PAGE_BYTES + 1, PAGE_BYTES)]
        hot = pages[: len(pages) // 10]
        for _ in range(OVERWRITES):
            page = rng.choice(hot if rng.random() < 0.8 else pages)
            os.pwrite(descriptor, rng.randbytes(PAGE_BYTES // 2) + bytes(PAGE_BYTES // 2), page)
        appended = _append(descriptor, extents, rng)
        os.fsync(descriptor)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    data = sum(end - start for start, end in extents)
    return {"size": size, "data": data, "extents": len(extents), "appended": appended}


def _data_extents(descriptor: int) -> list[tuple[int, int]]:
    size, position, extents = os.fstat(descriptor).st_size, 0, []
    while position < size:
        try:
            start = os.lseek(descriptor, position, os.SEEK_DATA)
        except OSError:
            break  # nothing but a hole is left
        position = os.lseek(descriptor, start, os.SEEK_HOLE)
        extents.append((start, position))
    return extents


def _append(descriptor: int, extents: list[tuple[int, int]], rng: random.Random) -> int:
    """Write new data into the largest hole: half random, half like a log."""
    holes = [(one[1], other[0]) for one, other in itertools.pairwise(extents)]
    start, end = max(holes, key=lambda hole: hole[1] - hole[0])
    length = min(NEW_BYTES, end - start)
    for offset in range(0, length, 1 << 20):
        os.pwrite(descriptor, rng.randbytes(1 << 19) + b"log line %d\n" % offset * 40_000, start + offset)
    return length


if __name__ == "__main__":
    arguments = sys.argv[1:]
    print(make_dataset(Path(arguments[0]), tree=[*arguments[1:2], "/usr/lib"][0], gib=[*map(int, arguments[2:3]), 8][0]).facts)
