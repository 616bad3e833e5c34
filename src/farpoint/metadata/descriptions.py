"""Resources that are only described, one table for all types."""

from sqlalchemy import Connection, RowMapping, Select, delete, select

from farpoint.metadata.rows import RowValues, insert_row, name_key, update_row
from farpoint.metadata.tables import descriptions
from farpoint.model.descriptions import Description
from farpoint.model.ids import DescriptionId


def insert_description(conn: Connection, description: Description) -> None:
    """Insert a new one; raise RefusedError (Conflict) when the group has one of that type and name."""
    insert_row(conn, descriptions, _values_of(description), what=f"{description.type} {description.name!r}")


def update_description(conn: Connection, description: Description) -> None:
    """Replace the row of this id; raise RefusedError when it is gone."""
    update_row(conn, descriptions, _values_of(description), what=f"{description.type} {description.name!r}")


def get_description(conn: Connection, *, type_name: str, group: str, name: str) -> Description | None:
    """Return the one of that type and name, whatever their case."""
    query = _of_type(type_name).where(descriptions.c.group_key == name_key(group), descriptions.c.name_key == name_key(name))
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _description_of(row)


def list_descriptions(conn: Connection, *, type_name: str, group: str | None = None) -> list[Description]:
    """Return those of a type, in one group or in all, by group and name."""
    query = _of_type(type_name).order_by(descriptions.c.group_key, descriptions.c.name_key)
    if group is not None:
        query = query.where(descriptions.c.group_key == name_key(group))
    return [_description_of(row) for row in conn.execute(query).mappings()]


def delete_description(conn: Connection, guid: DescriptionId) -> None:
    """Delete the row, if it is there."""
    conn.execute(delete(descriptions).where(descriptions.c.id == guid))


def _of_type(type_name: str) -> Select[tuple[object, ...]]:
    return select(descriptions).where(descriptions.c.type_key == name_key(type_name))


def _values_of(description: Description) -> RowValues:
    return {
        "id": description.id,
        "type": description.type,
        "type_key": name_key(description.type),
        "group": description.group,
        "group_key": name_key(description.group),
        "name": description.name,
        "name_key": name_key(description.name),
        "location": description.location,
        "tags": description.tags,
        "properties": description.properties,
    }


def _description_of(row: RowMapping) -> Description:
    return Description(
        id=DescriptionId(row["id"]),
        type=row["type"],
        group=row["group"],
        name=row["name"],
        location=row["location"],
        tags=row["tags"],
        properties=row["properties"],
    )
