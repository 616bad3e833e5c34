"""Counters that never repeat a value, and single settings (the region's id, its epoch)."""

from sqlalchemy import Connection, insert, select, update

from farpoint.metadata.tables import counters, settings


def next_counter(conn: Connection, name: str) -> int:
    """Raise the counter *name* by one and return it; the first value is 1."""
    changed = conn.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1)).rowcount
    if changed == 0:
        conn.execute(insert(counters).values(name=name, value=1))
    return current_counter(conn, name)


def current_counter(conn: Connection, name: str) -> int:
    """Return the newest value of the counter *name*, 0 before the first."""
    return conn.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one_or_none() or 0


def get_setting(conn: Connection, key: str) -> str | None:
    """Return the setting *key*."""
    return conn.execute(select(settings.c.value).where(settings.c.key == key)).scalar_one_or_none()


def put_setting(conn: Connection, key: str, value: str) -> None:
    """Set the setting *key*."""
    if conn.execute(update(settings).where(settings.c.key == key).values(value=value)).rowcount == 0:
        conn.execute(insert(settings).values(key=key, value=value))
