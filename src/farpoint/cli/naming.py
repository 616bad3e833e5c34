"""The names people type: restore points as ``collection/point``, disks after their files."""

import os
import re
from pathlib import Path

from attrs import frozen

from farpoint.cli.failures import UsageError
from farpoint.model.names import CHILD, NameRule

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


@frozen
class PointName:
    """``collection/point``; the collection of a VM's points is named after the VM."""

    collection: str
    point: str

    def __str__(self) -> str:
        """Write it as it was typed."""
        return f"{self.collection}/{self.point}"


def check_name(name: str, *, what: str, rule: NameRule = CHILD) -> str:
    """Return *name* if a resource may have it; *what* is its kind, for the refusal."""
    if not rule.allows(name):
        message = f"{name!r} cannot be the name of a {what}. Names have {rule}."
        raise UsageError(message)
    return name


def parse_point_name(text: str) -> PointName:
    """Split ``web01/rp1``."""
    collection, slash, point = text.partition("/")
    if not slash or not collection or not point or "/" in point:
        message = f"{text!r} is not a restore point: write COLLECTION/POINT, for example web01/rp1"
        raise UsageError(message)
    return PointName(check_name(collection, what="collection"), check_name(point, what="restore point"))


def copy_collection(collection: str, region: str) -> str:
    """Return the collection that holds copies in *region*."""
    return f"{collection}-{region}"


def absolute(path: Path) -> Path:
    """Resolve *path* against the caller's folder; symlinks are the region's to resolve."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve follows symlinks


def disk_names(path: Path, *, vm: str) -> tuple[str, ...]:
    """Return the names to try for the disk in the file *path*: after the file, then after VM and file.

    What ARM does not allow in names becomes "-". A file whose name leaves no room for the VM's is refused.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        message = f"the file name {shown} is not UTF-8, which paths in the API are; rename the file, or give a link to it"
        raise UsageError(message) from error
    stem = _NOT_IN_NAMES.sub("-", path.stem).strip("-._") or vm
    if len(stem) > CHILD.length_max:
        message = f"a disk is named after its file, in at most {CHILD.length_max} characters; {path.name} has more: rename it"
        raise UsageError(message)
    names = (stem, f"{vm}-{stem}", *(f"{vm}-{stem}-{number}" for number in range(2, 10)))
    return tuple(name for name in names if len(name) <= CHILD.length_max)


def source_disk(disk_point: str) -> str:
    """Return the disk's name from its disk restore point's, ``<disk>_<guid>``."""
    return disk_point.rpartition("_")[0] or disk_point
