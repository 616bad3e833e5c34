"""Resource groups; every region holds all of them."""

from sqlalchemy import Connection, RowMapping, insert, select, update

from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.rows import name_key
from farpoint.metadata.tables import groups
from farpoint.model.arm_id import group_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.ids import GroupId
from farpoint.model.resources import ResourceGroup


def get_group(conn: Connection, name: str) -> ResourceGroup | None:
    """Return the group of that name, whatever its case."""
    row = conn.execute(select(groups).where(groups.c.name_key == name_key(name))).mappings().one_or_none()
    return None if row is None else _group_of(row)


def list_groups(conn: Connection) -> list[ResourceGroup]:
    """Return all groups by name."""
    return [_group_of(row) for row in conn.execute(select(groups).order_by(groups.c.name_key)).mappings()]


def put_group(conn: Connection, group: ResourceGroup) -> None:
    """Insert the group; one of that name keeps its id and the case of its name, and takes location and tags."""
    changes = update(groups).where(groups.c.name_key == name_key(group.name)).values(location=group.location, tags=group.tags)
    if conn.execute(changes).rowcount == 0:
        row = {"id": group.id, "name": group.name, "name_key": name_key(group.name), "location": group.location, "tags": group.tags}
        conn.execute(insert(groups).values(**row))
    stored = get_group(conn, group.name)
    assert stored is not None
    mark_changed(conn, ResourceKind.GROUP, stored.id, group_path(stored.name))


def get_group_by_guid(conn: Connection, guid: GroupId) -> ResourceGroup | None:
    """Return the group with that id."""
    row = conn.execute(select(groups).where(groups.c.id == guid)).mappings().one_or_none()
    return None if row is None else _group_of(row)


def _group_of(row: RowMapping) -> ResourceGroup:
    return ResourceGroup(id=GroupId(row["id"]), name=row["name"], location=row["location"], tags=row["tags"])
