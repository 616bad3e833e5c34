"""Role assignments: small records that every region is to hold, each version numbered by the region that wrote it."""

import datetime as dt
import uuid

from sqlalchemy import Connection, RowMapping, insert, select, update

from farpoint.metadata.rows import name_key
from farpoint.metadata.tables import role_assignments
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.roles import RoleAssignment, find_role, principal_key


def get_assignment(conn: Connection, path: str) -> RoleAssignment | None:
    """Return the assignment with that ARM id, whatever its case."""
    row = conn.execute(select(role_assignments).where(role_assignments.c.key == name_key(path))).mappings().one_or_none()
    return None if row is None or row["deleted"] else _assignment_of(row)


def list_assignments(conn: Connection) -> list[RoleAssignment]:
    """Return all assignments, by ARM id."""
    query = select(role_assignments).where(role_assignments.c.deleted.is_(False)).order_by(role_assignments.c.key)
    return _all(list(conn.execute(query).mappings()))


def list_assignments_of(conn: Connection, principal: str) -> list[RoleAssignment]:
    """Return what is assigned to one principal."""
    query = select(role_assignments).where(role_assignments.c.principal_key == principal_key(principal))
    return _all(list(conn.execute(query.where(role_assignments.c.deleted.is_(False))).mappings()))


def put_assignment(conn: Connection, path: str, assignment: RoleAssignment, *, origin: RegionId) -> None:
    """Write the next version of the assignment with that ARM id."""
    _write(conn, path, origin=origin, principal=principal_key(assignment.principal), body=_body_of(assignment))


def bury_assignment(conn: Connection, path: str, *, origin: RegionId) -> None:
    """Write the tombstone of the assignment with that ARM id, so that no older version brings it back."""
    _write(conn, path, origin=origin, principal="", body=None)


def _write(conn: Connection, path: str, *, origin: RegionId, principal: str, body: JsonObject | None) -> None:
    key = name_key(path)
    version = conn.execute(select(role_assignments.c.version).where(role_assignments.c.key == key)).scalar_one_or_none()
    values = {"version": (version or 0) + 1, "origin": origin, "deleted": body is None, "principal_key": principal, "body": body or {}}
    if version is None:
        conn.execute(insert(role_assignments).values(key=key, path=path, **values))
    else:
        conn.execute(update(role_assignments).where(role_assignments.c.key == key).values(**values))


def _all(rows: list[RowMapping]) -> list[RoleAssignment]:
    found = [_assignment_of(row) for row in rows]
    return [assignment for assignment in found if assignment is not None]


def _body_of(assignment: RoleAssignment) -> JsonObject:
    return {
        "id": str(assignment.id),
        "scope": assignment.scope,
        "role": str(assignment.role.id),
        "principal": assignment.principal,
        "principalType": assignment.principal_type,
        "description": assignment.description,
        "createdAt": None if assignment.created_at is None else assignment.created_at.isoformat(),
        "createdBy": assignment.created_by,
    }


def _assignment_of(row: RowMapping) -> RoleAssignment | None:
    """Read a record; None when a newer region gave a role that this one does not know: it allows nothing here."""
    body = row["body"]
    role = find_role(uuid.UUID(body["role"]))
    if role is None:
        return None
    return RoleAssignment(
        id=uuid.UUID(body["id"]),
        scope=body["scope"],
        role=role,
        principal=body["principal"],
        principal_type=body["principalType"],
        description=body["description"],
        created_at=None if body["createdAt"] is None else dt.datetime.fromisoformat(body["createdAt"]),
        created_by=body["createdBy"],
    )
