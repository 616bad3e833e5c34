"""A process of its own that does one operation, and sends itself a signal at one exact moment.

``worker.py FOLDER REGION OPERATION MOMENT NUMBER SIGNAL [beside]``: right before the NUMBERth effect called MOMENT (from 1; "lock" is
the moment before a disk's lock is taken). With *beside* the region's other process goes on meanwhile and shares the database.
"""

import os
import signal
import sys
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from farpoint.bucket.directory import DirectoryBucket
from farpoint.clock import Clock, SystemClock, SystemEntropy
from farpoint.disks.lock import DiskLock
from farpoint.errors import SupersededError
from farpoint.model.ids import OperationId
from farpoint.testing.effects import Hook
from farpoint.testing.ground import scaled_down, watched_targets
from farpoint.testing.regions import SmallRegion, Surroundings
from farpoint.testing.stage import Stage
from farpoint.testing.watched_storage import open_beside


def signal_at(moment: str, number: int, signalled: signal.Signals) -> Hook:
    """Return a hook that sends the signal at the moment."""
    seen = 0

    def hook(_number: int, name: str) -> None:
        nonlocal seen
        seen += name == moment
        if name == moment and seen == number:
            os.kill(os.getpid(), signalled)

    return hook


def open_region(folder: Path, name: str, *, beside: bool) -> SmallRegion:
    """Open the region for this process alone, with its peer, or beside another process."""
    if not beside:
        stage = Stage(folder, seed=os.getpid(), make_bucket=DirectoryBucket)
        return next(region for region in stage.regions if region.name == name)
    home = folder / name
    bucket = DirectoryBucket(home / "bucket")
    region = SmallRegion(
        name, home, Surroundings(clock=SystemClock(), entropy=SystemEntropy(), bucket=bucket, open_database=open_beside)
    )  # fmt: skip
    region.start()
    return region


def main(folder: Path, name: str, operation: OperationId, hook: Hook, *, beside: bool) -> None:
    """Do the operation; say how it went."""
    acquire = DiskLock.acquire

    def stop_and_acquire(lock: DiskLock, *, clock: Clock, wait: Callable[[], None] | None) -> None:
        hook(0, "lock")
        acquire(lock, clock=clock, wait=wait)

    with ExitStack() as stack:
        stack.enter_context(scaled_down())
        region = open_region(folder, name, beside=beside)
        stack.enter_context(watched_targets(region.effects))
        stack.enter_context(patch.object(DiskLock, "acquire", stop_and_acquire))
        region.effects.before = hook
        try:
            region.run(operation)
            sys.stdout.write("done\n")
        except SupersededError:
            sys.stdout.write("superseded\n")
        region.stop()


if __name__ == "__main__":
    folder_text, region_name, operation_text, moment_name, number_text, signal_name, *options = sys.argv[1:]
    main(
        Path(folder_text),
        region_name,
        OperationId(uuid.UUID(operation_text)),
        signal_at(moment_name, int(number_text), signal.Signals[signal_name]),
        beside="beside" in options,
    )
