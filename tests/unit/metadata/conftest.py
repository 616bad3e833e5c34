"""A fresh database for each test, and a write transaction on it that is never committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farpoint.metadata.connection import Connection
from farpoint.metadata.database import Database
from farpoint.testing.new_database import lay_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open_sqlite(lay_database(tmp_path / "metadata.sqlite"), busy_seconds=0.2)
    yield opened
    opened.close()


@pytest.fixture
def conn(database: Database) -> Iterator[Connection]:
    with database.write() as connection:
        yield connection
