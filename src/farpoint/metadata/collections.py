"""Restore point collections. Those behind snapshots (snapshots.py) are found by their id only, and never listed."""

from sqlalchemy import Connection, RowMapping, Select, func, select

from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.rows import RowValues, delete_row, insert_row, name_key, of_span, update_row
from farpoint.metadata.tables import collections
from farpoint.model.arm_id import compute_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.ids import CollectionId
from farpoint.model.resources import Collection
from farpoint.model.spans import WHOLE, Span


def insert_collection(conn: Connection, collection: Collection) -> None:
    """Insert a new collection; raise RefusedError (Conflict) when the group has one of that name."""
    insert_row(conn, collections, _values_of(collection), what=_words_for(collection))
    _mark(conn, collection)


def update_collection(conn: Connection, collection: Collection) -> None:
    """Replace the row of this collection's id; raise RefusedError when it is gone."""
    update_row(conn, collections, _values_of(collection), what=_words_for(collection))
    _mark(conn, collection)


def get_collection(conn: Connection, *, group: str, name: str) -> Collection | None:
    """Return the collection of that name, whatever its case."""
    query = _select_shown().where(collections.c.group_key == name_key(group), collections.c.name_key == name_key(name))
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _collection_of(row)


def get_collection_by_guid(conn: Connection, guid: CollectionId) -> Collection | None:
    """Return the collection with that id."""
    row = conn.execute(select(collections).where(collections.c.id == guid)).mappings().one_or_none()
    return None if row is None else _collection_of(row)


def list_collections(conn: Connection, *, group: str | None = None, span: Span = WHOLE) -> list[Collection]:
    """Return the collections of one group or of all, by group and name, or a stretch of them."""
    query = of_span(_select_shown(), collections, group=group, span=span)
    return [_collection_of(row) for row in conn.execute(query).mappings()]


def count_collections(conn: Connection) -> int:
    """Count the region's own collections."""
    return conn.execute(select(func.count()).select_from(collections).where(~collections.c.of_snapshots)).scalar_one()


def delete_collection(conn: Connection, guid: CollectionId) -> None:
    """Delete the collection, if it is there; raise RefusedError while it has restore points."""
    collection = get_collection_by_guid(conn, guid)
    if collection is not None:
        delete_row(conn, collections, guid, what=_words_for(collection))
        _mark(conn, collection)


def _mark(conn: Connection, collection: Collection) -> None:
    path = compute_path(collection.group, ("restorePointCollections", collection.name))
    mark_changed(conn, ResourceKind.COLLECTION, collection.id, path)


def _select_shown() -> Select[tuple[object, ...]]:
    return select(collections).where(~collections.c.of_snapshots)


def _words_for(collection: Collection) -> str:
    return f"restore point collection {collection.name!r} in group {collection.group!r}"


def _values_of(collection: Collection) -> RowValues:
    return {
        "id": collection.id,
        "group": collection.group,
        "group_key": name_key(collection.group),
        "name": collection.name,
        "name_key": name_key(collection.name),
        "location": collection.location,
        "tags": collection.tags,
        "source_id": collection.source_id,
        "source_location": collection.source_location,
        "time_created": collection.time_created,
        "of_snapshots": collection.of_snapshots,
    }


def _collection_of(row: RowMapping) -> Collection:
    return Collection(
        id=CollectionId(row["id"]),
        group=row["group"],
        name=row["name"],
        location=row["location"],
        tags=row["tags"],
        source_id=row["source_id"],
        source_location=row["source_location"],
        time_created=row["time_created"],
        of_snapshots=row["of_snapshots"],
    )
