"""What all tables share: the schema they belong to, and the column that numbers rows."""

from sqlalchemy import BigInteger, Integer, MetaData

METADATA = MetaData()

#: SQLite numbers rows by itself only in a column of exactly this type.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
