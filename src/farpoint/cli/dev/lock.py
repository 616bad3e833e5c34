"""One `dev up` per folder: a lock that ends with its holder, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.failures import CommandError


@contextmanager
def exclusive(folder: DevFolder) -> Iterator[None]:
    """Hold the folder; refuse when another `dev up` has it, naming its pid."""
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another `farpoint dev up` (pid {stream.read().strip()}) runs on {folder.path}"
            raise CommandError(message) from None
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield


def is_running(folder: DevFolder) -> bool:
    """Tell whether a `dev up` holds the folder."""
    try:
        with folder.lock.open("r+", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
