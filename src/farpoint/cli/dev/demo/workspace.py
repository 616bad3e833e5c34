"""A folder for one demo, on a real disk, removed at the end however the demo ends."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from farpoint.cli.failures import CommandError
from farpoint.units import human_bytes

_MEMORY = frozenset({"tmpfs", "ramfs"})
#: A path in mountinfo escapes these four characters.
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))
_MOUNTINFO = Path("/proc/self/mountinfo")


@contextmanager
def workspace(*, needed_bytes: int) -> Iterator[Path]:
    """Make the folder where there is room for *needed_bytes*; remove it and all in it afterwards."""
    parent = _choose_parent(needed_bytes)
    path = Path(tempfile.mkdtemp(prefix="farpoint-demo-", dir=parent))
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield path
    finally:
        signal.signal(signal.SIGTERM, before)
        shutil.rmtree(path, ignore_errors=True)


def file_system_of(path: Path, mountinfo: str) -> str:
    """Return the type of the file system *path* lies on, as /proc/self/mountinfo tells."""
    resolved = Path(os.path.realpath(path))
    best, kind = Path("/"), ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_unescape(before.split(" ")[4]))
        # Later lines lie over earlier ones.
        if resolved.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split(" ")[0]
    return kind


def _choose_parent(needed_bytes: int) -> Path:
    mountinfo = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    refused = []
    for parent in (Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()):  # noqa: S108 - a place to look at, the folder's name is random
        if not os.access(parent, os.W_OK | os.X_OK):
            continue
        free = shutil.disk_usage(parent).free
        if file_system_of(parent, mountinfo) in _MEMORY:
            refused.append(f"{parent} lies in memory")
        elif free < needed_bytes:
            refused.append(f"{parent} has {human_bytes(free)} free")
        else:
            return parent
    message = f"the demo needs {human_bytes(needed_bytes)} on a real disk: {'; '.join(refused)}. Set TMPDIR to a folder with room."
    raise CommandError(message)


def _unescape(text: str) -> str:
    for escape, character in _ESCAPES:
        text = text.replace(escape, character)
    return text


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
