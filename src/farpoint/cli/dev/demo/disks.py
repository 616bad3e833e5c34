"""The demo's disks: made here from real files, or copies of the user's images, which are never touched."""

from collections.abc import Sequence
from pathlib import Path

from farpoint.cli.console import Console
from farpoint.cli.dev.demo.images import FileSupply, ImageRequest, copy_image, make_image
from farpoint.cli.failures import UsageError
from farpoint.cli.naming import disk_names
from farpoint.disks.inspect import inspect_disk
from farpoint.units import MIB, human_bytes

_OS_DATA_BYTES = 600 * MIB
_OS_SIZE_BYTES = 1024 * MIB
_DATA_DATA_BYTES = 96 * MIB
_DATA_SIZE_BYTES = 256 * MIB
#: The disks, their restored twins, and what two regions store of two points, at worst.
_FOLD = 5


def needed_bytes(images: Sequence[Path]) -> int:
    """Return the room a demo takes, at worst; refuse images that are not there, or no raw disks."""
    if not images:
        return _FOLD * (_OS_DATA_BYTES + _DATA_DATA_BYTES)
    return _FOLD * sum(_stored_bytes(image) for image in images)


def demo_disks(images: Sequence[Path], pool: Path, *, console: Console) -> list[Path]:
    """Return the disks to capture, in *pool*: the OS disk first."""
    disks = _made(pool) if not images else _copied(images, pool)
    for disk in disks:
        status = disk.stat()
        console.say(f"disk {disk.stem}: {human_bytes(status.st_size)}, {human_bytes(status.st_blocks * 512)} of it in use")
    return disks


def _made(pool: Path) -> list[Path]:
    supply = FileSupply()
    os_disk, data_disk = pool / "os.raw", pool / "data.raw"
    make_image(ImageRequest(path=os_disk, data_bytes=_OS_DATA_BYTES, size_bytes=_OS_SIZE_BYTES), supply)
    make_image(ImageRequest(path=data_disk, data_bytes=_DATA_DATA_BYTES, size_bytes=_DATA_SIZE_BYTES), supply)
    return [os_disk, data_disk]


def _copied(images: Sequence[Path], pool: Path) -> list[Path]:
    """Copy the images under the names their disks will have, so that a disk is found by its file."""
    copies: dict[str, Path] = {}
    for image in images:
        stem = disk_names(image, vm="disk")[0]
        names = (stem, *(f"{stem}-{number}" for number in range(2, len(images) + 1)))
        name = next(name for name in names if name.lower() not in copies)
        copies[name.lower()] = pool / f"{name}.raw"
        copy_image(image, copies[name.lower()])
    return list(copies.values())


def _stored_bytes(image: Path) -> int:
    try:
        status = image.stat()
    except OSError as error:
        message = f"cannot read the image {image}: {error.strerror}"
        raise UsageError(message) from error
    # Before it is copied: what is wrong is said of the user's own file.
    inspect_disk(image)
    return max(status.st_blocks * 512, MIB)
