"""The tables of a run, as docs/performance.md has them."""

from collections.abc import Iterator, Sequence

from bench.goals import GOALS, Medians
from bench.phases import Sample

_MIB = 1 << 20


def tables(medians: Medians, tools: Sequence[str]) -> Iterator[str]:
    """Yield the lines of both tables: what each phase cost each tool, and what was reached."""
    yield "| phase | tool | seconds | CPU s | peak MiB | written MiB | stored MiB |"
    yield "|---|---|---|---|---|---|---|"
    for phase in dict.fromkeys(phase for _, phase in medians):
        for tool in tools:
            sample = medians.get((tool, phase))
            if sample is not None:
                yield _row(phase, tool, sample)
    yield ""
    yield "| goal | reached | at most | |"
    yield "|---|---|---|---|"
    for goal in GOALS:
        ratio = goal.ratio(medians)
        if ratio is not None:
            verdict = "reached" if ratio <= goal.at_most else "**missed**"
            yield f"| {goal.what} / {goal.peer} | {ratio:.2f} | {goal.at_most:.2f} | {verdict} |"


def _row(phase: str, tool: str, sample: Sample) -> str:
    sizes = (sample.peak_bytes, sample.written_bytes, sample.stored_bytes)
    return f"| {phase} | {tool} | {sample.seconds:.2f} | {sample.cpu_seconds:.2f} | {' | '.join(f'{size / _MIB:.0f}' for size in sizes)} |"
