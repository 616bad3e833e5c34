"""Tell one block device from another that later got the same number.

Promises: the same text means the same medium (same volume, disk, partition, or backing file), as far as the device says who it
is. One that says nothing is known by the kernel's count of devices, which ends at the next boot.
"""

import os
from pathlib import Path

from farpoint.disks.attachments import device_folder
from farpoint.disks.file_identity import file_identity

#: Where device mapper, SCSI, NVMe and virtio say who they are, relative to the disk's folder in /sys.
_NAMES = ("dm/uuid", "device/wwid", "wwid", "serial", "device/serial")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def device_identity(device: int, size_bytes: int) -> str:
    """Return ``device:<size>:<where it begins>:<who it says it is>`` for a block device number."""
    folder = device_folder(device)
    begins, disk = "0", folder
    if (folder / "partition").exists():
        begins, disk = _text(folder / "start"), folder.resolve().parent
    return f"device:{size_bytes}:{begins}:{_loop_name(disk) or _own_name(disk) or _count(disk)}"


def _own_name(disk: Path) -> str:
    return next((f"{name}={text}" for name in _NAMES if (text := _text(disk / name))), "")


def _loop_name(disk: Path) -> str:
    backing = _text(disk / "loop/backing_file")
    if not backing:
        return ""
    try:
        descriptor = os.open(backing, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        return f"loop={file_identity(descriptor)}+{_text(disk / 'loop/offset')}"
    finally:
        os.close(descriptor)


def _count(disk: Path) -> str:
    return f"count={_text(disk / 'diskseq')}@{_text(_BOOT)}"


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
