"""The region's database as a whole: who may open it, how it is read, how it is written.

Promises: one process at a time; every write is one immediate transaction on the one writer connection, committed durably when
its block ends and rolled back when the block raises; readers see one snapshot each and never wait for the writer, nor it for
them; whatever moment the process dies at, the next one finds the last committed transaction. Whoever opens the transaction
commits it: the query functions of this package take its Connection and never commit. Do no I/O inside a transaction.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from farpoint.errors import Code, RefusedError, UnavailableError
from farpoint.metadata import sqlite
from farpoint.metadata.file_lock import FileLock, acquire_file_lock
from farpoint.metadata.migrations import migrate

#: How long a thread waits for its turn to write; transactions take milliseconds, so only a bug or a dying disk gets there.
_WRITER_WAIT_SECONDS = 60


class Database:
    """One open database; share it between threads."""

    def __init__(self, *, path: Path, writer: Engine, readers: Engine, lock: FileLock) -> None:
        """Join the parts; use open_sqlite."""
        self._path = path
        self._writer = writer
        self._readers = readers
        self._file_lock = lock
        self._write_lock = threading.Lock()
        self._writing_thread: int | None = None
        self._closed = False
        #: Set after every commit: whoever follows the rows waits for it instead of asking again and again.
        self.committed = threading.Event()

    @classmethod
    def open_sqlite(cls, path: Path, *, busy_seconds: float = sqlite.BUSY_SECONDS) -> "Database":
        """Open the database file at *path*, make it when missing, and bring its schema up to date.

        Raise RefusedError when another process has it open or a newer Farpoint wrote it. *busy_seconds* is how long a statement
        waits for a program that locks the file without asking us, such as a backup or an SQLite shell.
        """
        sqlite.prepare_file(path)
        lock = acquire_file_lock(path.with_name(path.name + ".lock"), guarded=path)
        writer = sqlite.open_writer(path, busy_seconds=busy_seconds)
        readers = sqlite.open_readers(path, busy_seconds=busy_seconds)
        database = cls(path=path, writer=writer, readers=readers, lock=lock)
        try:
            with database.write() as connection:
                migrate(connection)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection that sees one snapshot of the database and cannot write."""
        self._refuse_when_closed()
        with self._explained(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend the writer connection inside a transaction; commit when the block ends, roll back when it raises."""
        with self._my_turn():
            self._refuse_when_closed()
            with self._explained(), self._writer.begin() as connection:
                yield connection
            self.committed.set()

    def close(self) -> None:
        """Let the write that runs come to its end, then close all connections and let go of the file. Idempotent."""
        with self._my_turn():
            self._closed = True
            self._readers.dispose()
            self._writer.dispose()
            self._file_lock.release()

    def _refuse_when_closed(self) -> None:
        # The pools would connect again by themselves, to a file that may be another process's by now.
        if self._closed:
            raise UnavailableError(Code.DATABASE_BUSY, f"the database {self._path} is closed", hint="The region is stopping.")

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        assert self._writing_thread != threading.get_ident(), "a write transaction inside a write transaction"
        if not self._write_lock.acquire(timeout=_WRITER_WAIT_SECONDS):
            message = f"no turn to write to {self._path} came within {_WRITER_WAIT_SECONDS} s"
            raise UnavailableError(Code.DATABASE_BUSY, message, hint="Ask again.")
        self._writing_thread = threading.get_ident()
        try:
            yield
        finally:
            self._writing_thread = None
            self._write_lock.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            explained = sqlite.explain(error, self._path)
            if explained is None:
                raise
            raise explained from error
        except PoolTimeoutError as error:
            raise UnavailableError(Code.DATABASE_BUSY, f"all readers of {self._path} are busy", hint="Ask again.") from error
        except (UnicodeEncodeError, OverflowError) as error:
            # Text columns hold Unicode, not the lone surrogates of a file name that is not UTF-8; numbers hold 64 bits.
            message = "a name, path or id is not valid Unicode text, or a number has more than 64 bits"
            raise RefusedError(Code.INVALID_PARAMETER, message, hint="Choose another name or number.") from error
