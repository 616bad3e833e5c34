"""The uploads that are open in this process: each file once, however many requests write it."""

import threading
from collections.abc import Callable
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.upload import Upload


class Uploads:
    """Opens a file at the first use and keeps it, with its lock, until it is discarded. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none open."""
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[Path, Upload] = {}

    def open(self, path: Path, *, size_bytes: int, check: Callable[[], object]) -> Upload:
        """Return the upload at *path*, opening it if need be; then *check* is called first, and may raise.

        An upload ends by revoking, then discarding: so one that is opened anew after its end finds in *check* that it may not.
        """
        with self._lock:
            found = self._open.get(path)
            if found is None:
                check()
                found = self._open[path] = Upload(path, size_bytes=size_bytes, clock=self._clock)
            return found

    def discard(self, path: Path) -> None:
        """Close the upload at *path*, if one is open."""
        with self._lock:
            found = self._open.pop(path, None)
            if found is not None:
                found.close()
