"""``--wait`` asks seldom while much is left and often near the end: every answer costs a region time that its movers need."""

from collections.abc import Iterator

import pytest

from farpoint.cli.failures import CommandError
from farpoint.cli.progress import ProgressView
from farpoint.cli.waiting import Patience, wait_for
from farpoint.cli.work import DiskWork, End, Work
from farpoint.testing.ambient import FakeClock

#: Not a whole number of seconds after the polls of one second: a late look would be seen.
TOTAL = 59_650


class Region:
    """Does a thousand bytes of each disk a second, by a fake clock, and ends when all are done."""

    def __init__(self, *totals: int | None) -> None:
        self.clock = FakeClock()
        self.totals = totals
        self.asked_at: list[float] = []

    def look(self) -> Work:
        now = self.clock.monotonic()
        self.asked_at.append(now)
        disks = tuple(
            DiskWork(name=str(number), total_bytes=total, done_bytes=self._done(total)) for number, total in enumerate(self.totals)
        )
        ended = all(disk.done_bytes == disk.total_bytes for disk in disks)
        return Work(end=End.SUCCEEDED if ended else End.RUNNING, disks=disks)

    def pauses(self) -> Iterator[float]:
        return (after - before for before, after in zip(self.asked_at, self.asked_at[1:], strict=False))

    def _done(self, total: int | None) -> int:
        moved = int(self.clock.monotonic() * 1000)
        return moved if total is None else min(total, moved)


class Unseen(ProgressView):
    def show(self, work: Work) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing is open."""


def wait(region: Region, *, timeout: float | None = None) -> None:
    wait_for(region.look, title="rp1", view=Unseen(), patience=Patience(clock=region.clock, timeout_seconds=timeout))


def test_a_long_wait_asks_about_once_a_second_and_sees_the_end_at_once() -> None:
    region = Region(TOTAL)
    wait(region)
    assert len(region.asked_at) < 60 + 20
    assert max(region.pauses()) == pytest.approx(1.0)
    assert region.asked_at[-1] - TOTAL / 1000 < 0.3


def test_the_disk_that_needs_longest_counts() -> None:
    region = Region(1000, TOTAL, 2000)
    wait(region)
    assert len(region.asked_at) < 60 + 20
    assert region.asked_at[-1] - TOTAL / 1000 < 0.3


def test_a_region_that_does_not_say_how_much_is_left_is_asked_often() -> None:
    region = Region(None)
    with pytest.raises(CommandError, match="has not ended within --timeout"):
        wait(region, timeout=3)
    assert max(region.pauses()) < 0.2
