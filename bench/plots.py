"""Draw the newest results: docs/pictures/*.svg, for README and docs/performance.md.

usage: python -m bench.plots

Needs matplotlib, which only the benchmarks have (requirements-bench.lock).
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_RESULTS: Final = Path("bench/results")
_PICTURES: Final = Path("docs/pictures")
_COLOURS: Final = {"zstd": "#b0b0b0", "borg": "#7da7d9", "restic": "#e0a458", "farpoint": "#2a6f4e"}
#: Phases in the README's picture, those that more than one tool has.
_PHASES: Final = ("first", "increment", "unchanged", "copy of the first", "copy of the increment", "restore")
_DATE: Final = "????-??-??"


class _Row(TypedDict):
    """One step of bench.scaling, as its results have it."""

    step: str
    x: int
    cost: Mapping[str, float]


def main() -> None:
    """Draw whatever there are results for."""
    # The same results give the same files.
    mpl.rcParams["svg.hashsalt"] = "farpoint"
    _PICTURES.mkdir(exist_ok=True)
    for pattern, draw in ((f"{_DATE}.json", _draw_tools), (f"{_DATE}-scaling.json", _draw_scaling)):
        newest = max(_RESULTS.glob(pattern), default=None)
        if newest is not None:
            draw(json.loads(newest.read_text(encoding="utf-8")))


def _draw_tools(result: Mapping[str, object]) -> None:
    """Draw the seconds of each phase, a bar for each tool."""
    samples = result["samples"]
    disk = result["disk"]
    assert isinstance(samples, dict)
    assert isinstance(disk, dict)
    seconds = {name: statistics.median(one["seconds"] for one in found) for name, found in samples.items()}
    rows = [(phase, [tool for tool in _COLOURS if f"{tool}: {phase}" in seconds]) for phase in _PHASES]
    figure = Figure(figsize=(8, 0.28 * sum(len(tools) + 1 for _, tools in rows) + 0.8), layout="constrained")
    axes = figure.subplots()
    place, ticks = 0.0, []
    for phase, tools in rows:
        ticks.append((place + (len(tools) - 1) / 2, phase))
        for tool in tools:
            value = seconds[f"{tool}: {phase}"]
            axes.barh(place, value, height=0.9, color=_COLOURS[tool])
            axes.annotate(f" {tool} {value:.1f} s", (value, place), va="center", fontsize=8)
            place += 1
        place += 1
    axes.set_yticks([at for at, _ in ticks], [phase for _, phase in ticks])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(f"seconds, shorter is better: disk of {disk['size'] >> 20} MiB with {disk['data'] >> 20} MiB of data, {result['date']}")
    _save(figure, "tools")


def _draw_scaling(result: Mapping[str, object]) -> None:
    """Draw bucket requests and bytes written, against the disk's size and against the number of points."""
    for key, name, label in (("sizes", "disk-size", "disk size, GiB"), ("points", "points", "restore points before")):
        rows = cast("Sequence[_Row]", result[key])
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        reads, written = figure.subplots(1, 2)
        _draw_steps(reads, rows, "bucket_reads", scale=1)
        _draw_steps(written, rows, "written_bytes", scale=1 << 10)
        reads.set_ylabel("reads of the bucket")
        written.set_ylabel("KiB written to buckets")
        for axes in (reads, written):
            axes.set_xlabel(label)
        figure.legend(*reads.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
        _save(figure, name)


def _draw_steps(axes: Axes, rows: Sequence[_Row], figure_of_cost: str, *, scale: int) -> None:
    axes.set_xscale("log")
    # Zero is what many of them are.
    axes.set_yscale("symlog", linthresh=1)
    for step in dict.fromkeys(row["step"] for row in rows):
        of_step = [row for row in rows if row["step"] == step]
        costs = [row["cost"][figure_of_cost] / scale for row in of_step]
        axes.plot([row["x"] for row in of_step], costs, marker="o", markersize=3, label=step)
    axes.set_ylim(bottom=0)


def _save(figure: Figure, name: str) -> None:
    figure.savefig(_PICTURES / f"{name}.svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
