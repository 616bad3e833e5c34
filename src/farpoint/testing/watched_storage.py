"""A bucket and a database whose every change is an effect that a test can see, stop or fail."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from farpoint.bucket.bucket import Bucket, Buffer, ObjectInfo
from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.metadata.file_lock import acquire_file_lock
from farpoint.metadata.sqlite import BUSY_SECONDS, open_readers, open_writer
from farpoint.testing.effects import Effects
from farpoint.testing.new_database import lay_database


class WatchedBucket:
    """Satisfies farpoint.bucket.bucket.Bucket over another one."""

    def __init__(self, inner: Bucket, effects: Effects) -> None:
        """Pass everything on to *inner*."""
        self._inner = inner
        self._effects = effects

    def put(self, name: str, parts: Sequence[Buffer]) -> None:
        """Write a new object."""
        with self._effects.effect(f"put {_kind(name)}"):
            self._inner.put(name, parts)

    def get(self, name: str) -> bytes:
        """Return the whole object."""
        return self._inner.get(name)

    def read_into(self, name: str, offset_bytes: int, buffer: memoryview) -> int:
        """Fill *buffer*."""
        return self._inner.read_into(name, offset_bytes, buffer)

    def size(self, name: str) -> int:
        """Return the object's length."""
        return self._inner.size(name)

    def delete(self, name: str) -> None:
        """Remove the object."""
        with self._effects.effect(f"delete {_kind(name)}"):
            self._inner.delete(name)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List in name order."""
        return self._inner.list(prefix)


class WatchedDatabase(Database):
    """A real database; each write transaction is one effect."""

    effects: Effects | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend the writer connection; dying before the effect is the same to the file as dying in the middle of the transaction."""
        if self.effects is None:
            with super().write() as connection:
                yield connection
            return
        with self.effects.effect("commit"), super().write() as connection:
            yield connection

    def reopened(self) -> "WatchedDatabase":
        """Return this database as the next process opens it: new connections, new lock; only compiled statements are kept, to be quick."""
        self.close()
        lock = acquire_file_lock(self._path.with_name(f"{self._path.name}.lock"), guarded=self._path)
        return WatchedDatabase(path=self._path, writer=self._writer, readers=self._readers, lock=lock)


def open_beside(path: Path) -> WatchedDatabase:
    """Open a database file that another process has open too, as workers on other machines will share one.

    One process per file is a rule of ours and not of SQLite, whose own locks keep two writers apart: this steps around the rule, and a
    takeover between processes is as real as it can be.
    """
    lock = acquire_file_lock(path.with_name(f"{path.name}.beside.lock"), guarded=path)
    return WatchedDatabase(
        path=path, writer=open_writer(path, busy_seconds=BUSY_SECONDS), readers=open_readers(path, busy_seconds=BUSY_SECONDS), lock=lock
    )


def open_watched(path: Path) -> WatchedDatabase:
    """Open a database file that only this process has open."""
    database = WatchedDatabase.open_sqlite(lay_database(path))
    assert isinstance(database, WatchedDatabase)
    return database


def _kind(name: str) -> str:
    return name.partition("/")[0]
