"""Disk images with real files: ext4 made by ``mke2fs -d``, without mounting anything."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from farpoint.cli.failures import CommandError
from farpoint.units import KIB, MIB

#: Where a machine has files worth backing up; the last one is where this program's own libraries lie.
ROOTS = (Path("/usr/lib"), Path("/usr/share"), Path("/usr/bin"), Path("/opt"), Path(os.__file__).parent)
#: Small files take long to place and add little.
_FILE_BYTES_MIN = 8 * KIB
_FILE_BYTES_MAX = 64 * MIB
_MKE2FS = ("mke2fs", "/usr/sbin/mke2fs", "/sbin/mke2fs")


@frozen(kw_only=True)
class ImageRequest:
    """One image to make."""

    path: Path
    data_bytes: int
    size_bytes: int


class FileSupply:
    """Real files of this machine, each handed out once."""

    def __init__(self, roots: Sequence[Path] = ROOTS) -> None:
        """Take the folders to look in."""
        self._files = _files(roots)

    def fill(self, folder: Path, data_bytes: int) -> int:
        """Copy files into *folder* until they hold *data_bytes*; return how many bytes that was."""
        placed = 0
        for source in self._files:
            target = folder / str(source).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source, target)
            except OSError:
                # Not ours to read, or gone by now.
                target.unlink(missing_ok=True)
                continue
            placed += target.stat().st_size
            if placed >= data_bytes:
                return placed
        message = f"this machine has only {placed // MIB} MiB of files below {', '.join(map(str, ROOTS))}; give images with DISKS="
        raise CommandError(message)


def make_image(request: ImageRequest, supply: FileSupply) -> None:
    """Make an ext4 image at the request's path, filled with files from *supply*."""
    staging = request.path.with_suffix(".files")
    staging.mkdir()
    try:
        supply.fill(staging, request.data_bytes)
        size = f"{request.size_bytes // KIB}k"
        command = [_mke2fs(), "-q", "-F", "-t", "ext4", "-d", str(staging), str(request.path), size]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            message = f"mke2fs failed: {done.stderr.strip()}"
            raise CommandError(message)
    finally:
        shutil.rmtree(staging)


def copy_image(source: Path, target: Path) -> None:
    """Copy a user's image, holes kept, blocks shared where the file system can."""
    done = subprocess.run(
        ["cp", "--sparse=always", "--reflink=auto", "--", str(source), str(target)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise CommandError(done.stderr.strip())


def _mke2fs() -> str:
    found = next(filter(None, map(shutil.which, _MKE2FS)), None)
    if found is None:
        message = "mke2fs was not found; install e2fsprogs, or give images with DISKS="
        raise CommandError(message)
    return found


def _files(roots: Sequence[Path]) -> Iterator[Path]:
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(folder) / name
                if not path.is_symlink() and path.is_file() and _FILE_BYTES_MIN <= path.stat().st_size <= _FILE_BYTES_MAX:
                    yield path
