"""Rate and time left of each disk, from the byte counts a region reports."""

from collections import deque

from attrs import frozen

from farpoint.cli.work import DiskWork
from farpoint.units import human_bytes

#: How far back a rate looks, and how many samples it keeps.
_WINDOW_SECONDS = 5.0
_SAMPLES_MAX = 64
_MINUTE = 60
_HOUR = 3600


@frozen(kw_only=True)
class Pace:
    """How fast a disk moves."""

    bytes_per_second: float = 0.0
    #: None when nothing tells.
    seconds_left: float | None = None


class Rates:
    """The pace of every disk of one operation."""

    def __init__(self) -> None:
        """Begin with no samples."""
        self._samples: dict[str, deque[tuple[float, int]]] = {}

    def add(self, disk: DiskWork, at: float) -> Pace:
        """Note how far *disk* is at the moment *at*; return its pace."""
        if disk.done_bytes == disk.total_bytes and self._was_done(disk):
            # What is left, checking and publishing, moves none: a falling rate would say nothing.
            return Pace()
        samples = self._samples.setdefault(disk.name, deque(maxlen=_SAMPLES_MAX))
        if not samples or samples[-1][1] != disk.done_bytes or at - samples[-1][0] > 1.0:
            samples.append((at, disk.done_bytes))
        while len(samples) > 1 and at - samples[0][0] > _WINDOW_SECONDS:
            samples.popleft()
        first_at, first_bytes = samples[0]
        moved = disk.done_bytes - first_bytes
        rate = moved / (at - first_at) if at > first_at and moved > 0 else 0.0
        if rate == 0.0 or disk.total_bytes is None:
            return Pace(bytes_per_second=rate)
        return Pace(bytes_per_second=rate, seconds_left=max(0, disk.total_bytes - disk.done_bytes) / rate)

    def _was_done(self, disk: DiskWork) -> bool:
        samples = self._samples.get(disk.name)
        return samples is not None and samples[-1][1] == disk.done_bytes


def shown_rate(bytes_per_second: float) -> str:
    """Write a rate, empty when nothing moves."""
    return f"{human_bytes(bytes_per_second)}/s" if bytes_per_second > 0 else ""


def shown_seconds(seconds: float | None) -> str:
    """Write a time left: ``12 s``, ``3:05``, ``1:02:03``; empty when unknown."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole % _HOUR, _MINUTE)
    return f"{whole // _HOUR}:{minutes:02}:{rest:02}" if whole >= _HOUR else f"{minutes}:{rest:02}"
