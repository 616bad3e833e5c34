"""What a snapshot is made of: a disk of this region, or a complete snapshot of another one."""

from attrs import frozen

from farpoint.errors import Code, RefusedError
from farpoint.metadata import snapshots
from farpoint.model.remote import RemoteResource
from farpoint.model.resources import Disk
from farpoint.services.context import RegionContext
from farpoint.services.disk_sources import SOURCE_TARGET
from farpoint.services.json_reading import text_at, value_at
from farpoint.services.references import SNAPSHOT_TYPE, parse_reference
from farpoint.services.refusals import invalid, resource_missing


@frozen(kw_only=True)
class SnapshotSource:
    """A disk, or another region's snapshot as that region describes it."""

    id: str
    unique_id: str
    region_name: str
    #: Names the chain of snapshots of one disk.
    family: str
    size_bytes: int
    os_type: str | None
    hyper_v_generation: str | None
    #: The disk as it is now; None for a snapshot.
    disk: Disk | None = None


def find_remote_snapshot(context: RegionContext, source_id: str) -> SnapshotSource:
    """Return the other region's snapshot; refuse one of this region and one that is not complete. Asks the peers."""
    arm_id = parse_reference(context, source_id, SNAPSHOT_TYPE, target=SOURCE_TARGET)
    with context.database.read() as conn:
        is_here = snapshots.get_snapshot(conn, group=arm_id.group, name=arm_id.name) is not None
    if is_here:
        message = f"Snapshot '{arm_id.name}' is in this region, '{context.name}'; CopyStart brings one from another."
        raise invalid(SOURCE_TARGET, message, hint="Ask the region that is to have the copy.")
    remote = context.peers.resource(str(arm_id))
    if remote is None:
        raise resource_missing(arm_id, target=SOURCE_TARGET)
    _refuse_incomplete(arm_id.name, remote)
    return _described(remote, source_id=source_id)


def _refuse_incomplete(name: str, remote: RemoteResource) -> None:
    if value_at(remote.document, "properties", "farpoint", "complete") is True:
        return
    state = text_at(remote.document, "properties", "provisioningState") or "of unknown state"
    message = f"Snapshot '{name}' in region '{remote.region_name}' is not complete: {state}."
    hint = "Wait until it is, then ask again; one that failed or is being deleted cannot be copied."
    raise RefusedError(Code.RESTORE_POINT_NOT_READY, message, hint=hint, target=SOURCE_TARGET)


def _described(remote: RemoteResource, *, source_id: str) -> SnapshotSource:
    document = remote.document
    size = value_at(document, "properties", "diskSizeBytes")
    unique_id = text_at(document, "properties", "uniqueId")
    if not isinstance(size, int) or unique_id is None:
        message = f"Region '{remote.region_name}' describes '{source_id}' in a way this region does not understand."
        raise RefusedError(Code.PEER_REFUSED, message, hint="Let both regions run the same version of Farpoint.")
    return SnapshotSource(
        id=text_at(document, "id") or source_id,
        unique_id=unique_id,
        region_name=remote.region_name,
        family=text_at(document, "properties", "farpoint", "familyId") or unique_id,
        size_bytes=size,
        os_type=text_at(document, "properties", "osType"),
        hyper_v_generation=text_at(document, "properties", "hyperVGeneration"),
    )
