"""The names people type: restore points as ``collection/point``, disks after their files."""

import os
import re
from pathlib import Path

from attrs import frozen

from farpoint.cli.failures import UsageError

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@frozen
class PointName:
    """``collection/point``; the collection of a VM's points is named after the VM."""

    collection: str
    point: str

    def __str__(self) -> str:
        """Write it as it was typed."""
        return f"{self.collection}/{self.point}"


def parse_point_name(text: str) -> PointName:
    """Split ``web01/rp1``."""
    collection, slash, point = text.partition("/")
    if not slash or not collection or not point or "/" in point:
        message = f"{text!r} is not a restore point: write COLLECTION/POINT, for example web01/rp1"
        raise UsageError(message)
    return PointName(collection, point)


def copy_collection(collection: str, region: str) -> str:
    """Return the collection that holds copies in *region*."""
    return f"{collection}-{region}"


def absolute(path: Path) -> Path:
    """Resolve *path* against the caller's folder; symlinks are the region's to resolve."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve follows symlinks


def disk_names(path: Path, *, vm: str) -> tuple[str, ...]:
    """Return the names to try for the disk in the file *path*: after the file, then after VM and file.

    What ARM does not allow in names becomes "-".
    """
    stem = _NOT_IN_NAMES.sub("-", path.stem).strip("-._") or vm
    return (stem, f"{vm}-{stem}", *(f"{vm}-{stem}-{number}" for number in range(2, 10)))


def source_disk(disk_point: str) -> str:
    """Return the disk's name from its disk restore point's, ``<disk>_<guid>``."""
    return disk_point.rpartition("_")[0] or disk_point
