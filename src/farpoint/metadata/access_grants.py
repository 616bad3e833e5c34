"""Access grants: at most one per disk, disk restore point or snapshot.

An expired one stays until it is replaced or revoked, or its resource goes.
"""

import datetime as dt
import uuid
from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, delete, select, update

from farpoint.metadata.rows import RowValues, insert_row
from farpoint.metadata.tables import access_grants
from farpoint.model.access import AccessGrant, AccessLevel, BlobFormat, GrantId


def put_grant(conn: Connection, grant: AccessGrant) -> None:
    """Make *grant* the only one of its subject."""
    delete_grant_of(conn, grant.subject)
    insert_row(conn, access_grants, _values_of(grant), what=f"access grant of {grant.subject}")


def get_grant(conn: Connection, guid: GrantId) -> AccessGrant | None:
    """Return the grant with that id, live or expired."""
    row = conn.execute(select(access_grants).where(access_grants.c.id == guid)).mappings().one_or_none()
    return None if row is None else _grant_of(row)


def find_grant_of(conn: Connection, subject: uuid.UUID) -> AccessGrant | None:
    """Return the grant of a resource, live or expired."""
    row = conn.execute(select(access_grants).where(access_grants.c.subject == subject)).mappings().one_or_none()
    return None if row is None else _grant_of(row)


def live_access(conn: Connection, now: dt.datetime) -> Mapping[uuid.UUID, AccessLevel]:
    """Return what is granted at *now*, by the resource's GUID."""
    query = select(access_grants.c.subject, access_grants.c.access).where(access_grants.c.expires_at > now)
    return {subject: AccessLevel(access) for subject, access in conn.execute(query)}


def update_upload(conn: Connection, guid: GrantId, *, sequence_number: int, footer: bytes | None) -> None:
    """Change what an upload keeps beside the disk's file, and nothing else: the grant may be extended meanwhile."""
    conn.execute(update(access_grants).where(access_grants.c.id == guid).values(sequence_number=sequence_number, footer=footer))


def delete_grant_of(conn: Connection, subject: uuid.UUID) -> None:
    """Delete the grant of a resource, if it has one."""
    conn.execute(delete(access_grants).where(access_grants.c.subject == subject))


def _values_of(grant: AccessGrant) -> RowValues:
    return {
        "id": grant.id,
        "subject": grant.subject,
        "subject_type": grant.subject_type,
        "access": grant.access.value,
        "format": grant.format.value,
        "expires_at": grant.expires_at,
        "sequence_number": grant.sequence_number,
        "footer": grant.footer,
    }


def _grant_of(row: RowMapping) -> AccessGrant:
    return AccessGrant(
        id=GrantId(row["id"]),
        subject=row["subject"],
        subject_type=row["subject_type"],
        access=AccessLevel(row["access"]),
        format=BlobFormat(row["format"]),
        expires_at=row["expires_at"],
        sequence_number=row["sequence_number"],
        footer=row["footer"],
    )
