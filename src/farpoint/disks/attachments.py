"""What the kernel itself does with a disk: mounts, swap, loop devices, device mapper and RAID above it.

Promises sentences for people; sees this mount namespace only (in_use asks the kernel by O_EXCL for the rest). Reads /proc and
/sys, changes nothing.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_SWAPS = Path("/proc/swaps")
_BLOCK_DEVICES = Path("/sys/dev/block")
_BLOCK_NAMES = Path("/sys/block")
#: How the kernel writes a space, tab, newline or backslash in its tables.
_ESCAPED = re.compile(r"\\([0-7]{3})")
_DELETED = " (deleted)"


def attachments_of(path: Path, status: os.stat_result) -> Iterator[str]:
    """Yield one sentence for each thing the kernel does with the disk at *path*, whose stat result is *status*."""
    if stat.S_ISBLK(status.st_mode):
        for device in _with_partitions(status.st_rdev):
            yield from (f"{path} is mounted at {place}" for place in _mounts(device))
            yield from _holders(path, device)
    yield from _swaps(path, status)
    yield from _loops(path, status)


def device_folder(device: int) -> Path:
    """Return the folder in /sys that describes a block device number."""
    return _BLOCK_DEVICES / f"{os.major(device)}:{os.minor(device)}"


def _with_partitions(device: int) -> list[int]:
    """Return the device and its partitions: a mounted partition is written too."""
    numbers = [device]
    folder = device_folder(device)
    numbers += [_number_of(mark.parent) for mark in sorted(folder.glob("*/partition"))]
    return numbers


def _number_of(folder: Path) -> int:
    major, _, minor = _first_line(folder / "dev").partition(":")
    return os.makedev(int(major), int(minor))


def _mounts(device: int) -> Iterator[str]:
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in _lines(_MOUNTS):
        before, _, after = line.partition(" - ")
        fields, source = before.split(" "), after.split(" ")[1]
        # btrfs and others show a number of their own, but name the device as the mount's source.
        if fields[2] == number or (source.startswith("/") and _is_device(Path(_plain(source)), device)):
            yield _plain(fields[4])


def _holders(path: Path, device: int) -> Iterator[str]:
    folder = device_folder(device) / "holders"
    if folder.is_dir():
        for holder in sorted(folder.iterdir()):
            yield f"{path} is part of /dev/{holder.name} (device mapper or RAID)"


def _swaps(path: Path, status: os.stat_result) -> Iterator[str]:
    for line in _lines(_SWAPS)[1:]:
        if _is_same(Path(_plain(line.split()[0])), status):
            yield f"{path} is used as swap"


def _loops(path: Path, status: os.stat_result) -> Iterator[str]:
    for backing in sorted(_BLOCK_NAMES.glob("loop*/loop/backing_file")):
        loop = backing.parent.parent
        if not _is_backed_by(backing, path, status) or _first_line(loop / "ro") == "1":
            continue
        places = [place for device in _with_partitions(_number_of(loop)) for place in _mounts(device)]
        if places:
            yield f"{path} is mounted at {' and '.join(places)}, through /dev/{loop.name}"
        else:
            yield f"{path} is attached to /dev/{loop.name} for writing (losetup -d /dev/{loop.name} lets it go)"


def _is_backed_by(backing: Path, path: Path, status: os.stat_result) -> bool:
    name = _first_line(backing).removesuffix(_DELETED)
    return bool(name) and (name == str(path) or _is_same(Path(name), status))


def _is_same(other: Path, status: os.stat_result) -> bool:
    try:
        found = other.stat()
    except OSError:
        return False
    if stat.S_ISBLK(status.st_mode):
        return stat.S_ISBLK(found.st_mode) and found.st_rdev == status.st_rdev
    return os.path.samestat(found, status)


def _is_device(other: Path, device: int) -> bool:
    try:
        found = other.stat()
    except OSError:
        return False
    return stat.S_ISBLK(found.st_mode) and found.st_rdev == device


def _plain(escaped: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 8)), escaped)


def _first_line(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path) -> list[str]:
    """Read a table of the kernel; one that is gone or not ours to read is empty."""
    try:
        return path.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
