"""Restore onto a block device.

Promises, beside those of RestoreTarget: the device is claimed from the kernel (O_EXCL), so nobody can mount it meanwhile; zero
ranges are really zeroed; a device larger than the disk keeps what it has behind it. Without *overwrite* nothing that is not zero
is replaced: its first and last MiB (where partition tables, file systems, volume managers and RAID sign) and samples between are
looked at when it is opened, which refuses most devices in use at once; look_for_data reads the rest before the first write.

A device cannot get its contents in one step: until publish it shows a part of the disk to whoever looks, and an abandoned one
keeps that.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.descriptor import Descriptor
from farpoint.disks.device_identity import device_identity
from farpoint.disks.in_use import find_users_of_open, refuse_users
from farpoint.disks.inspect import size_of_open
from farpoint.disks.lock import DiskLock
from farpoint.disks.refusals import cannot_write, out_of_space
from farpoint.disks.target import RestoreTarget, Resume, TargetRequest, TargetState
from farpoint.disks.writer import Writer
from farpoint.errors import Code, OutOfSpaceError, Place, RefusedError
from farpoint.units import GIB, KIB, MIB, round_up

_HINT = "Unmount it and stop whatever uses it, or restore to another path."
_BLKROGET = 0x125E
_INT = struct.Struct("i")
_BLKZEROOUT = 0x127F
_RANGE = struct.Struct("QQ")
#: One call zeroes at most this, so that a stop is not kept waiting.
_ZERO_STEP_BYTES = GIB
#: Devices that cannot be told to zero a range are written zeros.
_CANNOT_ZERO = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.ENOSYS})
_LOOKED_AT_EACH_END_BYTES = MIB
_SAMPLES = 64
_SAMPLE_BYTES = 4 * KIB
#: Read at a time when a whole device is looked at.
_LOOK_BYTES = 4 * MIB


def open_device_target(request: TargetRequest, *, clock: Clock, wait: Callable[[], None] | None) -> RestoreTarget:
    """Lock and claim the request's device, having checked that it may be written."""
    with ExitStack() as undo:
        locked = _open(request.path, 0)
        undo.callback(os.close, locked)
        # Two descriptors: the first waits for another restore of ours by its lock, where O_EXCL would only say "busy".
        DiskLock(locked, request.path).acquire(clock=clock, wait=wait)
        refuse_users(request.path, find_users_of_open(request.path, locked), hint=_HINT)
        claimed = _open(request.path, os.O_EXCL)
        undo.callback(os.close, claimed)
        size = size_of_open(claimed)
        _check_writable_size(request, claimed, size)
        identity = device_identity(os.fstat(claimed).st_rdev, size)
        resume = _resume_of(request, identity)
        if resume is None and not request.overwrite:
            _check_empty(request.path, claimed, size)
        target = _DeviceTarget(request, identity=identity, resume=resume, claimed=claimed, locked=locked)
        undo.pop_all()
        return target


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | flags)
    except OSError as error:
        if error.errno == errno.EBUSY:
            refuse_users(path, (f"{path} is held exclusively by another program or a mount",), hint=_HINT)
        raise cannot_write(path, error) from error


def _resume_of(request: TargetRequest, identity: str) -> Resume | None:
    resume = request.resume
    if resume is None or resume.identity != identity or resume.synced_bytes > request.size_bytes:
        return None
    return resume if resume.same_operation or resume.synced_bytes else None


def _check_writable_size(request: TargetRequest, descriptor: int, size: int) -> None:
    # Linux opens a read-only device for writing and refuses the writes.
    if _INT.unpack(fcntl.ioctl(descriptor, _BLKROGET, bytes(_INT.size)))[0]:
        raise RefusedError(Code.DISK_UNWRITABLE, f"device {request.path} is read-only.", hint="Choose a device that can be written.")
    if size < request.size_bytes:
        message = f"device {request.path} has {size} bytes, fewer than the disk's {request.size_bytes}."
        raise RefusedError(Code.DISK_UNSUPPORTED, message, hint="Choose a device at least as large as the disk.")


def _check_empty(path: Path, descriptor: int, size: int) -> None:
    for offset, length in _places_to_look(size):
        found = os.pread(descriptor, length, offset)
        _refuse_data(path, offset, found)


