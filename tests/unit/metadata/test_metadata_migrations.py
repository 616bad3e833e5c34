"""The schema: new databases get the newest, older ones are brought up, newer ones are refused; released schemas never change."""

import sqlite3
from pathlib import Path

import pytest

from farpoint.errors import Code, RefusedError
from farpoint.metadata.database import Database
from farpoint.metadata.migrations import SCHEMA_VERSION

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "metadata"
RELEASED = range(1, SCHEMA_VERSION + 1)


def golden_schema(version: int) -> str:
    return (GOLDEN / f"schema_{version}.sql").read_text(encoding="utf-8")


def make_database(path: Path, version: int) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(golden_schema(version))
    connection.execute("INSERT INTO schema_version VALUES (?)", (version,))
    connection.commit()
    connection.close()


def schema_text(path: Path) -> str:
    """Return what `sqlite3 FILE .schema` shows, in the order of names."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name").fetchall()
    connection.close()
    statements = ("\n".join(line.rstrip() for line in sql.strip().splitlines()) for (sql,) in rows)
    return "".join(f"{statement};\n" for statement in statements)


def shape_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return columns and indexes of every table, however their statements were spelled."""
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    shape = {table: sorted(connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,))) for table in tables}
    connection.close()
    return shape


def test_a_new_database_has_the_schema_of_the_newest_golden_text(tmp_path: Path) -> None:
    Database.open_sqlite(tmp_path / "new.sqlite").close()
    assert schema_text(tmp_path / "new.sqlite") == golden_schema(SCHEMA_VERSION)


@pytest.mark.parametrize("version", RELEASED)
def test_a_database_of_each_released_schema_is_brought_up(tmp_path: Path, version: int) -> None:
    make_database(tmp_path / "old.sqlite", version)
    Database.open_sqlite(tmp_path / "old.sqlite").close()
    Database.open_sqlite(tmp_path / "new.sqlite").close()
    assert shape_of(tmp_path / "old.sqlite") == shape_of(tmp_path / "new.sqlite")


def test_a_database_of_a_newer_farpoint_is_refused_and_let_go_of(tmp_path: Path) -> None:
    path = tmp_path / "metadata.sqlite"
    Database.open_sqlite(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE schema_version SET version = ?", (SCHEMA_VERSION + 1,))
    connection.commit()
    with pytest.raises(RefusedError) as refusal:
        Database.open_sqlite(path)
    assert refusal.value.code is Code.CONFIGURATION
    connection.execute("UPDATE schema_version SET version = ?", (SCHEMA_VERSION,))
    connection.commit()
    connection.close()
    Database.open_sqlite(path).close()
