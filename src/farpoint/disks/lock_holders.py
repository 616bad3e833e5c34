"""Who holds a lock on a disk, for error messages.

Promises no more than a hint: a process of another user or container may not be visible. Looks through every process, so it is
called only when a disk is refused.
"""

import os
from pathlib import Path

_PROC = Path("/proc")


def name_lock_holders(status: os.stat_result, *, except_descriptor: int) -> str:
    """Return ``process 12 (qemu-nbd)``, or ``another process``, for who has locks on the file with this *status*.

    *except_descriptor* is a descriptor of this process whose locks do not count.
    """
    holders = [
        f"process {folder.name} ({_command(folder)})"
        for folder in _processes()
        if any(_has_lock(folder, number, status) for number in _descriptors(folder, except_descriptor))
    ]
    return " and ".join(holders) or "another process"


def _processes() -> list[Path]:
    return sorted((folder for folder in _PROC.iterdir() if folder.name.isdecimal()), key=lambda folder: int(folder.name))


def _descriptors(folder: Path, except_descriptor: int) -> list[str]:
    try:
        names = [entry.name for entry in (folder / "fd").iterdir()]
    except OSError:
        return []  # gone, or not ours to look at
    if folder.name == str(os.getpid()):
        return [name for name in names if name != str(except_descriptor)]
    return names


def _has_lock(folder: Path, number: str, status: os.stat_result) -> bool:
    try:
        if not os.path.samestat((folder / "fd" / number).stat(), status):
            return False
        return "\nlock:" in (folder / "fdinfo" / number).read_text()
    except OSError:
        return False


def _command(folder: Path) -> str:
    try:
        return (folder / "comm").read_text().strip()
    except OSError:
        return "ended"
