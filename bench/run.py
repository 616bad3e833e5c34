"""Measure capture and restore beside `zstd -1 -T2` on the same disk, in alternation, fsync included, page cache warm.

usage: run.py [GIB [ROUNDS]]          defaults: 8 3 (the disk is filled from /usr/lib); the folder is $FARPOINT_BENCH or build/bench

Prints medians and ratios, and writes bench/results/<date>.json. Machines are noisy: only the ratios of one run mean anything. The full
table of phases and peers belongs to the speed work; this is what keeps the data plane honest until then.
"""

import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dataset import make_dataset
from engine import Engine

Times = dict[str, list[float]]
Result = TypeVar("Result")


def main() -> None:
    """Run all rounds and report."""
    gib, rounds = (int(text) for text in [*sys.argv[1:], *("8", "3")[len(sys.argv) - 1 :]])
    work = Path(os.environ.get("FARPOINT_BENCH", "build/bench")).resolve()
    facts = make_dataset(work / f"data-{gib}", gib=gib)
    times: Times = {}
    stored: dict[str, int] = {}
    for _ in range(rounds):
        _round(work, work / f"data-{gib}", times, stored)
    _report(facts, times, stored)


def _round(work: Path, data: Path, times: Times, stored: dict[str, int]) -> None:
    first, second = data / "v1.raw", data / "v2.raw"
    packed, unpacked = work / "peer.zst", work / "peer.raw"
    _clean(packed, unpacked)
    _timed(times, "first: zstd -1 -T2", first, lambda: _run("zstd", "-q", "-1", "-T2", first, "-o", packed, then_sync=packed))
    stored["first: zstd -1 -T2"] = packed.stat().st_size
    engine = Engine(work / "engine", lanes=(os.cpu_count() or 1) + 2)
    made = _timed(times, "first: farpoint", first, lambda: engine.capture(first))
    stored["first: farpoint"] = made.stored_bytes
    again = _timed(times, "unchanged: farpoint", first, lambda: engine.capture(first, made.state))
    stored["unchanged: farpoint"] = again.stored_bytes
    churned = _timed(times, "increment: farpoint", second, lambda: engine.capture(second, made.state))
    stored["increment: farpoint"] = churned.stored_bytes
    _timed(times, "restore: zstd -d", packed, lambda: _run("zstd", "-q", "-d", "--sparse", packed, "-o", unpacked, then_sync=unpacked))
    restored = work / "restored.raw"
    _clean(restored)
    _timed(times, "restore: farpoint", packed, lambda: engine.restore(churned.state, restored))
    subprocess.run(["cmp", str(second), str(restored)], check=True)
    engine.close()
    _clean(packed, unpacked, restored)
    shutil.rmtree(work / "engine")


def _timed(times: Times, name: str, warm: Path, work: Callable[[], Result]) -> Result:
    """Do *work* with *warm* in the page cache and note the wall time."""
    with warm.open("rb", buffering=0) as image:
        while image.read(1 << 24):
            pass
    start = time.perf_counter()
    result = work()
    times.setdefault(name, []).append(time.perf_counter() - start)
    return result


def _report(facts: dict[str, int], times: Times, stored: dict[str, int]) -> None:
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    print(f"disk: {facts['size'] >> 20} MiB, {facts['data'] >> 20} MiB of data; {os.cpu_count()} cores")
    for name, median in medians.items():
        size = f"{stored[name] / (1 << 20):10.1f} MiB stored" if name in stored else ""
        print(f"{name:22} {median:8.2f} s  {size}")
    ratios = {
        "first capture / zstd -1 -T2": medians["first: farpoint"] / medians["first: zstd -1 -T2"],
        "restore / zstd -d": medians["restore: farpoint"] / medians["restore: zstd -d"],
    }
    for name, ratio in ratios.items():
        print(f"{name:30} {ratio:5.2f}")
    today = dt.datetime.now(dt.UTC).date().isoformat()
    result = {"date": today, "disk": facts, "seconds": times, "stored_bytes": stored, "ratios": ratios}
    Path(f"bench/results/{today}.json").write_text(json.dumps(result, indent=1) + "\n")


def _run(*command: str | Path, then_sync: Path) -> None:
    subprocess.run(list(map(str, command)), check=True)
    subprocess.run(["sync", "-f", str(then_sync)], check=True)


def _clean(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
