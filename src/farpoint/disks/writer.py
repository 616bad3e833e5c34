"""Positioned writes, and reading back, with our errors: what file and device targets have in common.

Promises: a write is whole or raises; no write reaches past the end of the disk; a sync that failed is never followed by one that
succeeds, because the system reports lost writes only once.
"""

import os
from pathlib import Path
from typing import Protocol

from farpoint.disks.descriptor import Descriptor
from farpoint.disks.reader import read_whole
from farpoint.disks.refusals import cannot_write, is_full
from farpoint.errors import NOWHERE, Code, OutOfSpaceError, Place, RefusedError
from farpoint.units import MIB

#: Zeros are written in pieces of this size where they must be written at all.
_ZEROS = bytes(MIB)


class Shortage(Protocol):
    """Says what is missing when the medium is full."""

    def __call__(self, place: Place) -> OutOfSpaceError:
        """Return the error for a write at *place* that did not fit."""
        ...


class Writer:
    """Writes to one open file or device, and reads back; thread-safe."""

    def __init__(self, file: Descriptor, path: Path, size_bytes: int, shortage: Shortage) -> None:
        """Write through *file*, never past *size_bytes*; *path* and *shortage* are for messages."""
        self._file = file
        self._path = path
        self._size_bytes = size_bytes
        self._shortage = shortage
        self._sync_failed = False

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Fill *buffer* with what is there, zeros past the end of the disk."""
        end = read_whole(self._file, self._path, self._size_bytes, offset_bytes, buffer)
        if end is not None:
            message = f"{self._path} ends before byte {end}, but was given {self._size_bytes} bytes."
            raise RefusedError(Code.DISK_CHANGED, message, hint="Leave it alone until the restore has ended, and restore again.")

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        """Write all of *buffer* at *offset_bytes*."""
        self.check_range(offset_bytes, len(buffer))
        with self._file as descriptor:
            done = 0
            while done < len(buffer):
                try:
                    done += os.pwrite(descriptor, buffer[done:] if done else buffer, offset_bytes + done)
                except OSError as error:
                    place = Place(offset_bytes=offset_bytes, length_bytes=len(buffer))
                    raise self.explain(error, place) from error

    def write_zero_bytes(self, offset_bytes: int, length_bytes: int) -> None:
        """Write zeros the hard way."""
        zeros = memoryview(_ZEROS)
        for start in range(0, length_bytes, len(_ZEROS)):
            self.write_at(offset_bytes + start, zeros[: min(len(_ZEROS), length_bytes - start)])

    def sync(self) -> None:
        """Make what was written durable, and the metadata needed to read it."""
        if self._sync_failed:
            message = f"an earlier sync of {self._path} failed; what was written since the last good one may be lost."
            raise RefusedError(Code.DISK_UNWRITABLE, message, hint="Close the target and resume from the last good sync.")
        with self._file as descriptor:
            try:
                os.fdatasync(descriptor)
            except OSError as error:
                self._sync_failed = True
                raise self.explain(error, NOWHERE) from error

    def explain(self, error: OSError, place: Place) -> RefusedError | OutOfSpaceError:
        """Turn a failed write into our error."""
        return self._shortage(place) if is_full(error) else cannot_write(self._path, error, place=place)

    def check_range(self, offset_bytes: int, length_bytes: int) -> None:
        """Refuse a range that is not on the disk: a bug of ours."""
        if offset_bytes < 0 or offset_bytes + length_bytes > self._size_bytes:
            message = f"bytes {offset_bytes}+{length_bytes} are not on a disk of {self._size_bytes} bytes"
            raise ValueError(message)
