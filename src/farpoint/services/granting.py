"""Granting and revoking access to the bytes of disks, snapshots and disk restore points by a signed URL.

Both are done when they are answered; they have an operation because Azure's clients follow one. A second request while a URL is
good extends it and returns the same URL; revoking takes effect at once. Each write access is one upload: granting it empties and
locks the disk's file, revoking it makes the bytes durable, checks them, and opens the disk for use or tells why not.
"""

import datetime as dt
import uuid
from contextlib import nullcontext
from typing import Final

from attrs import evolve, frozen

from farpoint.metadata import access_grants, disks, operations
from farpoint.metadata.connection import Connection
from farpoint.model.access import AccessGrant, AccessLevel, BlobFormat, GrantId
from farpoint.model.arm_id import ArmId
from farpoint.model.ids import DiskId
from farpoint.model.operations import Failure, Operation, OperationKind, OperationState
from farpoint.services.access_subjects import Subject, find_subject, refuse_other_access
from farpoint.services.access_urls import url_of
from farpoint.services.context import RegionContext
from farpoint.services.new_operations import new_operation
from farpoint.services.refusals import not_allowed
from farpoint.services.uploads import ending_upload, starting_upload

#: 60 days, Azure's own limit.
DURATION_SECONDS_MAX: Final = 60 * 24 * 3600


@frozen(kw_only=True)
class AccessRequest:
    """A POST beginGetAccess."""

    resource: ArmId
    access: AccessLevel
    format: BlobFormat
    duration_seconds: int


def begin_access(context: RegionContext, request: AccessRequest, *, principal: str) -> Operation:
    """Grant access, or extend what was granted; the operation has ended. Its result is granted_url()."""

    def look() -> Subject:
        with context.database.read() as conn:
            return _look(context, conn, request)[0]

    subject = look()
    with starting_upload(context, subject, look) if request.access is AccessLevel.WRITE else nullcontext():
        return _grant(context, request, principal)


def end_access(context: RegionContext, resource: ArmId, *, principal: str) -> Operation:
    """Revoke what was granted, if anything was; the operation has ended, and has failed when an upload came to nothing."""
    with context.database.read() as conn:
        subject = find_subject(conn, resource)
        grant = access_grants.find_grant_of(conn, subject.guid)
    if grant is not None and grant.access is AccessLevel.WRITE:
        with ending_upload(context, subject) as failure:
            return _revoke(context, resource, subject, principal=principal, failure=failure)
    return _revoke(context, resource, subject, principal=principal)


def granted_url(context: RegionContext, operation: Operation, *, principal: str) -> str | None:
    """Return the URL that *operation* granted while it is good, to whoever asked for it; None for everybody and anything else."""
    if operation.kind is not OperationKind.BEGIN_ACCESS or operation.principal != principal:
        return None
    with context.database.read() as conn:
        grant = access_grants.get_grant(conn, GrantId(uuid.UUID(operation.subject)))
    return None if grant is None or not grant.is_live(context.clock.now()) else url_of(context, grant)


def _grant(context: RegionContext, request: AccessRequest, principal: str) -> Operation:
    with context.database.write() as conn:
        subject, existing = _look(context, conn, request)
        grant = _granted(context, request, subject, existing)
        access_grants.put_grant(conn, grant)
        operation = new_operation(
            context, OperationKind.BEGIN_ACCESS, resource=request.resource, subject=str(grant.id), principal=principal
        )
        return _insert_ended(context, conn, operation)


def _revoke(context: RegionContext, resource: ArmId, subject: Subject, *, principal: str, failure: Failure | None = None) -> Operation:
    with context.database.write() as conn:
        grant = access_grants.find_grant_of(conn, subject.guid)
        access_grants.delete_grant_of(conn, subject.guid)
        if grant is not None and grant.access is AccessLevel.WRITE and failure is None:
            _open_for_use(conn, subject)
        what = subject.guid if grant is None else grant.id
        operation = new_operation(context, OperationKind.END_ACCESS, resource=resource, subject=str(what), principal=principal)
        return _insert_ended(context, conn, operation, failure)


def _open_for_use(conn: Connection, subject: Subject) -> None:
    disk = disks.get_disk_by_guid(conn, DiskId(subject.guid))
    if disk is not None:
        disks.update_disk(conn, evolve(disk, awaits_upload=False))


def _look(context: RegionContext, conn: Connection, request: AccessRequest) -> tuple[Subject, AccessGrant | None]:
    """Return the resource and its grant, if any; refuse what cannot be granted."""
    subject = find_subject(conn, request.resource)
    refuse_other_access(subject, request.access)
    existing = access_grants.find_grant_of(conn, subject.guid)
    live = existing is not None and existing.is_live(context.clock.now())
    if existing is not None and live and existing.format is not request.format:
        message = f"The bytes of '{request.resource.name}' are shared as {existing.format} already."
        raise not_allowed(message, hint="Call endGetAccess first, or ask for the same format.", target="farpoint.format")
    return subject, existing


def _granted(context: RegionContext, request: AccessRequest, subject: Subject, existing: AccessGrant | None) -> AccessGrant:
    """Return the grant as it is from now on: a live one lasts longer, an expired one gives way to one with another URL."""
    now = context.clock.now()
    expires = now + dt.timedelta(seconds=request.duration_seconds)
    if existing is not None and existing.is_live(now):
        return evolve(existing, expires_at=max(existing.expires_at, expires))
    guid = GrantId(context.entropy.guid())
    if existing is not None:
        return evolve(existing, id=guid, access=request.access, format=request.format, expires_at=expires)
    return AccessGrant(
        id=guid,
        subject=subject.guid,
        subject_type=subject.type,
        access=request.access,
        format=request.format,
        expires_at=expires,
    )


def _insert_ended(context: RegionContext, conn: Connection, operation: Operation, failure: Failure | None = None) -> Operation:
    """Insert an operation that was done at once."""
    state = OperationState.SUCCEEDED if failure is None else OperationState.FAILED
    ended = evolve(operation, state=state, answered=True, failure=failure, ended_at=context.clock.now())
    operations.insert_operation(conn, ended)
    return ended
