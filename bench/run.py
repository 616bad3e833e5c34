"""Measure Farpoint beside what a user would pick instead, on the same disk, in alternation, fsync included, page cache warm.

usage: python -m bench.run [GIB [ROUNDS [TOOL…]]]      defaults: 8 3 zstd restic borg farpoint

The disk is an ext4 image of real files of this machine, and a churned second version of it (dataset.py), in $FARPOINT_BENCH or
build/bench. Prints tables of medians and ratios, and writes bench/results/<date>.json. Machines are noisy: only the ratios of one run
mean anything.
"""

import datetime as dt
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from bench.dataset import Images, make_dataset
from bench.farpoint import farpoint
from bench.peers import Story, borg, restic, zstd
from bench.phases import Commands, Sample, measure
from bench.report import tables

_STORIES: Final[Mapping[str, Story]] = {"zstd": zstd, "restic": restic, "borg": borg, "farpoint": farpoint}
_VERSIONS: Final = {"zstd": "zstd --version", "restic": "restic version", "borg": "borg --version"}
#: Trees of which the largest that leaves a quarter of the disk free fills it.
_TREES: Final = ("/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/share", "/usr/bin")
_FULL: Final = 0.75

Samples = dict[tuple[str, str], list[Sample]]


def main() -> None:
    """Run all rounds and report."""
    gib, rounds = (int(text) for text in [*sys.argv[1:3], *("8", "3")[len(sys.argv[1:3]) :]])
    tools = sys.argv[3:] or list(_STORIES)
    work = Path(os.environ.get("FARPOINT_BENCH", "build/bench")).resolve()
    images = make_dataset(work / f"disk-{gib}", tree=_tree_for(gib), gib=gib)
    samples: Samples = defaultdict(list)
    for number in range(rounds):
        for tool in tools:
            print(f"round {number + 1} of {rounds}: {tool}", file=sys.stderr, flush=True)
            _tell(tool, images, work / "round", samples)
    medians = {key: _median(found) for key, found in samples.items()}
    sizes = f"disk of {images.facts['size'] >> 20} MiB with {images.facts['data'] >> 20} MiB of data"
    print(f"{_machine(tools)}; {sizes}; medians of {rounds}\n")
    print("\n".join(tables(medians, tools)))
    _write(images, samples, tools)


def _tell(tool: str, images: Images, folder: Path, samples: Samples) -> None:
    """Run one tool's story in an empty folder, and measure its phases."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    commands = Commands()
    for phase in _STORIES[tool](images, folder, commands):
        samples[tool, phase.name].append(measure(phase, commands, folder))
    shutil.rmtree(folder)


def _median(found: Sequence[Sample]) -> Sample:
    columns = zip(*(attrs.astuple(one) for one in found), strict=True)
    return Sample(**{name: statistics.median(column) for name, column in zip(attrs.asdict(found[0]), columns, strict=True)})


def _tree_for(gib: int) -> str:
    for tree in _TREES:
        size = int(subprocess.run(["du", "-sB1", tree], check=False, capture_output=True, text=True).stdout.split()[0])
        if size < _FULL * (gib << 30):
            return tree
    message = f"no folder of {', '.join(_TREES)} fits a disk of {gib} GiB"
    raise SystemExit(message)


def _machine(tools: Sequence[str]) -> str:
    versions = [_first_line(command) for tool, command in _VERSIONS.items() if tool in tools]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}"


def _first_line(command: str) -> str:
    return subprocess.run(command.split(), check=True, capture_output=True, text=True).stdout.strip().splitlines()[0].strip("* ")


def _write(images: Images, samples: Samples, tools: Sequence[str]) -> None:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    phases = {f"{tool}: {phase}": [attrs.asdict(one) for one in found] for (tool, phase), found in samples.items()}
    result = {"date": today, "machine": _machine(tools), "disk": images.facts, "samples": phases}
    Path(f"bench/results/{today}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
