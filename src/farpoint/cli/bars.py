"""Progress as live bars on a terminal, one per disk."""

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from farpoint.cli.progress import amount
from farpoint.cli.rates import Rates, shown_rate, shown_seconds
from farpoint.cli.work import DiskWork, Work
from farpoint.clock import Clock


class BarProgress:
    """Bars with bytes, rate and time left, and a line for what the work waits for."""

    def __init__(self, title: str, *, out: TextIO, clock: Clock) -> None:
        """Open the live display; *title* stands before every disk."""
        self._title = title
        self._clock = clock
        self._rates = Rates()
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[amount]}", markup=False),
            TextColumn("{task.fields[rate]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False),
            console=Console(file=out),
            # We are asked for a new picture ten times a second as it is.
            auto_refresh=False,
        )
        self._status = self._progress.add_task(title, total=None, amount="", rate="", left="", visible=False)
        self._progress.start()

    def show(self, work: Work) -> None:
        """Move the bars."""
        now = self._clock.monotonic()
        for disk in work.disks:
            self._move(disk, now)
        status = f"{self._title}: waiting: {work.waiting}" if work.waiting else f"{self._title}: {work.step or 'starting'}"
        self._progress.update(self._status, description=status, visible=bool(work.waiting or work.last_step) or not work.disks)
        self._progress.refresh()

    def close(self) -> None:
        """Stop the live display; the bars stay as they are."""
        self._progress.update(self._status, visible=False)
        self._progress.stop()

    def _move(self, disk: DiskWork, now: float) -> None:
        if disk.name not in self._bars:
            self._bars[disk.name] = self._progress.add_task(f"{self._title} {disk.name}", total=None, amount="", rate="", left="")
        pace = self._rates.add(disk, now)
        total = None if disk.total_bytes is None else max(1, disk.total_bytes)
        done = 1 if disk.total_bytes == 0 else disk.done_bytes
        self._progress.update(
            self._bars[disk.name],
            total=total,
            completed=done,
            amount=amount(disk),
            rate=shown_rate(pace.bytes_per_second),
            left=shown_seconds(pace.seconds_left),
        )
