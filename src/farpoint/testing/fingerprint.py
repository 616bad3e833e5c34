"""All that is durable in a region, as one value to compare: what a run that was taken over must leave as it was."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from attrs import field, frozen

from farpoint.bucket.names import PACKS, RECEIPTS, TOMBSTONES
from farpoint.testing.regions import SmallRegion

#: A pack counts from the moment its row is live, which a claim guards; its object alone is nobody's.
_LEFT_OUT_TABLES = frozenset({"sqlite_sequence", "packs"})
#: Whoever took over writes the same tombstones and receipts, byte for byte.
_LEFT_OUT_OBJECTS = (PACKS, TOMBSTONES, RECEIPTS)


@frozen
class Fingerprint:
    """Rows by table, object sizes by name, and digests of disks by file name."""

    tables: dict[str, list[tuple[object, ...]]] = field(repr=False)
    objects: dict[str, int] = field(repr=False)
    disks: dict[str, str] = field(repr=False)


def changes(before: Fingerprint, after: Fingerprint) -> list[str]:
    """Say what is not as it was."""
    found = [f"table {name}" for name, rows in after.tables.items() if rows != before.tables[name]]
    found += [f"object {name}" for name in sorted({name for name, _ in before.objects.items() ^ after.objects.items()})]
    return found + [f"disk {name}" for name in sorted({name for name, _ in before.disks.items() ^ after.disks.items()})]


def fingerprint(region: SmallRegion) -> Fingerprint:
    """Read everything, beside the code under test."""
    with closing(sqlite3.connect(f"file:{region.folder / 'metadata.sqlite'}?mode=ro", uri=True)) as connection:
        names = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        tables = {name: list(connection.execute(f'SELECT * FROM "{name}"')) for name in names if name not in _LEFT_OUT_TABLES}  # noqa: S608 - names of our tables
    objects = {info.name: info.size_bytes for info in region.bucket.list("") if not info.name.startswith(_LEFT_OUT_OBJECTS)}
    return Fingerprint(tables, objects, _disks(region.pool))


def _disks(pool: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(pool.iterdir()) if path.is_file()}
