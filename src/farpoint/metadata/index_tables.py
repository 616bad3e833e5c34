"""The tables of the vault's index and of a copy's plan.

Chunks, nodes and the plan hold millions of rows: their key is the row (no hidden row id on SQLite) and they carry no foreign keys. A
change here needs a migration, like one of tables.py.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from farpoint.metadata.columns import Guid, Moment
from farpoint.metadata.schema import METADATA, NUMBER

scopes = Table("scopes", METADATA, Column("number", NUMBER, primary_key=True), Column("id", Guid, nullable=False, unique=True))

packs = Table(
    "packs",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", LargeBinary, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("scope", BigInteger, ForeignKey("scopes.number"), nullable=False),
    Column("key_generation", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    #: writing -> live -> quarantined or condemned; see chunk_index.py.
    Column("state", Text, nullable=False),
    Column("operation", Guid, nullable=False, index=True),
    Column("incarnation", Integer, nullable=False),
    Column("checked_at", Moment),
)


def _entries(name: str, *more: Column[object]) -> Table:
    return Table(
        name,
        METADATA,
        Column("scope", BigInteger, primary_key=True, autoincrement=False),
        Column("id", LargeBinary, primary_key=True),
        Column("pack", BigInteger, nullable=False),
        Column("frame", Integer, nullable=False),
        Column("offset_bytes", BigInteger, nullable=False),
        Column("sealed_bytes", Integer, nullable=False),
        Column("raw_bytes", Integer, nullable=False),
        *more,
        sqlite_with_rowid=False,
    )


chunks = _entries("chunks")

nodes = _entries("nodes", Column("closed_since", Moment))

planned_chunks = Table(
    "planned_chunks",
    METADATA,
    Column("operation", BigInteger, primary_key=True, autoincrement=False),
    Column("disk", Text, primary_key=True),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("chunk", LargeBinary, nullable=False),
    Column("wire_bytes", Integer, nullable=False),
    Index("planned_chunks_once", "operation", "chunk", unique=True),
    sqlite_with_rowid=False,
)
