"""The schema's versions: an empty database gets the newest schema at once, an older one is brought up step by step.

To change the schema: change tables.py, raise SCHEMA_VERSION, add a function to _STEPS that turns the version before into the new
one, and add the new text to tests/golden/metadata (a test compares; another upgrades each older text). A step is plain SQL or
Core, runs in the one transaction that migrate is given, and never imports tables.py, which describes only the newest schema.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, update

from farpoint.errors import Code, RefusedError
from farpoint.metadata import index_tables
from farpoint.metadata.schema import METADATA
from farpoint.metadata.tables import schema_version

SCHEMA_VERSION = 1
#: A table belongs to the schema once its module is loaded; the index's is named here so that it always is.
_INDEX = (index_tables.packs, index_tables.planned_chunks)

#: Version reached -> the function that gets there from the version before.
_STEPS: Mapping[int, Callable[[Connection], None]] = {}


def migrate(connection: Connection) -> None:
    """Bring the schema to SCHEMA_VERSION; raise RefusedError for a database that a newer Farpoint wrote."""
    found = _version_of(connection)
    if found is None:
        METADATA.create_all(connection)
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
        return
    if found > SCHEMA_VERSION:
        message = f"the database has schema version {found}, this Farpoint knows versions up to {SCHEMA_VERSION}"
        raise RefusedError(Code.CONFIGURATION, message, hint="Run the Farpoint that wrote it, or a newer one.")
    for version in range(found + 1, SCHEMA_VERSION + 1):
        _STEPS[version](connection)
        connection.execute(update(schema_version).values(version=version))


def _version_of(connection: Connection) -> int | None:
    if not inspect(connection).has_table(schema_version.name):
        return None
    return int(connection.execute(select(schema_version.c.version)).scalar_one())
