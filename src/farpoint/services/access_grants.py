"""Access grants as other services see them: what is shared now, and the refusal to take it away from whoever reads it."""

import uuid
from collections.abc import Mapping
from typing import Final

from farpoint.errors import Code, RefusedError
from farpoint.metadata import access_grants, disk_points
from farpoint.metadata.connection import Connection
from farpoint.model.access import AccessLevel
from farpoint.model.resources import RestorePoint
from farpoint.services.context import RegionContext
from farpoint.services.references import DISK_POINT_TYPE, DISK_TYPE, SNAPSHOT_TYPE

_USED: Final = "There is an active shared access signature outstanding for"
#: Code and message, in Azure's words, by the type of what is shared.
_REFUSALS: Final = {
    DISK_POINT_TYPE: (Code.DISK_POINT_USED, f"{_USED} disk restore point. Call EndGetAccess before deleting the restore point."),
    DISK_TYPE: (Code.OPERATION_NOT_ALLOWED, f"{_USED} disk. Call EndGetAccess before deleting or attaching the disk."),
    SNAPSHOT_TYPE: (Code.OPERATION_NOT_ALLOWED, f"{_USED} snapshot. Call EndGetAccess before deleting the snapshot."),
}


def live_access(context: RegionContext) -> Mapping[uuid.UUID, AccessLevel]:
    """Return what is granted now, by the resource's GUID."""
    with context.database.read() as conn:
        return access_grants.live_access(conn, context.clock.now())


def refuse_if_shared(context: RegionContext, conn: Connection, subject: uuid.UUID) -> None:
    """Refuse to delete or attach a resource while a URL shows its bytes."""
    grant = access_grants.find_grant_of(conn, subject)
    if grant is not None and grant.is_live(context.clock.now()):
        code, message = _REFUSALS[grant.subject_type]
        raise RefusedError(code, message, hint=f"Its access ends by itself at {grant.expires_at:%Y-%m-%d %H:%M:%S} UTC.")


def refuse_if_point_shared(context: RegionContext, conn: Connection, point: RestorePoint) -> None:
    """Refuse to delete a restore point while a URL shows the bytes of one of its disks."""
    for disk in disk_points.list_disk_points(conn, point.id):
        refuse_if_shared(context, conn, disk.id)
