"""A restore target whose writes are effects, and which loses what was not synced when the run dies: a power cut as well as a kill."""

from collections.abc import Callable
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.open_target import open_target
from farpoint.disks.restoring_file import restoring_path
from farpoint.disks.target import RestoreTarget, TargetRequest, TargetState
from farpoint.testing.effects import Effects

#: What unsynced ranges hold after a death: neither zeros nor what was written.
_JUNK = b"\xee"

OpenTarget = Callable[..., RestoreTarget]


def watched_open_target(effects: Effects) -> OpenTarget:
    """Return an open_target whose targets are watched; PUBLISHED ones are not, there is nothing to write."""

    def open_it(request: TargetRequest, *, clock: Clock, wait: Callable[[], None] | None) -> RestoreTarget:
        target = open_target(request, clock=clock, wait=wait)
        return target if target.state is TargetState.PUBLISHED else WatchedTarget(target, request.path, effects)

    return open_it


class WatchedTarget:
    """Satisfies farpoint.disks.target.RestoreTarget over another one."""

    def __init__(self, inner: RestoreTarget, path: Path, effects: Effects) -> None:
        """Pass everything on to *inner*, which writes beside *path*."""
        self._inner = inner
        self._path = path
        self._effects = effects
        self._unsynced: list[tuple[int, int]] = []

    @property
    def state(self) -> TargetState:
        """What was found when it was opened."""
        return self._inner.state

    @property
    def synced_bytes(self) -> int:
        """Where to go on writing."""
        return self._inner.synced_bytes

    @property
    def identity(self) -> str:
        """Names what is being written."""
        return self._inner.identity

    def look_for_data(self, on_looked: Callable[[int], None]) -> None:
        """Look."""
        self._inner.look_for_data(on_looked)

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Read back."""
        self._inner.read_into(offset_bytes, buffer)

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        """Write; not safe before the next sync."""
        with self._effects.effect("write"):
            self._unsynced.append((offset_bytes, len(buffer)))
            self._inner.write_at(offset_bytes, buffer)

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        """Write zeros; not safe before the next sync."""
        with self._effects.effect("write zeros"):
            self._unsynced.append((offset_bytes, length_bytes))
            self._inner.write_zeros(offset_bytes, length_bytes)

    def sync(self) -> None:
        """Make safe what was written."""
        with self._effects.effect("sync"):
            self._inner.sync()
            self._unsynced.clear()

    def publish(self) -> Path:
        """Sync and give the disk its name."""
        with self._effects.effect("publish disk"):
            path = self._inner.publish()
            self._unsynced.clear()
        return path

    def abandon(self) -> None:
        """Give the work up."""
        if not self._effects.dead:
            self._inner.abandon()
        else:
            self.close()

    def close(self) -> None:
        """Close; the dead lose what was not synced."""
        self._inner.close()
        if self._effects.dead:
            self._lose_unsynced()

    def _lose_unsynced(self) -> None:
        with restoring_path(self._path).open("r+b") as file:
            for offset, length in self._unsynced:
                file.seek(offset)
                file.write(_JUNK * length)
