"""Room for a file that is being restored."""

import os

from farpoint.disks.refusals import out_of_space
from farpoint.disks.target import TargetRequest
from farpoint.errors import NOWHERE, OutOfSpaceError, Place

#: st_blocks counts in these, whatever the file system's block size.
_STAT_BLOCK_BYTES = 512


class FreeSpace:
    """Compares what a file being restored still needs with what its file system has."""

    def __init__(self, descriptor: int, request: TargetRequest) -> None:
        """Watch the open file; the request says how much data it will hold."""
        self._descriptor = descriptor
        self._request = request

    def check(self) -> None:
        """Raise OutOfSpaceError when the data that is not there yet will not fit."""
        free = self._free_bytes()
        if free is not None and self._needed_bytes() > free:
            raise self.shortage(NOWHERE)

    def shortage(self, place: Place) -> OutOfSpaceError:
        """Say what is missing; *place* is the write that did not fit. Call only while the file is open."""
        needed = max(self._needed_bytes(), place.length_bytes or 0)
        return out_of_space(self._request.path, needed_bytes=needed, free_bytes=self._free_bytes() or 0, place=place)

    def _needed_bytes(self) -> int:
        held = os.fstat(self._descriptor).st_blocks * _STAT_BLOCK_BYTES
        return max(0, self._request.data_bytes - held)

    def _free_bytes(self) -> int | None:
        """Return what an ordinary user may still take; None for file systems without a size."""
        answer = os.fstatvfs(self._descriptor)
        return answer.f_bavail * answer.f_frsize if answer.f_blocks else None
