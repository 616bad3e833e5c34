"""Disk pools: the folders and devices a region may touch, and nothing else.

Promises: a path is resolved first, symlinks and ``..`` included, and is inside a pool afterwards, or refused naming the pools.
A pool is a folder, or one block device; devices count only when the pools name them or a folder of /dev. Inside such a folder
the links that the system keeps (/dev/mapper, /dev/disk/by-id, /dev/<volume group>) may be used. Whoever can write a pool's
folders is trusted not to swap them for links while a disk is opened.
"""

import itertools
import os
import stat
from pathlib import Path

from attrs import frozen

from farpoint.disks.final_file import is_free
from farpoint.errors import Code, RefusedError

_DEVICES = Path("/dev")
_SUFFIX = ".raw"
_NOT_NAMES = frozenset({"", ".", ".."})


@frozen
class DiskPools:
    """The pools of one region, in the order of its configuration."""

    paths: tuple[Path, ...]

    def resolve(self, path: Path) -> Path:
        """Return *path* without symlinks, which need not exist yet. Raises RefusedError(DISK_OUTSIDE_POOLS)."""
        if not path.is_absolute() or "\0" in str(path):
            raise self._outside(f"{path!s:.200} is not an absolute path")
        resolved = _real(path)
        if not any(_contains(pool, path, resolved) for pool in self.paths):
            shown = f"{path}" if resolved == path else f"{path} (which is {resolved})"
            raise self._outside(f"{shown} is outside the disk pools")
        return resolved

    def default_path(self, *, region: str, group: str, disk: str) -> Path:
        """Return where a disk lies of which no path is given: ``<first pool>/<region>/<group>/<disk>.raw``."""
        pool = next((pool for pool in self.paths if not _is_block_device(pool)), None)
        if pool is None:
            raise self._outside(f"disk {disk} was given no path, and no disk pool is a folder")
        for name in (region, group, disk):
            if name in _NOT_NAMES or "/" in name or "\0" in name:
                raise self._outside(f"{name!r} cannot be part of a path")
        # Resolved like any other: a link among the folders must not lead out of the pool.
        return self.resolve(_real(pool) / region / group / f"{disk}{_SUFFIX}")

    def free_path(self, *, region: str, group: str, disk: str, size_bytes: int | None) -> Path:
        """Return where a new disk goes that was given no path: the default path, or beside it as ``<disk>-2.raw`` and so on.

        Files of deleted disks stay, so the default may be taken. One hole of *size_bytes* is free: a request left it that was cut off.
        """
        names = itertools.chain([disk], (f"{disk}-{number}" for number in itertools.count(2)))
        paths = (self.default_path(region=region, group=group, disk=name) for name in names)
        return next(path for path in paths if is_free(path, size_bytes))

    def _outside(self, message: str) -> RefusedError:
        names = ", ".join(str(pool) for pool in self.paths) or "none"
        hint = f"The disk pools of this region: {names}. Put the disk into one, or add its folder to the region's configuration."
        return RefusedError(Code.DISK_OUTSIDE_POOLS, f"{message}.", hint=hint)


def _contains(pool: Path, asked: Path, resolved: Path) -> bool:
    root = _real(pool)
    if resolved == root:
        return _is_block_device(root)
    if resolved.is_relative_to(root):
        return True
    # Links below /dev are made by the system, so one inside the pool may lead to a device elsewhere below /dev.
    link = _real(asked.parent) / asked.name
    return root.is_relative_to(_DEVICES) and link.is_relative_to(root) and resolved.is_relative_to(_DEVICES)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _is_block_device(path: Path) -> bool:
    try:
        return stat.S_ISBLK(path.stat().st_mode)
    except OSError:
        return False
