"""Progress for people: bars on a terminal, plain lines anywhere else. Always on stderr; stdout is for results."""

from typing import Protocol, TextIO

from farpoint.cli.rates import Rates, shown_rate, shown_seconds
from farpoint.cli.work import DiskWork, Work
from farpoint.clock import Clock
from farpoint.units import human_bytes

#: Plain lines of one disk are at least this far apart, so that a log stays readable.
_LINE_SECONDS = 2.0


class ProgressView(Protocol):
    """Where the snapshots of one operation are shown."""

    def show(self, work: Work) -> None:
        """Show the newest snapshot."""
        ...

    def close(self) -> None:
        """Leave the last state on the screen."""
        ...


class PlainProgress:
    """One line per disk when it has moved, and one whenever what the work waits for changes."""

    def __init__(self, title: str, *, out: TextIO, clock: Clock) -> None:
        """Begin every line with *title*."""
        self._title = title
        self._out = out
        self._clock = clock
        self._rates = Rates()
        self._shown: dict[str, tuple[float, DiskWork]] = {}
        self._waiting = ""
        self._step = ""

    def show(self, work: Work) -> None:
        """Print what has changed."""
        if work.waiting != self._waiting:
            self._waiting = work.waiting
            self._print(f"waiting: {work.waiting}" if work.waiting else "goes on")
        now = self._clock.monotonic()
        for disk in work.disks:
            pace = self._rates.add(disk, now)
            if self._is_due(disk, now):
                self._shown[disk.name] = (now, disk)
                parts = [amount(disk), shown_rate(pace.bytes_per_second), _left(shown_seconds(pace.seconds_left))]
                self._print(f"{disk.name}: {', '.join(filter(None, parts))}")
        if work.last_step != self._step:
            self._step = work.last_step
            if self._step:
                self._print(self._step)

    def close(self) -> None:
        """Nothing is open."""

    def _is_due(self, disk: DiskWork, now: float) -> bool:
        if disk.total_bytes is None:
            return False
        before = self._shown.get(disk.name)
        if before is None:
            return True
        at, shown = before
        complete = disk.done_bytes >= disk.total_bytes
        return shown != disk and (complete or now - at >= _LINE_SECONDS)

    def _print(self, sentence: str) -> None:
        print(f"{self._title}: {sentence}", file=self._out, flush=True)


def amount(disk: DiskWork) -> str:
    """Write how much of a disk is done: ``12.0 MiB of 64.0 MiB (18.8 %)``."""
    if disk.total_bytes is None:
        return human_bytes(disk.done_bytes)
    percent = 100.0 if disk.total_bytes == 0 else 100.0 * disk.done_bytes / disk.total_bytes
    return f"{human_bytes(disk.done_bytes)} of {human_bytes(disk.total_bytes)} ({min(percent, 100.0):.1f} %)"


def _left(seconds: str) -> str:
    return f"{seconds} left" if seconds else ""
