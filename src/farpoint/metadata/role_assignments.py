"""Role assignments: directory records of kind ``roleAssignment``, so every region holds all of them.

A path here is the ARM id of an assignment without its subscription.
"""

import datetime as dt
import uuid
from typing import Final

from sqlalchemy import Connection

from farpoint.metadata.directory import get_record, list_records, write_record
from farpoint.model.directory import DirectoryRecord
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.roles import RoleAssignment, covers, find_role

ASSIGNMENT_KIND: Final = "roleAssignment"


def get_assignment(conn: Connection, path: str) -> RoleAssignment | None:
    """Return the assignment with that path, whatever its case."""
    record = get_record(conn, path)
    return None if record is None or record.deleted or record.kind != ASSIGNMENT_KIND else _assignment_of(record)


def list_assignments(conn: Connection) -> list[RoleAssignment]:
    """Return all assignments, by path."""
    found = [_assignment_of(record) for record in list_records(conn, ASSIGNMENT_KIND)]
    return [assignment for assignment in found if assignment is not None]


def put_assignment(conn: Connection, path: str, assignment: RoleAssignment, *, origin: RegionId) -> DirectoryRecord:
    """Write the assignment; return the record that the peers are to hear of."""
    return write_record(conn, kind=ASSIGNMENT_KIND, path=path, origin=origin, body=_body_of(assignment))


def bury_assignment(conn: Connection, path: str, *, origin: RegionId) -> DirectoryRecord:
    """Delete the assignment; return the tombstone."""
    return write_record(conn, kind=ASSIGNMENT_KIND, path=path, origin=origin, body=None)


def bury_assignments_below(conn: Connection, scope_path: str, *, origin: RegionId) -> list[DirectoryRecord]:
    """Delete the assignments at a scope, named without its subscription, and below it; return the tombstones."""
    gone = [record.path for record in list_records(conn, ASSIGNMENT_KIND) if covers(scope_path, record.path)]
    return [bury_assignment(conn, path, origin=origin) for path in gone]


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


def _assignment_of(record: DirectoryRecord) -> RoleAssignment | None:
    """Read a record; None when this region cannot, perhaps because a newer one gave a role unknown here: it allows nothing."""
    try:
        return _read_body(record.body)
    except (KeyError, ValueError):
        # Every request reads all assignments; one that a peer wrote wrongly must not keep everybody out.
        return None


def _read_body(body: JsonObject) -> RoleAssignment | None:
    role = find_role(uuid.UUID(str(body["role"])))
    made_at = body["createdAt"]
    if role is None:
        return None
    return RoleAssignment(
        id=uuid.UUID(str(body["id"])),
        scope=str(body["scope"]),
        role=role,
        principal=str(body["principal"]),
        principal_type=str(body["principalType"]),
        description=str(body["description"]),
        created_at=None if made_at is None else dt.datetime.fromisoformat(str(made_at)),
        created_by=str(body["createdBy"]),
    )
