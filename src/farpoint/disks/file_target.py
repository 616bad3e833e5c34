"""Restore into a raw, sparse file.

Promises, beside those of RestoreTarget: until publish everything happens in ``<path>.restoring``, so the path itself shows either
what was there before or the whole disk; ranges that are never written stay holes; files are made readable for our user only,
unless they replace one, whose owner and mode they take.

A crash leaves the restoring file, which the same restore resumes (``Resume``), a later one of the same path discards, and
discard_restoring_file removes.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from farpoint.clock import Clock
from farpoint.disks.descriptor import Descriptor
from farpoint.disks.file_identity import file_identity, is_at
from farpoint.disks.file_names import make_folders, sync_folder
from farpoint.disks.final_file import FinalFile, check_final_path, claim_final_file, is_published
from farpoint.disks.free_space import FreeSpace
from farpoint.disks.holes import zero_range
from farpoint.disks.published_target import PublishedTarget
from farpoint.disks.refusals import cannot_write
from farpoint.disks.restoring_file import RestoringFile, open_restoring_file, remove_locked
from farpoint.disks.target import RestoreTarget, TargetRequest, TargetState
from farpoint.disks.writer import Writer
from farpoint.errors import NOWHERE, Code, RefusedError


def open_file_target(request: TargetRequest, *, clock: Clock, wait: Callable[[], None] | None) -> RestoreTarget:
    """Make or resume the restoring file of *request*, locked; see farpoint.disks.target for how it is used."""
    if is_published(request):
        return PublishedTarget(request)
    check_final_path(request)
    _make_folder(request.path.parent)
    restoring = open_restoring_file(request, clock=clock, wait=wait)
    with ExitStack() as undo:
        undo.callback(os.close, restoring.descriptor)
        if not restoring.resumed:
            undo.callback(remove_locked, restoring.path, restoring.descriptor)
        if is_published(request):  # by the run whose lock we waited for
            return PublishedTarget(request)
        final = claim_final_file(request, clock=clock, wait=wait)
        undo.callback(final.close)
        space = FreeSpace(restoring.descriptor, request)
        _allocate(request, restoring, space)
        target = _FileTarget(request, restoring, final, space)
        undo.pop_all()
        return target


def _make_folder(folder: Path) -> None:
    try:
        make_folders(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _allocate(request: TargetRequest, restoring: RestoringFile, space: FreeSpace) -> None:
    """Give the file its size, as one hole above what is synced; refuse when the data will not fit."""
    keep = request.resume.synced_bytes if restoring.resumed and request.resume is not None else 0
    try:
        # What lies above was perhaps half written when the earlier run died: cutting it off makes it zeros again.
        # A crash between the two calls leaves it cut off, which open_restoring_file knows.
        os.ftruncate(restoring.descriptor, keep)
        os.ftruncate(restoring.descriptor, request.size_bytes)
        space.check()
        sync_folder(restoring.path.parent)
    except OSError as error:
        raise cannot_write(restoring.path, error) from error


class _FileTarget:
    """A restoring file, open and locked; satisfies RestoreTarget."""

    def __init__(self, request: TargetRequest, restoring: RestoringFile, final: FinalFile, space: FreeSpace) -> None:
        resume = request.resume if restoring.resumed else None
        self._path = request.path
        self._restoring = restoring.path
        self._final = final
        self._state = TargetState.FRESH if resume is None else TargetState.RESUMED
        self._synced_bytes = 0 if resume is None else resume.synced_bytes
        self._size_bytes = request.size_bytes
        self._identity = file_identity(restoring.descriptor)
        self._file = Descriptor(restoring.descriptor)
        self._writer = Writer(self._file, restoring.path, request.size_bytes, space.shortage)

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
        """Nothing to look for: the file is ours."""

    def read_into(self, offset_bytes: int, buffer: memoryview) -> None:
        self._writer.read_into(offset_bytes, buffer)

    def write_at(self, offset_bytes: int, buffer: memoryview) -> None:
        self._check_writable()
        self._writer.write_at(offset_bytes, buffer)

    def write_zeros(self, offset_bytes: int, length_bytes: int) -> None:
        self._check_writable()
        zero_range(self._file, self._writer, offset_bytes, length_bytes)

    def sync(self) -> None:
        self._writer.sync()

    def publish(self) -> Path:
        if self._state is not TargetState.PUBLISHED:
            self._writer.sync()
            with self._file as descriptor:
                self._rename(descriptor)
            self._state = TargetState.PUBLISHED
        # Also when called again: the name may not have become durable the first time.
        sync_folder(self._path.parent)
        return self._path

    def _rename(self, descriptor: int) -> None:
        if not is_at(descriptor, self._restoring):
            message = f"{self._restoring} was moved or removed by somebody while it was written."
            raise RefusedError(Code.DISK_CHANGED, message, hint="Leave files with that suffix alone, and restore again.")
        try:
            self._final.replace_with(descriptor, self._restoring)
        except OSError as error:
            raise self._writer.explain(error, NOWHERE) from error

    def abandon(self) -> None:
        if self._state is not TargetState.PUBLISHED:
            with self._file as descriptor:
                remove_locked(self._restoring, descriptor)
        self.close()

    def close(self) -> None:
        # In this order: whoever gets the restoring file's lock next must not find the final file still claimed.
        self._final.close()
        self._file.close()

    def _check_writable(self) -> None:
        if self._state is TargetState.PUBLISHED:
            message = f"{self._path} is published and may be in use; it cannot be written any more"
            raise ValueError(message)
