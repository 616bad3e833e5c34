"""Insert, change or delete one row by its id, with refusals in our words.

A refused insert must end its transaction: raise the refusal through Database.write, which rolls back.
"""

import uuid
from collections.abc import Mapping

from sqlalchemy import Connection, Select, Table, delete, insert, tuple_, update
from sqlalchemy.exc import IntegrityError

from farpoint.errors import Code, RefusedError
from farpoint.metadata.sqlite import is_broken_reference, is_duplicate
from farpoint.model.spans import Span

#: Column name -> value as the column's type takes it.
RowValues = Mapping[str, object]


def name_key(name: str) -> str:
    """Return the form in which names are compared."""
    return name.lower()


def of_span(query: Select[tuple[object, ...]], table: Table, *, group: str | None, span: Span) -> Select[tuple[object, ...]]:
    """Cut *query* down to the rows of one group, or of all, in a stretch of the list by group and name."""
    place = (table.c.group_key, table.c.name_key)
    if group is not None:
        query = query.where(table.c.group_key == name_key(group))
    if span.after is not None:
        query = query.where(tuple_(*place) > tuple_(*span.after))
    return query.order_by(*place).limit(span.limit)


def insert_row(conn: Connection, table: Table, values: RowValues, *, what: str) -> None:
    """Insert one row; a row with its key means that *what* exists already."""
    try:
        conn.execute(insert(table).values(**values))
    except IntegrityError as error:
        raise refusal(error, what) from error


def update_row(conn: Connection, table: Table, values: RowValues, *, what: str) -> None:
    """Change the row with this id to *values*; raise RefusedError when it is gone."""
    try:
        changed = conn.execute(update(table).where(table.c.id == values["id"]).values(**values)).rowcount
    except IntegrityError as error:
        raise refusal(error, what) from error
    if changed == 0:
        raise RefusedError(Code.RESOURCE_NOT_FOUND, f"{what} does not exist any more", hint="It was deleted meanwhile.")


def delete_row(conn: Connection, table: Table, guid: uuid.UUID, *, what: str) -> None:
    """Delete the row with this id, if it is there; raise RefusedError while another row refers to it."""
    try:
        conn.execute(delete(table).where(table.c.id == guid))
    except IntegrityError as error:
        raise refusal(error, what) from error


def refusal(error: IntegrityError, what: str) -> RefusedError:
    """Say what a violated constraint means for *what*; anything but a duplicate or a reference is a bug and goes on as it is."""
    if is_duplicate(error):
        return RefusedError(Code.CONFLICT, f"{what} exists already", hint="Choose another name, or delete the existing one first.")
    if not is_broken_reference(error):
        raise error
    message = f"{what} refers to something that does not exist, or something still refers to it"
    return RefusedError(Code.CONFLICT, message, hint="Create or delete that first.")
