"""Everything that is true of SQLite only: connections, pragmas, how transactions begin, what its errors mean, ON CONFLICT.

PostgreSQL gets a file of the same shape; the other modules speak plain SQLAlchemy Core.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.util import LRUCache

from farpoint.errors import Code, FarpointError, IntegrityError, OutOfSpaceError, RefusedError, UnavailableError
from farpoint.units import KIB, MIB

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
#: How long SQLite itself waits for a lock that another program (a backup, a shell) holds.
BUSY_SECONDS = 10.0
#: Page caches: the writer's holds the upper pages of a large chunk index; readers share the operating system's cache anyway.
_WRITER_CACHE_KIB = 16 * MIB // KIB
_READER_CACHE_KIB = 2 * MIB // KIB
#: The journal is copied into the database file when it has grown to this (64 MiB): chunk ids are random, so each pack touches pages
#: all over the index, and a long journal writes a page back once for many packs.
_CHECKPOINT_PAGES = 16_384
#: A journal that one huge transaction or a long reader made larger is cut back to this.
_JOURNAL_BYTES_MAX = 128 * MIB
#: Reader connections: lanes of the movers and requests of the API that read at one instant; each costs at most its page cache.
_READERS_MAX = 16
#: How long a reader waits for a connection to become free.
READER_WAIT_SECONDS = 30
#: Room to name when SQLite says that the file system is full: one checkpoint of its journal and some.
_ROOM_NEEDED_BYTES = 16 * MIB
#: The low byte of an extended result code is the primary one.
_PRIMARY_CODE = 0xFF
#: What one engine of the process has compiled no other compiles again.
_COMPILED: Final[LRUCache[object, object]] = LRUCache(500)
_DIALECT: Final = create_engine("sqlite://").dialect
_BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_DUPLICATE_CODES = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})


def prepare_file(path: Path) -> None:
    """Make the database file, readable by its owner only, and its folder if that is missing."""
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        # SQLite gives its journal files the mode of the database file, so this one call protects all of them.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE))
    except OSError as error:
        hint = "Give the region a state folder that it may write to."
        raise RefusedError(Code.CONFIGURATION, f"the database {path} cannot be opened: {error.strerror}", hint=hint) from error


def open_writer(path: Path, *, busy_seconds: float) -> Engine:
    """Return an engine of one connection whose transactions take the write lock when they begin.

    A deferred transaction that first reads and then writes can fail with "database is locked" at once, however long the busy
    timeout is; an immediate one waits.
    """
    engine = _open(path, connections=1, busy_seconds=busy_seconds)
    event.listen(engine, "connect", _set_up_writer)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def open_readers(path: Path, *, busy_seconds: float) -> Engine:
    """Return an engine of several connections whose transactions see one snapshot and can write nothing."""
    engine = _open(path, connections=_READERS_MAX, busy_seconds=busy_seconds)
    event.listen(engine, "connect", _set_up_reader)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def explain(error: DBAPIError, path: Path) -> FarpointError | None:
    """Say in our words what a failed statement means for the caller; None when it means a bug of ours."""
    cause = error.orig
    if not isinstance(cause, sqlite3.Error):
        return None
    primary = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if primary in _BUSY_CODES:
        return UnavailableError(Code.DATABASE_BUSY, f"the database {path} is locked by another program", hint="Ask again.")
    if primary == sqlite3.SQLITE_FULL:
        room = os.statvfs(path.parent)
        free_bytes = room.f_bavail * room.f_frsize
        return OutOfSpaceError(f"the file system of the database {path} is full", needed_bytes=_ROOM_NEEDED_BYTES, free_bytes=free_bytes)
    if primary in _DAMAGE_CODES:
        return IntegrityError(f"the database {path} is damaged: {cause}", hint="Restore it, or rebuild it from the bucket.")
    return None


def is_duplicate(error: DBAPIError) -> bool:
    """Tell whether a statement failed because a row with that key exists."""
    return getattr(error.orig, "sqlite_errorcode", 0) in _DUPLICATE_CODES


def is_broken_reference(error: DBAPIError) -> bool:
    """Tell whether a statement failed because a row refers to another that is not there, or would not be there any more."""
    return getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY


def insert_or(table: Table) -> Insert:
    """Return an INSERT that takes an ON CONFLICT clause. SQLite and PostgreSQL spell the clause alike."""
    return insert(table)


def _open(path: Path, *, connections: int, busy_seconds: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # An error must name the statement, never the values: they may be keys or names of customers.
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=READER_WAIT_SECONDS,
        pool_use_lifo=True,
        # No isolation level: the driver must not begin transactions by itself, the "begin" events below do.
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": busy_seconds},
        execution_options={"compiled_cache": _COMPILED},
    )
    # A cached statement belongs to the dialect object it was compiled for.
    engine.dialect = _DIALECT
    return engine


def _set_up_writer(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES_MAX}")


def _set_up_reader(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
