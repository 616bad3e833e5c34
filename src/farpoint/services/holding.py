"""Holds that peers have here: pinning a published point for a copy, using the hold, ending it."""

from farpoint.errors import Code, HoldLostError, RefusedError, UnavailableError
from farpoint.metadata.connection import Connection
from farpoint.metadata.disk_points import list_disk_points
from farpoint.metadata.holds import Hold, create_or_get_hold, get_hold, release_hold, renew_hold
from farpoint.metadata.points import get_point, get_point_by_guid
from farpoint.metadata.snapshots import get_snapshot
from farpoint.model.actions import Need, Requested
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.documents import JsonObject
from farpoint.model.ids import RegionId
from farpoint.model.manifest import DiskEntry
from farpoint.model.remote import HeldPoint
from farpoint.model.resources import DiskRestorePoint, ProvisioningState, RestorePoint
from farpoint.peers.messages import HoldRequest, ReleaseRequest
from farpoint.services.authority import Principal
from farpoint.services.serving import ServingContext

_POINT_TYPE = "Microsoft.Compute/restorePointCollections/restorePoints"
_SNAPSHOT_TYPE = "Microsoft.Compute/snapshots"


def hold_point(context: ServingContext, *, peer: RegionId, request: HoldRequest) -> HeldPoint:
    """Pin a published point for a peer's operation: check the user, take the hold, return what the copy needs to know.

    Asking again for the same operation returns the same hold, which then lives its full time again.
    """
    claims = context.assertions.verify_assertion(
        request.assertion, region_id=str(peer), own_region_id=str(context.identity.region), operation=str(request.operation)
    )
    arm_id = _parse_point_id(request.point_id)
    user = context.authorities.of(Principal(id=claims.client_id, name=claims.client_name))
    user.require(Requested(need=Need.HERE, action=f"{_POINT_TYPE}/read", scope=str(arm_id)))
    with context.database.write() as conn:
        point = _find_point(conn, arm_id)
        manifest = point.manifest
        if manifest is None:
            raise _not_ready(point, arm_id)
        facts = _facts_of(point, arm_id, list_disk_points(conn, point.id))
        # The point's row and its hold are one transaction: it cannot be deleted between the look and the pin.
        hold = create_or_get_hold(
            conn, manifest=manifest, point_id=str(arm_id), peer=peer, operation=request.operation, epoch=context.epoch
        )
        if hold.manifest != manifest:
            raise RefusedError(
                Code.CONFLICT, f"operation {request.operation} of region {peer} holds another restore point already: {hold.point_id}"
            )
    return HeldPoint(token=hold.token, statement=context.vault.manifests.statement(manifest), facts=facts)


def use_hold(context: ServingContext, *, peer: RegionId, token: str, disk: str) -> DiskEntry:
    """Return the named disk of a held point, and let the hold live its full time again.

    The hold names a manifest, so this works on after the point itself was deleted.
    """
    with context.database.read() as conn:
        hold = get_hold(conn, token)
    if hold is None or hold.peer != peer:
        raise HoldLostError(f"hold {token} is not known in region {context.identity.name}: it was released, or not used for too long")
    _renew(context, hold)
    manifest = context.manifests.read(hold.manifest)
    for entry in manifest.disks:
        if entry.name == disk:
            return entry
    raise RefusedError(Code.COPY_SOURCE_NOT_FOUND, f"restore point {hold.point_id} has no disk {disk!r}")


def end_hold(context: ServingContext, *, peer: RegionId, request: ReleaseRequest) -> None:
    """End a peer's hold and keep the receipt. A hold that is gone already is fine: the answer to an earlier call was lost."""
    with context.database.write() as conn:
        hold = get_hold(conn, request.token)
        if hold is not None and hold.peer == peer:
            release_hold(conn, request.token, request.receipt)


def _renew(context: ServingContext, hold: Hold) -> None:
    # Most uses come within one tick of the last; those need no write, and no fsync.
    if not hold.is_fresh:
        with context.database.write() as conn:
            renew_hold(conn, hold.token)


def _parse_point_id(text: str) -> ArmId:
    try:
        arm_id = parse_arm_id(text)
    except ValueError as error:
        raise RefusedError(Code.INVALID_PARAMETER, str(error), target="point") from error
    if not arm_id.is_type(_POINT_TYPE) and not arm_id.is_type(_SNAPSHOT_TYPE):
        raise RefusedError(Code.INVALID_PARAMETER, f"{text} is neither a restore point nor a snapshot", target="point")
    return arm_id


def _find_point(conn: Connection, arm_id: ArmId) -> RestorePoint:
    point = _point_at(conn, arm_id)
    if point is None or point.provisioning_state is ProvisioningState.DELETING:
        raise RefusedError(Code.COPY_SOURCE_NOT_FOUND, f"{arm_id} is not in this region", hint="It may have been deleted; choose another.")
    return point


def _point_at(conn: Connection, arm_id: ArmId) -> RestorePoint | None:
    if not arm_id.is_type(_SNAPSHOT_TYPE):
        return get_point(conn, group=arm_id.group, collection=arm_id.parent.name, name=arm_id.name)
    snapshot = get_snapshot(conn, group=arm_id.group, name=arm_id.name)
    return None if snapshot is None else get_point_by_guid(conn, snapshot.point)


def _not_ready(point: RestorePoint, arm_id: ArmId) -> RefusedError | UnavailableError:
    if point.provisioning_state is ProvisioningState.FAILED:
        return RefusedError(Code.RESTORE_POINT_NOT_READY, f"{arm_id} failed and holds nothing to copy", hint="Choose another.")
    # Unavailable, not refused: the copy waits, visibly, until the point is published.
    return UnavailableError(Code.RESTORE_POINT_NOT_READY, f"{arm_id} is not complete yet")


def _facts_of(point: RestorePoint, arm_id: ArmId, disks: list[DiskRestorePoint]) -> JsonObject:
    return {
        "timeCreated": point.time_created.isoformat(),
        "consistency": None if point.consistency is None else point.consistency.value,
        "sourceMetadata": point.source_metadata,
        "disks": {disk.disk_name: _disk_facts(disk, arm_id) for disk in disks},
    }


def _disk_facts(disk: DiskRestorePoint, arm_id: ArmId) -> JsonObject:
    return {
        "name": disk.name,
        "id": str(arm_id if arm_id.is_type(_SNAPSHOT_TYPE) else arm_id.child("diskRestorePoints", disk.name)),
        "osType": disk.os_type,
        "lun": disk.lun,
        "family": disk.family_id,
    }