def _refuse_data(path: Path, offset: int, found: bytes) -> None:
    signed = found.lstrip(b"\0")
    if signed:
        message = f"device {path} is not empty: byte {offset + len(found) - len(signed)} is not zero."
        hint = "Restore to another path, or allow it to be overwritten."
        raise RefusedError(Code.TARGET_NOT_EMPTY, message, hint=hint)


def _places_to_look(size: int) -> list[tuple[int, int]]:
    step = round_up(size // _SAMPLES, _SAMPLE_BYTES) or _SAMPLE_BYTES
    samples = [(offset, _SAMPLE_BYTES) for offset in range(0, size, step)]
    return [(0, _LOOKED_AT_EACH_END_BYTES), (max(0, size - _LOOKED_AT_EACH_END_BYTES), _LOOKED_AT_EACH_END_BYTES), *samples]


class _DeviceTarget:
    """A block device, claimed and locked; satisfies RestoreTarget."""

    def __init__(self, request: TargetRequest, *, identity: str, resume: Resume | None, claimed: int, locked: int) -> None:
        self._path = request.path
        self._size_bytes = request.size_bytes
        self._may_overwrite = request.overwrite
        self._identity = identity
        self._state = TargetState.FRESH if resume is None else TargetState.RESUMED
        self._synced_bytes = 0 if resume is None else resume.synced_bytes
        self._file = Descriptor(claimed)
        self._lock = Descriptor(locked)
        self._writer = Writer(self._file, request.path, request.size_bytes, self._shortage)
        self._can_zero = True

    @property
    def state(self) -> TargetState:
        return self._state

    @property
    def synced_bytes(self) -> int:
        return self._size_bytes if self._state is TargetState.PUBLISHED else self._synced_bytes

    @property
    def identity(self) -> str:
        return self._identity

    def look_for_data(self, on_looked: Callable[[int], None]) -> None:
        if self._may_overwrite or self._state is not TargetState.FRESH:
            return
        buffer, zeros = bytearray(_LOOK_BYTES), bytes(_LOOK_BYTES)
        for offset in range(0, self._size_bytes, _LOOK_BYTES):
            length = min(_LOOK_BYTES, self._size_bytes - offset)
            with self._file as descriptor:
                found = os.preadv(descriptor, [memoryview(buffer)[:length]], offset)
            # Compared in place: most of an empty device is looked at without a copy.
            if not buffer.startswith(zeros if found == _LOOK_BYTES else zeros[:found]):
                _refuse_data(self._path, offset, bytes(buffer[:found]))
            on_looked(offset + found)

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        self._writer.read_into(offset_bytes, buffer)

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        self._check_writable()
        self._writer.write_at(offset_bytes, buffer)

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        self._check_writable()
        self._writer.check_range(offset_bytes, length_bytes)
        for start in range(offset_bytes, offset_bytes + length_bytes, _ZERO_STEP_BYTES):
            length = min(_ZERO_STEP_BYTES, offset_bytes + length_bytes - start)
            if not self._zero_out(start, length):
                self._writer.write_zero_bytes(start, length)

    def _zero_out(self, offset_bytes: int, length_bytes: int) -> bool:
        if not self._can_zero:
            return False
        with self._file as descriptor:
            try:
                fcntl.ioctl(descriptor, _BLKZEROOUT, _RANGE.pack(offset_bytes, length_bytes))
            except OSError as error:
                if error.errno not in _CANNOT_ZERO:
                    raise self._writer.explain(error, Place(offset_bytes=offset_bytes, length_bytes=length_bytes)) from error
                self._can_zero = False
        return self._can_zero

    def sync(self) -> None:
        self._writer.sync()

    def publish(self) -> Path:
        self._writer.sync()
        self._state = TargetState.PUBLISHED
        return self._path

    def abandon(self) -> None:
        self.close()

    def close(self) -> None:
        # In this order: whoever gets the lock next must find the device unclaimed.
        self._file.close()
        self._lock.close()

    def _check_writable(self) -> None:
        if self._state is TargetState.PUBLISHED:
            message = f"{self._path} is published and may be in use; it cannot be written any more"
            raise ValueError(message)

    def _shortage(self, place: Place) -> OutOfSpaceError:
        """Say that a thin volume's pool is full; nobody can say here how full."""
        return out_of_space(self._path, needed_bytes=place.length_bytes or 0, free_bytes=0, place=place)
