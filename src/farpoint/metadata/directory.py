"""Directory records, tombstones included. How two versions are compared is model/directory.py's."""

import uuid
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.counters import current_counter, next_counter
from farpoint.metadata.rows import RowValues, name_key
from farpoint.metadata.tables import directory_records
from farpoint.model.catalogue import ResourceKind
from farpoint.model.directory import DirectoryRecord, newer
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId

#: Counts the versions that were stored, so that whoever keeps records in memory sees whether one is new.
_CHANGES: Final = "directoryChanges"


def get_record(conn: Connection, path: str) -> DirectoryRecord | None:
    """Return the record with that path, whatever its case; it may be a tombstone."""
    row = conn.execute(select(directory_records).where(directory_records.c.key == name_key(path))).mappings().one_or_none()
    return None if row is None else _record_of(row)


def get_record_by_guid(conn: Connection, guid: uuid.UUID) -> DirectoryRecord | None:
    """Return the record with that id; it may be a tombstone."""
    row = conn.execute(select(directory_records).where(directory_records.c.id == guid)).mappings().one_or_none()
    return None if row is None else _record_of(row)


def list_records(conn: Connection, kind: str, *, after: str = "", limit: int | None = None) -> list[DirectoryRecord]:
    """Return at most *limit* records of that kind that are not deleted, by key, those after the key *after*."""
    query = select(directory_records).where(directory_records.c.kind == kind, directory_records.c.deleted.is_(False))
    query = query.where(directory_records.c.key > after).order_by(directory_records.c.key).limit(limit)
    return [_record_of(row) for row in conn.execute(query).mappings()]


def all_records(conn: Connection) -> list[DirectoryRecord]:
    """Return every record of every kind, tombstones included."""
    return [_record_of(row) for row in conn.execute(select(directory_records).order_by(directory_records.c.key)).mappings()]


def newest_change(conn: Connection) -> int:
    """Return a number that is higher after every record that was written or merged here; 0 before the first."""
    return current_counter(conn, _CHANGES)


def write_record(conn: Connection, *, kind: str, path: str, origin: RegionId, body: JsonObject | None) -> DirectoryRecord:
    """Write the next version of a record; without *body* its tombstone. The path keeps the case it was first written in."""
    existing = get_record(conn, path)
    record = DirectoryRecord(
        kind=kind,
        path=path if existing is None or existing.deleted else existing.path,
        version=1 if existing is None else existing.version + 1,
        origin=origin,
        deleted=body is None,
        body={} if body is None else body,
    )
    _store(conn, record, replace=existing is not None)
    return record


def merge_record(conn: Connection, record: DirectoryRecord) -> bool:
    """Take over a version from elsewhere if it is the newer one; tell whether it was."""
    existing = get_record(conn, record.path)
    if existing is not None and newer(existing, record) == existing:
        return False
    _store(conn, record, replace=existing is not None)
    return True


def _store(conn: Connection, record: DirectoryRecord, *, replace: bool) -> None:
    values = _values_of(record)
    if replace:
        conn.execute(update(directory_records).where(directory_records.c.key == record.key).values(**values))
    else:
        conn.execute(insert(directory_records).values(**values))
    next_counter(conn, _CHANGES)
    mark_changed(conn, ResourceKind.DIRECTORY, record.guid, record.path)


def _values_of(record: DirectoryRecord) -> RowValues:
    return {
        "key": record.key,
        "id": record.guid,
        "kind": record.kind,
        "path": record.path,
        "version": record.version,
        "origin": record.origin,
        "deleted": record.deleted,
        "body": record.body,
    }


def _record_of(row: RowMapping) -> DirectoryRecord:
    return DirectoryRecord(
        kind=row["kind"],
        path=row["path"],
        version=row["version"],
        origin=RegionId(row["origin"]),
        deleted=row["deleted"],
        body=row["body"],
    )
