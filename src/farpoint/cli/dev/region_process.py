"""One region's process: started, looked after, ended.

A region dies with its supervisor, even by kill -9: the system ends it (PR_SET_PDEATHSIG). Its own helpers are its own business.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from farpoint.cli.dev.layout import DevFolder, write_atomically
from farpoint.clock import Clock

#: A clean stop that takes longer is cut short.
_STOP_SECONDS = 10.0
_LOG_BYTES_MAX = 64 << 20
_PR_SET_PDEATHSIG = 1


class RegionProcess:
    """The process that serves one region of a dev folder."""

    def __init__(self, name: str, folder: DevFolder, *, clock: Clock) -> None:
        """Begin with no process."""
        self.name = name
        self.started_at = float("-inf")
        #: Where in the log the process began to write.
        self.log_start_bytes = 0
        self._folder = folder
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; its pid is in the pid file when this returns."""
        log = self._folder.log(self.name)
        if log.exists() and log.stat().st_size > _LOG_BYTES_MAX:
            log.replace(log.with_suffix(".1"))
        command = [sys.executable, "-m", "farpoint", "serve", "--config", str(self._folder.config(self.name))]
        with log.open("ab") as stream:
            self.log_start_bytes = stream.tell()
            # A session of its own: Ctrl-C is for the supervisor, which then stops its regions in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                preexec_fn=die_with(os.getpid(), signal.SIGKILL),  # noqa: PLW1509 - the supervisor has one thread
            )
        self.started_at = self._clock.monotonic()
        write_atomically(self._folder.pid(self.name), f"{self._process.pid}\n")

    def death(self) -> int | None:
        """Return how the process has ended (negative: the signal), once; None while it runs or when there is none."""
        status = None if self._process is None else self._process.poll()
        if status is not None:
            self._process = None
        return status

    @property
    def runs(self) -> bool:
        """True from start until death has been told."""
        return self._process is not None

    def ask_to_stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal, when there is a process."""
        if self._process is not None:
            self._process.send_signal(number)

    def finish_stop(self) -> None:
        """Wait for the end, for a while; then make an end. Removes the pid file."""
        if self._process is not None:
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._folder.pid(self.name).unlink(missing_ok=True)


def die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """Return what a child runs first, so that it gets the signal when *parent* dies, even if that is now."""
    library = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        library.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
