"""Keep regions running: start those that should run, stop those that should not, start again those that died.

``dev stop`` and ``dev start`` speak to it through files (DIR/REGION.stop), so they need no connection to it.
"""

import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.region_log import last_words
from farpoint.cli.dev.region_process import RegionProcess
from farpoint.cli.failures import CommandError
from farpoint.clock import Clock

_LOOK_SECONDS = 0.05
#: Starts of one region are at least this far apart; also the longest a dead one stays down.
_RESTART_SECONDS = 0.8
#: With less room than this a log may lack what it should say.
_ROOM_BYTES = 64 << 10
#: What a stop file says for an end without mercy.
KILL = "kill"


class Supervisor:
    """The regions of one dev folder. One thread only: children are started with code between fork and exec."""

    def __init__(self, folder: DevFolder, names: Sequence[str], *, clock: Clock, say: Callable[[str], None]) -> None:
        """Take the regions to run; *say* takes a sentence about each event."""
        self._folder = folder
        self._clock = clock
        self._say = say
        self._regions = [RegionProcess(name, folder, clock=clock) for name in names]
        self._ending = threading.Event()

    def start_until(self, ready: Callable[[], bool], *, timeout_seconds: float) -> bool:
        """Start all regions; return True once *ready*, False when asked to end. A region that ends by itself is an error."""
        for region in self._regions:
            region.start()
        deadline = self._clock.monotonic() + timeout_seconds
        while not self._ending.is_set():
            for region in self._regions:
                self._look(region, starting=True)
            if ready():
                return True
            if self._clock.monotonic() > deadline:
                logs = ", ".join(str(self._folder.log(region.name)) for region in self._regions)
                raise CommandError(f"not all regions answer after {timeout_seconds:.0f} s; see {logs}")
            self._clock.sleep(_LOOK_SECONDS, wake=self._ending)
        return False

    def run(self) -> None:
        """Keep the regions as they should be until asked to end."""
        while not self._ending.is_set():
            for region in self._regions:
                self._look(region, starting=False)
            self._clock.sleep(_LOOK_SECONDS, wake=self._ending)

    def stop_all(self) -> None:
        """Stop all regions, all at once."""
        for region in self._regions:
            region.ask_to_stop()
        for region in self._regions:
            region.finish_stop()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let SIGTERM, SIGINT and SIGHUP ask for the end."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, self._end) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending.set()

    def _look(self, region: RegionProcess, *, starting: bool) -> None:
        """Bring one region to where it should be."""
        status = region.death()
        if status is not None:
            why = self._why(region, status)
            if starting and status > 0:
                raise CommandError(f"{region.name} does not start ({why}); see {self._folder.log(region.name)}")
            self._say(f"{region.name} died ({why})")
        stop = self._folder.stop(region.name)
        if stop.exists():
            self._stop(region, kill=stop.read_text(encoding="utf-8").strip() == KILL)
        elif not region.runs and self._clock.monotonic() - region.started_at >= _RESTART_SECONDS:
            region.start()
            self._say(f"{region.name} started again")

    def _stop(self, region: RegionProcess, *, kill: bool) -> None:
        if not region.runs and not self._folder.pid(region.name).exists():
            return
        region.ask_to_stop(signal.SIGKILL if kill else signal.SIGTERM)
        region.finish_stop()
        self._say(f"{region.name} stopped{' (killed)' if kill else ''}")

    def _why(self, region: RegionProcess, status: int) -> str:
        """Say how a process ended; one that a signal ended had no last words, and one without room could not write them."""
        if status < 0:
            return f"signal {-status}"
        log = self._folder.log(region.name)
        words = last_words(log, since_bytes=region.log_start_bytes)
        if not words and shutil.disk_usage(log.parent).free < _ROOM_BYTES:
            words = f"the file system of {log.parent} is full"
        return f"exit status {status}{': ' if words else ''}{words}"
