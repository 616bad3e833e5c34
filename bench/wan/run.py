"""Measure copies over an emulated WAN of 1 Gbit/s and 150 ms, with and without loss, beside iperf3 on the same link.

usage: python -m bench.wan.run [MIB [STREAMS [TOOL…]]]      defaults: 2048 8, all tools

A disk of MIB random MiB, of which a quarter changes before the second copy: at the default 2.5 GiB travel for each tool and
link. Works in $FARPOINT_BENCH or build/bench; prints the tables, and writes bench/results/<date>-wan.json. Needs root, iproute2 and
/dev/net/tun; where they are missing it says so and measures nothing.
"""

import datetime as dt
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from bench.phases import Commands, measure
from bench.wan.data import make_disk
from bench.wan.iperf import Carried, carried
from bench.wan.link import Profile
from bench.wan.meter import metered, sustained_share_per_second
from bench.wan.network import Wan, emulated_wan, missing_for_wan
from bench.wan.report import Copy, wan_tables
from bench.wan.tools import Copies, Setting, copies_by

#: The links, by name.
_LINKS: Final[Mapping[str, Profile]] = {"no loss": Profile(), "0.1 % loss": Profile(loss=0.001)}
_BITS: Final = 8


def main() -> None:
    """Run every tool on every link once and report."""
    missing = missing_for_wan()
    if missing:
        print(f"no emulated WAN here: it {missing}")
        return
    mib, streams = (int(text) for text in [*sys.argv[1:3], *("2048", "8")[len(sys.argv[1:3]) :]])
    folder = Path(os.environ.get("FARPOINT_BENCH", "build/bench")).resolve() / "wan"
    yardsticks: dict[str, list[Carried]] = {}
    copies: list[Copy] = []
    for link, profile in _LINKS.items():
        with emulated_wan(profile) as wan:
            yardsticks[link] = [carried(wan, streams=count) for count in (1, streams)]
            for tool, story in copies_by(tuple(sys.argv[3:]), streams=streams).items():
                print(f"{link}: {tool}", file=sys.stderr, flush=True)
                copies += _tell(tool, story, link=link, wan=wan, folder=folder, mib=mib)
    print(f"WAN: 1 Gbit/s, 150 ms round trip, a disk of {mib} random MiB, Farpoint with {streams} streams; one run\n")
    print("\n".join(wan_tables(copies, yardsticks)))
    _write(copies, yardsticks, mib=mib, streams=streams)


def _tell(tool: str, story: Copies, *, link: str, wan: Wan, folder: Path, mib: int) -> Iterator[Copy]:
    """Run one tool's copies in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "store").mkdir(parents=True)
    disk, commands = folder / "disk.raw", Commands()
    make_disk(disk, mib)
    for phase in story(Setting(wan=wan, disk=disk, folder=folder / "store", commands=commands)):
        with metered(wan) as meter:
            sample = measure(phase, commands, folder)
        bits = sample.stored_bytes * _BITS
        sustained = bits * sustained_share_per_second(meter.course) / 1e6
        yield Copy(link=link, point=phase.name, tool=tool, sample=sample, sustained_megabits=sustained)
    shutil.rmtree(folder)


def _write(copies: Sequence[Copy], yardsticks: Mapping[str, Sequence[Carried]], *, mib: int, streams: int) -> None:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    result = {
        "date": today,
        "disk_mib": mib,
        "streams": streams,
        "iperf3": {link: [attrs.asdict(one) for one in found] for link, found in yardsticks.items()},
        "copies": [attrs.asdict(one) for one in copies],
    }
    Path(f"bench/results/{today}-wan.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
