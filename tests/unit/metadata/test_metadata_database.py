"""One database file: who may open it, what a transaction promises, what its errors become."""

import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from tests.orphans import DIES_AT_ONCE

from farpoint.errors import Code, IntegrityError, RefusedError, UnavailableError
from farpoint.metadata.counters import current_counter, get_setting, next_counter, put_setting
from farpoint.metadata.database import Database

COUNT_FOR_EVER = """
import sys
from pathlib import Path
from farpoint.metadata.counters import next_counter
from farpoint.metadata.database import Database
database = Database.open_sqlite(Path(sys.argv[1]))
while True:
    with database.write() as conn:
        value = next_counter(conn, "n")
    print(value, flush=True)
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_missing_folder_and_file_are_made_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "metadata.sqlite"
    database = Database.open_sqlite(path)
    with database.write() as conn:
        put_setting(conn, "k", "v")
    modes = {entry.name: mode_of(entry) for entry in path.parent.iterdir()}
    assert mode_of(path.parent) == 0o700
    assert modes == dict.fromkeys(["metadata.sqlite", "metadata.sqlite-wal", "metadata.sqlite-shm", "metadata.sqlite.lock"], 0o600)
    database.close()


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Database.open_sqlite(tmp_path / "metadata.sqlite").close()
    assert mode_of(tmp_path) == 0o755


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory&c%20#é" / "metadata.sqlite"
    Database.open_sqlite(path).close()
    assert path.stat().st_size > 0


def test_a_folder_where_nothing_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError) as refusal:
        Database.open_sqlite(tmp_path / "file" / "metadata.sqlite")
    assert refusal.value.code is Code.CONFIGURATION


def test_the_database_is_durable_and_checks_references(database: Database) -> None:
    with database.write() as conn:
        pragmas = {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    first = Database.open_sqlite(tmp_path / "metadata.sqlite")
    with first.write() as conn:
        put_setting(conn, "region", "eastus")
    first.close()
    second = Database.open_sqlite(tmp_path / "metadata.sqlite")
    with second.read() as conn:
        assert get_setting(conn, "region") == "eastus"
    second.close()


def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    class StopError(Exception):
        pass

    def write_and_stop() -> None:
        with database.write() as conn:
            put_setting(conn, "k", "v")
            raise StopError

    with pytest.raises(StopError):
        write_and_stop()
    with database.write() as conn:
        assert get_setting(conn, "k") is None


def test_a_reader_sees_one_snapshot_and_holds_nobody_up(database: Database) -> None:
    with database.read() as reading:
        before = current_counter(reading, "n")
        with database.write() as writing:
            next_counter(writing, "n")
        during = current_counter(reading, "n")
    with database.read() as later:
        after = current_counter(later, "n")
    assert (before, during, after) == (0, 0, 1)


def test_a_reader_does_not_see_and_does_not_wait_for_what_is_being_written(database: Database) -> None:
    with database.write() as writing:
        next_counter(writing, "n")
        with database.read() as reading:
            assert current_counter(reading, "n") == 0


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"), database.read() as conn:
        put_setting(conn, "k", "v")


def test_a_write_inside_a_write_is_a_bug_and_not_a_deadlock(database: Database) -> None:
    with database.write(), pytest.raises(AssertionError, match="inside a write"), database.write():
        pass


def test_writers_take_turns_and_none_is_lost(database: Database) -> None:
    def count() -> None:
        for _ in range(25):
            with database.write() as conn:
                next_counter(conn, "n")

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as conn:
        assert current_counter(conn, "n") == 150


def test_more_readers_at_once_than_connections_take_turns(database: Database) -> None:
    seen: list[int] = []

    def look() -> None:
        for _ in range(5):
            with database.read() as conn:
                seen.append(current_counter(conn, "n"))

    threads = [threading.Thread(target=look) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0] * 200


def test_a_file_that_another_program_locks_is_unavailable_and_works_again_afterwards(tmp_path: Path, database: Database) -> None:
    other = sqlite3.connect(tmp_path / "metadata.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError) as refusal, database.write():
        pass
    assert refusal.value.code is Code.DATABASE_BUSY
    other.execute("ROLLBACK")
    other.close()
    with database.write() as conn:
        assert next_counter(conn, "n") == 1


def test_a_file_that_is_no_database_is_named_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "metadata.sqlite").write_bytes(b"no database at all" * 1000)
    with pytest.raises(IntegrityError, match=r"metadata\.sqlite is damaged"):
        Database.open_sqlite(tmp_path / "metadata.sqlite")


@pytest.mark.parametrize("value", ["\udcff", "name-\ud800"])
def test_text_that_is_not_unicode_is_refused(database: Database, value: str) -> None:
    with pytest.raises(RefusedError) as refusal, database.write() as conn:
        put_setting(conn, "k", value)
    assert refusal.value.code is Code.INVALID_PARAMETER


def test_an_error_of_a_statement_names_no_values(database: Database) -> None:
    with pytest.raises(OperationalError) as failure, database.write() as conn:
        conn.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("the secret",))
    assert "the secret" not in str(failure.value)


def test_a_second_opener_in_the_same_process_is_refused(tmp_path: Path, database: Database) -> None:
    with pytest.raises(RefusedError) as refusal:
        Database.open_sqlite(tmp_path / "metadata.sqlite")
    assert refusal.value.code is Code.CONFIGURATION


def test_closing_twice_is_allowed_and_lets_the_next_one_in(tmp_path: Path) -> None:
    first = Database.open_sqlite(tmp_path / "metadata.sqlite")
    first.close()
    first.close()
    Database.open_sqlite(tmp_path / "metadata.sqlite").close()


def test_a_closed_database_opens_no_connection_any_more(tmp_path: Path) -> None:
    database = Database.open_sqlite(tmp_path / "metadata.sqlite")
    database.close()
    with pytest.raises(UnavailableError, match="is closed"), database.write():
        pass
    with pytest.raises(UnavailableError, match="is closed"), database.read():
        pass


def test_closing_waits_for_the_write_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "metadata.sqlite"
    database = Database.open_sqlite(path)
    closing = threading.Thread(target=database.close)
    with database.write() as conn:
        closing.start()
        closing.join(timeout=0.1)
        next_counter(conn, "n")
    closing.join()
    again = Database.open_sqlite(path)
    with again.read() as conn:
        assert current_counter(conn, "n") == 1
    again.close()


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    first = Database.open_sqlite(tmp_path / "metadata.sqlite")
    with subprocess.Popen([*DIES_AT_ONCE, "sleep", "60"]) as child:
        first.close()
        Database.open_sqlite(tmp_path / "metadata.sqlite").close()
        child.kill()


def test_a_killed_process_leaves_its_commits_and_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "metadata.sqlite"
    for _ in range(2):
        command = [*DIES_AT_ONCE, sys.executable, "-c", COUNT_FOR_EVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            printed = [int(worker.stdout.readline()) for _ in range(20)]
            with pytest.raises(RefusedError, match=f"process {worker.pid}"):
                Database.open_sqlite(path)
            worker.kill()
            printed += [int(line) for line in worker.stdout if line.endswith("\n")]
        database = Database.open_sqlite(path)
        with database.read() as conn:
            assert current_counter(conn, "n") in (printed[-1], printed[-1] + 1)
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        database.close()
