"""How long answers took, by kind of request."""

from attrs import define, field


@define
class Latencies:
    """Seconds of every answer."""

    seconds: dict[str, list[float]] = field(factory=dict)
    statuses: dict[int, int] = field(factory=dict)

    def note(self, kind: str, status: int, seconds: float) -> None:
        """Remember one answer."""
        self.seconds.setdefault(kind, []).append(seconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    @property
    def count(self) -> int:
        """How many answers there were."""
        return sum(len(kind) for kind in self.seconds.values())

    def table(self) -> list[str]:
        """Return a Markdown table: count, median and 99th percentile of each kind, in milliseconds."""
        lines = ["| request | answers | p50 ms | p99 ms |", "|---|---|---|---|"]
        for kind, seconds in sorted(self.seconds.items()):
            lines.append(f"| {kind} | {len(seconds)} | {_percentile(seconds, 50):.0f} | {_percentile(seconds, 99):.0f} |")
        return lines


def _percentile(seconds: list[float], percent: int) -> float:
    ranked = sorted(seconds)
    return 1000 * ranked[min(len(ranked) - 1, len(ranked) * percent // 100)]
