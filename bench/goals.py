"""What Farpoint is measured against: ratios to a peer in the same run, rates on a link beside iperf3, and whether they are reached."""

from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen
from bench.phases import Sample

#: Medians by tool and phase.
Medians = Mapping[tuple[str, str], Sample]
_OURS: Final = "farpoint"


@frozen(kw_only=True)
class Goal:
    """A ratio that is to be at most so much."""

    what: str
    phase: str
    peer: str
    at_most: float
    #: Which figure of the two is compared.
    figure: Callable[[Sample], float] = lambda sample: sample.seconds

    def ratio(self, medians: Medians) -> float | None:
        """Return what was reached; None when the peer was not in the run."""
        ours, theirs = medians.get((_OURS, self.phase)), medians.get((self.peer, self.phase))
        if ours is None or theirs is None:
            return None
        return self.figure(ours) / self.figure(theirs)


GOALS: Final = (
    Goal(what="first capture", phase="first", peer="zstd", at_most=1.0),
    Goal(what="increment, no tracker", phase="increment", peer="borg", at_most=0.2),
    Goal(what="bytes the increment stores", phase="increment", peer="borg", at_most=0.5, figure=lambda sample: float(sample.stored_bytes)),
    Goal(what="copy of the first", phase="copy of the first", peer="restic", at_most=0.25),
    Goal(what="copy of the increment", phase="copy of the increment", peer="restic", at_most=0.25),
    Goal(what="restore", phase="restore", peer="zstd", at_most=1.3),
)


@frozen(kw_only=True)
class RateGoal:
    """A rate over the emulated WAN that is to be at least so much."""

    link: str
    point: str
    at_least_megabits: float
    #: Where the machine does not carry the rate: this share of what iperf3 gets on the same link.
    share_of_iperf: float = 0.85

    def threshold(self, iperf_megabits: float) -> float:
        """Return the rate that reaches the goal, given iperf3's best."""
        return self.at_least_megabits if iperf_megabits >= self.at_least_megabits else self.share_of_iperf * iperf_megabits


RATE_GOALS: Final = tuple(
    RateGoal(link=link, point=point, at_least_megabits=rate)
    for link, rate in (("no loss", 900), ("0.1 % loss", 700))
    for point in ("first", "increment")
)
