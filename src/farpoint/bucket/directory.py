"""A bucket in a directory, durable: what put() reported survives a power cut.

obstore's local store never syncs, so this is our own. A put writes a temporary file, syncs it, links it to its final name (which
fails when the name is taken) and syncs the directory, and first the parent of every directory it had to make. A crash leaves at
most a file under ``.tmp``, which the next start removes.
"""

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from farpoint.bucket.bucket import Buffer, ObjectExistsError, ObjectInfo, ObjectMissingError
from farpoint.bucket.names import check_name
from farpoint.errors import Code, FarpointError, IntegrityError, OutOfSpaceError, Place, UnavailableError

_TEMPORARY = ".tmp"
_FULL = (errno.ENOSPC, errno.EDQUOT)
#: writev takes at most this many buffers in one call (Linux UIO_MAXIOV).
_PARTS_MAX = 1024


class DirectoryBucket:
    """Satisfies farpoint.bucket.bucket.Bucket."""

    def __init__(self, root: Path) -> None:
        """Open the bucket at *root*, making it if missing, and remove what crashed puts left behind."""
        self._root = root
        self._temporary = root / _TEMPORARY
        #: Directories this process has made durable: one that a killed process made may not be on disk yet.
        self._durable: set[Path] = set()
        self._puts = itertools.count()
        self._make_directory(self._temporary)
        for leftover in self._temporary.iterdir():
            leftover.unlink()

    def put(self, name: str, parts: Sequence[Buffer]) -> None:
        """Write a new object; see the module's promise."""
        final = self._root / check_name(name)
        try:
            self._make_directory(final.parent)
            self._write_and_link(final, parts)
        except FileExistsError as error:
            raise ObjectExistsError(name) from error
        except OSError as error:
            # The temporary file is gone by now: what is free is what the next attempt will find.
            raise _trouble(error, "write", name, needed_bytes=sum(map(len, parts)), root=self._root) from error

    def get(self, name: str) -> bytes:
        """Return the whole object."""
        path = self._root / check_name(name)
        with self._translated("read", name):
            return path.read_bytes()

    def read_into(self, name: str, offset_bytes: int, buffer: memoryview) -> int:
        """Fill *buffer* with pread; no byte is copied twice."""
        path = self._root / check_name(name)
        with self._translated("read", name):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return _read_fully(descriptor, offset_bytes, buffer)
            finally:
                os.close(descriptor)

    def size(self, name: str) -> int:
        """Return the object's length."""
        path = self._root / check_name(name)
        with self._translated("read", name):
            size_bytes = _object_size(path)
        if size_bytes is None:
            raise ObjectMissingError(name)
        return size_bytes

    def delete(self, name: str) -> None:
        """Remove the object and sync its directory, so that it does not come back after a power cut."""
        final = self._root / check_name(name)
        with contextlib.suppress(ObjectMissingError), self._translated("delete", name):
            final.unlink()
            _sync_directory(final.parent)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Walk the directory; names come sorted."""
        # Not Path: its parent of an empty prefix would lie outside the bucket.
        start = self._root / prefix.rpartition("/")[0]
        found = (path for path in start.rglob("*") if self._temporary not in path.parents)
        for name, path in sorted((str(path.relative_to(self._root)), path) for path in found):
            size_bytes = _object_size(path) if name.startswith(prefix) else None
            if size_bytes is not None:
                yield ObjectInfo(name, size_bytes)

    @contextlib.contextmanager
    def _translated(self, verb: str, name: str) -> Iterator[None]:
        """Raise errors of the system as the bucket's own. A folder on the way to objects is none itself."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise ObjectMissingError(name) from error
        except OSError as error:
            raise _trouble(error, verb, name, needed_bytes=0, root=self._root) from error

    def _write_and_link(self, final: Path, parts: Sequence[Buffer]) -> None:
        scratch = self._temporary / str(next(self._puts))
        try:
            _write_synced(scratch, parts)
            os.link(scratch, final)
            _sync_directory(final.parent)
        finally:
            scratch.unlink(missing_ok=True)

    def _make_directory(self, path: Path) -> None:
        if path in self._durable:
            return
        if path != self._root:
            self._make_directory(path.parent)
            path.mkdir(mode=0o700, exist_ok=True)
        else:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_directory(path.parent)
        self._durable.add(path)


def _write_synced(path: Path, parts: Sequence[Buffer]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for first in range(0, len(parts), _PARTS_MAX):
            _write_fully(descriptor, [memoryview(part) for part in parts[first : first + _PARTS_MAX]])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_fully(descriptor: int, views: list[memoryview]) -> None:
    while views:
        written = os.writev(descriptor, views)
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if views and written:
            views[0] = views[0][written:]


def _object_size(path: Path) -> int | None:
    """Return the length of the object at *path*; None for a folder, and for what was deleted since it was listed."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _read_fully(descriptor: int, offset_bytes: int, buffer: memoryview) -> int:
    done = 0
    while done < len(buffer):
        count = os.preadv(descriptor, [buffer[done:]], offset_bytes + done)
        if count == 0:
            break
        done += count
    return done


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _trouble(error: OSError, verb: str, name: str, *, needed_bytes: int, root: Path) -> FarpointError:
    if error.errno in _FULL:
        numbers = os.statvfs(root)
        free_bytes = numbers.f_bavail * numbers.f_frsize
        return OutOfSpaceError(
            f"the bucket at {root} is full: cannot {verb} {name}", needed_bytes=needed_bytes, free_bytes=free_bytes, place=Place(pack=name)
        )
    if error.errno == errno.EIO and verb == "read":
        # The medium has lost these bytes: waiting does not bring them back.
        return IntegrityError(f"object {name} in {root} cannot be read: {error.strerror}", place=Place(pack=name))
    message = f"cannot {verb} object {name} in {root}: {error.strerror}"
    return UnavailableError(Code.BUCKET_UNAVAILABLE, message, hint="Check mount, rights and health of that file system.")
