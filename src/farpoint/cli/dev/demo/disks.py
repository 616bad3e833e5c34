"""The demo's disks: made here from real files, or copies of the user's images, which are never touched."""

from collections.abc import Sequence
from pathlib import Path

from farpoint.cli.console import Console
from farpoint.cli.dev.demo.images import FileSupply, ImageRequest, copy_image, make_image
from farpoint.cli.failures import UsageError
from farpoint.units import MIB, human_bytes

_OS_DATA_BYTES = 600 * MIB
_OS_SIZE_BYTES = 1024 * MIB
_DATA_DATA_BYTES = 96 * MIB
_DATA_SIZE_BYTES = 256 * MIB
#: The disks, their restored twins, and what two regions store of two points, at worst.
_FOLD = 5


def needed_bytes(images: Sequence[Path]) -> int:
    """Return the room a demo takes, at worst; refuse images that are not there."""
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
    copies: list[Path] = []
    for image in images:
        copy = pool / f"{image.stem}.raw"
        number = 2
        while copy in copies:
            copy = pool / f"{image.stem}-{number}.raw"
            number += 1
        copy_image(image, copy)
        copies.append(copy)
    return copies


def _stored_bytes(image: Path) -> int:
    try:
        status = image.stat()
    except OSError as error:
        message = f"cannot read the image {image}: {error.strerror}"
        raise UsageError(message) from error
    return max(status.st_blocks * 512, MIB)
