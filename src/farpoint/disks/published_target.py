"""A disk that an earlier run of the same restore completed: nothing is left to do but to say so."""

import os
from collections.abc import Callable
from pathlib import Path

from farpoint.disks.file_names import sync_folder
from farpoint.disks.target import TargetRequest, TargetState


class PublishedTarget:
    """Satisfies RestoreTarget for a file that has its final name; takes no lock, since the disk may be in use already."""

    def __init__(self, request: TargetRequest) -> None:
        """Answer for the file at the request's path, which the request's earlier run wrote."""
        self._path = request.path
        self._size_bytes = request.size_bytes
        self._identity = "" if request.resume is None else request.resume.identity

    @property
    def state(self) -> TargetState:
        """Always PUBLISHED."""
        return TargetState.PUBLISHED

    @property
    def synced_bytes(self) -> int:
        """All of it."""
        return self._size_bytes

    @property
    def identity(self) -> str:
        """As the earlier run recorded it."""
        return self._identity

    def look_for_data(self, on_looked: Callable[[int], None]) -> None:
        """Nothing to look for: it is done."""

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        """Refuse: a bug of ours."""
        raise self._read_only(offset_bytes, len(buffer))

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        """Refuse: a bug of ours."""
        raise self._read_only(offset_bytes, len(buffer))

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        """Refuse: a bug of ours."""
        raise self._read_only(offset_bytes, length_bytes)

    def sync(self) -> None:
        """Do nothing: it was synced before it got its name."""

    def publish(self) -> Path:
        """Make the name durable, in case the earlier run died before it did."""
        sync_folder(self._path.parent)
        return self._path

    def abandon(self) -> None:
        """Do nothing: after publish there is no way back."""

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _read_only(self, offset_bytes: int, length_bytes: int) -> ValueError:
        return ValueError(f"{os.fspath(self._path)} is published; bytes {offset_bytes}+{length_bytes} are not ours any more")
