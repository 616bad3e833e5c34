"""What each step of the demo took and moved, for the closing table."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, frozen

from farpoint.cli.console import Grid
from farpoint.cli.work import Work
from farpoint.clock import Clock
from farpoint.units import human_bytes

_TITLES = ("STEP", "LOGICAL", "STORED", "ON WIRE", "SECONDS", "RATE")


@frozen(kw_only=True)
class Step:
    """One finished step."""

    name: str
    logical_bytes: int
    #: None where nothing is stored, or nothing crosses the network.
    stored_bytes: int | None
    wire_bytes: int | None
    seconds: float


@define
class Moved:
    """Filled in by the step that is being measured."""

    logical_bytes: int = 0
    stored_bytes: int | None = None
    wire_bytes: int | None = None

    def stored(self, work: Work) -> None:
        """Take what a capture stored."""
        self.stored_bytes = work.stored_bytes

    def copied(self, work: Work) -> None:
        """Take what a copy stored and what crossed the network."""
        self.stored_bytes = work.stored_bytes
        self.wire_bytes = work.wire_bytes


class Ledger:
    """The steps so far."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._steps: list[Step] = []

    @contextmanager
    def step(self, name: str, *, logical_bytes: int) -> Iterator[Moved]:
        """Measure one step; an interrupted one leaves no line."""
        moved = Moved(logical_bytes=logical_bytes)
        began = self._clock.monotonic()
        yield moved
        seconds = self._clock.monotonic() - began
        self._steps.append(
            Step(
                name=name,
                logical_bytes=moved.logical_bytes,
                stored_bytes=moved.stored_bytes,
                wire_bytes=moved.wire_bytes,
                seconds=seconds,
            )
        )

    def grid(self) -> Grid:
        """Return the closing table; the rate is logical bytes per second."""
        return Grid(titles=_TITLES, rows=[_row(step) for step in self._steps])


def _row(step: Step) -> tuple[str, ...]:
    rate = step.logical_bytes / step.seconds if step.seconds > 0 else 0.0
    return (
        step.name,
        human_bytes(step.logical_bytes),
        _shown(step.stored_bytes),
        _shown(step.wire_bytes),
        f"{step.seconds:.1f}",
        f"{human_bytes(rate)}/s",
    )


def _shown(count: int | None) -> str:
    return "-" if count is None else human_bytes(count)
