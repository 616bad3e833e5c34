"""Disk restore points as ARM shows them: neither ``type`` nor ``location``; copies also tell where they come from and how far they are."""

from farpoint.api.views.instance_view import disk_percent
from farpoint.api.views.points import disk_facts, point_id
from farpoint.api.views.progress import failure_view
from farpoint.api.views.text import PLATFORM_KEY, arm_time
from farpoint.model.documents import JsonObject
from farpoint.model.resources import CopyState, DiskRestorePoint
from farpoint.services.json_reading import present, value_at, without
from farpoint.services.point_details import PointDetails

_STATES = {CopyState.REPLICATING: "Replicating", CopyState.SUCCEEDED: "Succeeded", CopyState.FAILED: "Failed"}


def disk_point_view(details: PointDetails, disk: DiskRestorePoint, *, subscription: str) -> JsonObject:
    """Show one disk of a restore point."""
    arm_id = point_id(details.point, subscription=subscription).child("diskRestorePoints", disk.name)
    return {"name": disk.name, "id": str(arm_id), "properties": _properties(details, disk)}


def _properties(details: PointDetails, disk: DiskRestorePoint) -> JsonObject:
    return present(
        timeCreated=arm_time(disk.time_created),
        sourceResourceId=disk.source_disk_point_id or disk.source_disk_id,
        osType=disk.os_type,
        hyperVGeneration=value_at(details.point.source_metadata, "hyperVGeneration"),
        supportsHibernation=False,
        familyId=disk.family_id,
        sourceUniqueId=disk.source_unique_id,
        encryption=PLATFORM_KEY,
        networkAccessPolicy="AllowAll",
        publicNetworkAccess="Enabled",
        **_replication(details, disk),
        farpoint=present(**without(disk_facts(disk), "name"), error=failure_view(details.point.failure)),
    )


def _replication(details: PointDetails, disk: DiskRestorePoint) -> JsonObject:
    if not details.is_copy:
        return {}
    return {
        "sourceResourceLocation": disk.source_location,
        "replicationState": _STATES[details.copy_state],
        "completionPercent": disk_percent(details, disk),
    }
