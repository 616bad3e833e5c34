"""Resource groups: directory records of kind ``group``, so every region holds all of them."""

import uuid
from typing import Final

from sqlalchemy import Connection

from farpoint.metadata.directory import get_record, list_records, write_record
from farpoint.model.arm_id import group_path
from farpoint.model.directory import DirectoryRecord
from farpoint.model.documents import JsonObject
from farpoint.model.ids import GroupId, RegionId
from farpoint.model.resources import GroupState, ResourceGroup

GROUP_KIND: Final = "group"


def get_group(conn: Connection, name: str) -> ResourceGroup | None:
    """Return the group of that name, whatever its case."""
    record = get_record(conn, group_path(name))
    return None if record is None or record.deleted else _group_of(record)


def list_groups(conn: Connection, *, after: str = "", limit: int | None = None) -> list[ResourceGroup]:
    """Return at most *limit* groups by name, those after the name *after*."""
    start = group_path(after).lower() if after else ""
    return [_group_of(record) for record in list_records(conn, GROUP_KIND, after=start, limit=limit)]


def put_group(conn: Connection, group: ResourceGroup, *, origin: RegionId) -> DirectoryRecord:
    """Write the group; return the record that the peers are to hear of."""
    return write_record(conn, kind=GROUP_KIND, path=group_path(group.name), origin=origin, body=_body_of(group))


def bury_group(conn: Connection, name: str, *, origin: RegionId) -> DirectoryRecord:
    """Delete the group; return the tombstone."""
    return write_record(conn, kind=GROUP_KIND, path=group_path(name), origin=origin, body=None)


def first_group_record(group: ResourceGroup, *, origin: RegionId) -> DirectoryRecord:
    """Return the record of a group that regions are born with: whatever anybody writes on purpose is newer."""
    return DirectoryRecord(kind=GROUP_KIND, path=group_path(group.name), version=0, origin=origin, body=_body_of(group))


def _body_of(group: ResourceGroup) -> JsonObject:
    return {"id": str(group.id), "name": group.name, "location": group.location, "tags": group.tags, "state": group.state.value}


def _group_of(record: DirectoryRecord) -> ResourceGroup:
    body = record.body
    tags = body["tags"]
    assert isinstance(tags, dict), "a group record without tags"
    return ResourceGroup(
        id=GroupId(uuid.UUID(str(body["id"]))),
        name=str(body["name"]),
        location=str(body["location"]),
        tags=tags,
        state=GroupState(str(body["state"])),
    )
