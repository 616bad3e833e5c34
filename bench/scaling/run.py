"""Count what captures, copies and restores cost as disks grow and as points grow in number; little changes each time.

usage: python -m bench.scaling.run [POINTS]      default: 100; 1000 takes some minutes

Disks of 8 GiB, 256 GiB and 6 TiB hold 16 MiB, of which 256 KiB change between two points. Works in $FARPOINT_BENCH or build/bench; prints
a table each, and writes bench/results/<date>-scaling.json.
"""

import datetime as dt
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen
from bench.scaling.cost import Cost
from bench.scaling.journey import Journey
from bench.scaling.sparse_disk import change_sparse_disk

from farpoint.units import GIB, MIB, TIB

_SIZES: Final = {"8 GiB": 8 * GIB, "256 GiB": 256 * GIB, "6 TiB": 6 * TIB}
_POINTS: Final = (1, 10, 100, 1000)
#: Goals for the capture of an unchanged disk with a tracker.
_SECONDS_MAX, _WRITTEN_MAX = 2.0, MIB
UNCHANGED: Final = "unchanged, tracker"


@frozen(kw_only=True)
class Row:
    """One step at one size or number of points."""

    at: str
    #: The size in GiB, or the number of points.
    x: int
    step: str
    cost: Cost


def main() -> None:
    """Measure, print, write."""
    points_max = int([*sys.argv[1:], "100"][0])
    folder = Path(os.environ.get("FARPOINT_BENCH", "build/bench")).resolve() / "scaling"
    by_size = [row for at, size_bytes in _SIZES.items() for row in _grown_disk(folder, at, size_bytes)]
    print("\n".join(_table("disk", by_size)), "\n")
    by_points = list(_many_points(folder, points_max))
    print("\n".join(_table("points before", by_points)), "\n")
    unchanged = [row.cost for row in by_size if row.step == UNCHANGED]
    slowest, most = max(one.seconds for one in unchanged), max(one.written_bytes for one in unchanged)
    verdict = "reached" if slowest <= _SECONDS_MAX and most <= _WRITTEN_MAX else "**missed**"
    print(f"unchanged disk with a tracker, any size: {slowest:.2f} s of 2, {most} bytes of {_WRITTEN_MAX} written: {verdict}")
    today = dt.datetime.now(dt.UTC).date().isoformat()
    result = {"date": today, "sizes": [attrs.asdict(row) for row in by_size], "points": [attrs.asdict(row) for row in by_points]}
    Path(f"bench/results/{today}-scaling.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _grown_disk(folder: Path, at: str, size_bytes: int) -> Iterator[Row]:
    def row(step: str, cost: Cost) -> Row:
        return Row(at=at, x=size_bytes // GIB, step=step, cost=cost)

    with _journey(folder, size_bytes) as journey:
        yield row("first", journey.capture(None))
        yield row("plan of a first copy", journey.plan())
        yield row("first copy", journey.copy())
        yield row("unchanged, no tracker", journey.capture(None))
        yield row(UNCHANGED, journey.capture(()))
        yield row("plan of an unchanged copy", journey.plan())
        yield row("increment, tracker", journey.capture(change_sparse_disk(journey.disk, 1)))
        yield row("plan of its copy", journey.plan())
        yield row("copy of the increment", journey.copy())
        yield row("restore", journey.restore())


def _many_points(folder: Path, points_max: int) -> Iterator[Row]:
    with _journey(folder, 8 * GIB) as journey:
        journey.capture(None)
        journey.copy()
        for number in range(1, points_max + 1):
            increment = journey.capture(change_sparse_disk(journey.disk, number))
            copy = journey.copy()
            if number in _POINTS:
                yield Row(at=str(number), x=number, step="increment, tracker", cost=increment)
                yield Row(at=str(number), x=number, step="copy of the increment", cost=copy)
                yield Row(at=str(number), x=number, step="restore", cost=journey.restore())


@contextmanager
def _journey(folder: Path, size_bytes: int) -> Iterator[Journey]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield Journey(folder, size_bytes)
    shutil.rmtree(folder)


def _table(what: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"| step | {what} | seconds | disk KiB | map nodes | bucket reads | read KiB | objects written | written KiB |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for step in dict.fromkeys(row.step for row in rows):
        for row in rows:
            if row.step == step:
                cost = row.cost
                nodes = "" if cost.nodes is None else cost.nodes
                reads = f"{cost.bucket_reads} | {cost.bucket_read_bytes / 1024:.0f}"
                writes = f"{cost.objects_written} | {cost.written_bytes / 1024:.0f}"
                yield f"| {step} | {row.at} | {cost.seconds:.3f} | {cost.disk_bytes / 1024:.0f} | {nodes} | {reads} | {writes} |"


if __name__ == "__main__":
    main()
