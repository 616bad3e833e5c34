"""The activity log: the newest write requests, up to a number. Entries are never changed."""

import uuid
from collections.abc import Sequence

from attrs import asdict, fields
from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select

from farpoint.metadata.rows import name_key
from farpoint.metadata.tables import activity
from farpoint.model.activity import Activity, ActivityFilter

#: Columns of their own; the rest is what the document holds.
_COLUMNS = ("id", "at")


def insert_activity(conn: Connection, entry: Activity, *, entries_max: int) -> None:
    """Add an entry; forget the oldest beyond *entries_max*."""
    conn.execute(
        insert(activity).values(
            id=entry.id,
            at=entry.at,
            resource_key=name_key(entry.resource),
            group_key=name_key(entry.group),
            provider_key=name_key(entry.action.partition("/")[0]),
            correlation_id=entry.correlation_id,
            entry={name: value for name, value in asdict(entry).items() if name not in _COLUMNS},
        )
    )
    newest = conn.execute(select(func.max(activity.c.number))).scalar_one()
    conn.execute(delete(activity).where(activity.c.number <= newest - entries_max))


def list_activity(conn: Connection, asked: ActivityFilter, *, before: int | None, limit: int) -> Sequence[tuple[int, Activity]]:
    """Return at most *limit* entries with their numbers, newest first, those older than the number *before*."""
    query = _matching(asked).order_by(activity.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(activity.c.number < before)
    return [(row["number"], _activity_of(row)) for row in conn.execute(query).mappings()]


def _matching(asked: ActivityFilter) -> Select[tuple[object, ...]]:
    query = select(activity)
    if asked.since is not None:
        query = query.where(activity.c.at >= asked.since)
    if asked.until is not None:
        query = query.where(activity.c.at <= asked.until)
    for column, value in (
        (activity.c.group_key, name_key(asked.group)),
        (activity.c.resource_key, name_key(asked.resource)),
        (activity.c.provider_key, name_key(asked.provider)),
        (activity.c.correlation_id, asked.correlation_id),
    ):
        if value:
            query = query.where(column == value)
    return query


def _activity_of(row: RowMapping) -> Activity:
    entry = row["entry"]
    known = {field.name: entry[field.name] for field in fields(Activity) if field.name not in _COLUMNS}
    return Activity(id=uuid.UUID(str(row["id"])), at=row["at"], **known)
