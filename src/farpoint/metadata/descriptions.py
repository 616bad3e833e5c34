"""Resources that are only described, one table for all types."""

from sqlalchemy import Connection, RowMapping, select

from farpoint.metadata.catalogue import mark_changed
from farpoint.metadata.rows import RowValues, delete_row, insert_row, name_key, of_span, update_row
from farpoint.metadata.tables import descriptions
from farpoint.model.arm_id import group_path
from farpoint.model.catalogue import ResourceKind
from farpoint.model.descriptions import Description
from farpoint.model.ids import DescriptionId
from farpoint.model.spans import WHOLE, Span


def insert_description(conn: Connection, description: Description) -> None:
    """Insert a new one; raise RefusedError (Conflict) when the group has one of that type and name."""
    insert_row(conn, descriptions, _values_of(description), what=_words_for(description))
    _mark(conn, description)


def update_description(conn: Connection, description: Description) -> None:
    """Replace the row of this id; raise RefusedError when it is gone."""
    update_row(conn, descriptions, _values_of(description), what=_words_for(description))
    _mark(conn, description)


def get_description(conn: Connection, *, type_name: str, group: str, name: str) -> Description | None:
    """Return the one of that type and name, whatever their case."""
    query = select(descriptions).where(
        descriptions.c.type_key == name_key(type_name),
        descriptions.c.group_key == name_key(group),
        descriptions.c.name_key == name_key(name),
    )
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else _description_of(row)


def get_description_by_guid(conn: Connection, guid: DescriptionId) -> Description | None:
    """Return the one with that id."""
    row = conn.execute(select(descriptions).where(descriptions.c.id == guid)).mappings().one_or_none()
    return None if row is None else _description_of(row)


def list_descriptions(conn: Connection, *, type_name: str | None = None, group: str | None = None, span: Span = WHOLE) -> list[Description]:
    """Return those of one type or of all, in one group or in all, by group and name; or a stretch of those of one type."""
    query = of_span(select(descriptions), descriptions, group=group, span=span)
    if type_name is not None:
        query = query.where(descriptions.c.type_key == name_key(type_name))
    return [_description_of(row) for row in conn.execute(query).mappings()]


def delete_description(conn: Connection, guid: DescriptionId) -> None:
    """Delete the row, if it is there."""
    description = get_description_by_guid(conn, guid)
    if description is not None:
        delete_row(conn, descriptions, guid, what=_words_for(description))
        _mark(conn, description)


def _mark(conn: Connection, description: Description) -> None:
    path = f"{group_path(description.group)}/providers/{description.type}/{description.name}"
    mark_changed(conn, ResourceKind.DESCRIPTION, description.id, path)


def _words_for(description: Description) -> str:
    return f"{description.type} {description.name!r} in group {description.group!r}"


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
