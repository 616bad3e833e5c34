"""The activity log of this region: what is recorded after a write request, and what is asked of it."""

from collections.abc import Sequence

from farpoint.metadata import activity
from farpoint.model.activity import Activity, ActivityFilter
from farpoint.services.context import RegionContext


def record_activity(context: RegionContext, entry: Activity) -> None:
    """Keep an entry, durably; the oldest go when there are too many."""
    with context.database.write() as conn:
        activity.insert_activity(conn, entry, entries_max=context.activity_entries_max)


def list_activity(context: RegionContext, asked: ActivityFilter, *, before: int | None, limit: int) -> Sequence[tuple[int, Activity]]:
    """Return entries with their numbers, newest first, those older than the number *before*."""
    with context.database.read() as conn:
        return activity.list_activity(conn, asked, before=before, limit=limit)
