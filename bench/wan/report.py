"""The tables of a run over the WAN, as docs/performance.md has them."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from bench.goals import RATE_GOALS
from bench.phases import Sample
from bench.wan.iperf import Carried

_MIB = 1 << 20


@frozen(kw_only=True)
class Copy:
    """One copy of one tool over one link."""

    link: str
    point: str
    tool: str
    sample: Sample
    #: Bits of the store per second, between the first percent and the last on the link.
    sustained_megabits: float

    @property
    def megabits(self) -> float:
        """Bits of the store per second of the whole command."""
        return self.sample.stored_bytes * 8 / self.sample.seconds / 1e6


def wan_tables(copies: Sequence[Copy], yardsticks: Mapping[str, Sequence[Carried]]) -> Iterator[str]:
    """Yield the lines of the tables: what each copy cost, and what was reached."""
    yield "| link | copy | tool | seconds | Mbit/s, whole command | Mbit/s, while it flows | CPU s | stored MiB |"
    yield "|---|---|---|---|---|---|---|---|"
    for link, found in yardsticks.items():
        for one in found:
            name = f"iperf3, {one.congestion_control}, {one.streams} streams"
            yield f"| {link} | | {name} | | | {one.megabits:.0f} | | |"
        yield from (_row(one) for one in copies if one.link == link)
    yield ""
    yield "| goal, while it flows | Mbit/s | at least | |"
    yield "|---|---|---|---|"
    for goal in RATE_GOALS:
        for copy in copies:
            if copy.tool == "farpoint" and copy.link == goal.link and copy.point == goal.point:
                at_least = goal.threshold(max(one.megabits for one in yardsticks[goal.link]))
                verdict = "reached" if copy.sustained_megabits >= at_least else "**missed**"
                yield f"| WAN copy of the {goal.point}, {goal.link} | {copy.sustained_megabits:.0f} | {at_least:.0f} | {verdict} |"


def _row(copy: Copy) -> str:
    sample = copy.sample
    rates = f"{copy.megabits:.0f} | {copy.sustained_megabits:.0f}"
    stored = sample.stored_bytes / _MIB
    return f"| {copy.link} | {copy.point} | {copy.tool} | {sample.seconds:.1f} | {rates} | {sample.cpu_seconds:.1f} | {stored:.0f} |"
