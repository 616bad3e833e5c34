"""Restore points as ARM shows them: which field appears in which state is azure-wire.md §3's table."""

from collections.abc import Mapping

from farpoint.api.views.instance_view import instance_view
from farpoint.api.views.progress import failure_view
from farpoint.api.views.text import PLATFORM_KEY, arm_time, in_order, optional_time
from farpoint.api.views.virtual_machines import os_profile_in_order
from farpoint.model.arm_id import ArmId, compute_id
from farpoint.model.documents import JsonObject, JsonValue
from farpoint.model.resources import DiskRestorePoint, RestorePoint
from farpoint.services.json_reading import object_at, objects_at, present, text_at, value_at
from farpoint.services.point_details import PointDetails

_SOURCE_ORDER = ("vmId", "location", "hardwareProfile", "storageProfile", "osProfile", "diagnosticsProfile", "hyperVGeneration")
_DISK_ORDER = (
    "lun",
    "osType",
    "encryptionSettings",
    "name",
    "diskSizeGB",
    "caching",
    "managedDisk",
    "diskRestorePoint",
    "writeAcceleratorEnabled",
)


def point_id(point: RestorePoint, *, subscription: str) -> ArmId:
    """Return the ARM id of *point*."""
    path = (("restorePointCollections", point.collection_name), ("restorePoints", point.name))
    return compute_id(subscription=subscription, group=point.group, path=path)


def point_view(details: PointDetails, *, subscription: str, expand_instance_view: bool = False) -> JsonObject:
    """Show a restore point; ``type`` is never among its fields."""
    point = details.point
    arm_id = point_id(point, subscription=subscription)
    return {"name": point.name, "id": str(arm_id), "properties": _properties(details, arm_id, expand_instance_view)}


def _properties(details: PointDetails, arm_id: ArmId, expand_instance_view: bool) -> JsonObject:  # noqa: FBT001 - private, named at its only call
    point = details.point
    source: JsonObject | None = None if point.source_point_id is None else {"id": point.source_point_id}
    excluded: JsonValue = [{"id": disk} for disk in point.exclude_disks]
    return present(
        sourceMetadata=source_metadata(details, arm_id),
        provisioningState=point.provisioning_state.value,
        consistencyMode=None if point.consistency is None else point.consistency.value,
        sourceRestorePoint=source,
        instanceView=instance_view(details, arm_id) if expand_instance_view else None,
        timeCreated=arm_time(point.time_created),
        excludeDisks=excluded if point.exclude_disks else None,
        farpoint=_farpoint(details),
    )


def source_metadata(details: PointDetails, arm_id: ArmId) -> JsonObject:
    """Show the VM as it was, each disk with its restore point once there is one."""
    described = details.point.source_metadata
    points = {disk.disk_name.lower(): disk for disk in details.disks} if details.shows_disks else {}
    storage = object_at(described, "storageProfile")
    os_disk = object_at(storage, "osDisk")
    shown: dict[str, JsonValue] = {}
    if os_disk:
        shown["osDisk"] = _disk(os_disk, points, arm_id)
    shown["dataDisks"] = [_disk(disk, points, arm_id) for disk in objects_at(storage, "dataDisks")]
    rest = {key: value for key, value in storage.items() if key not in {"osDisk", "dataDisks"}}
    return in_order({**os_profile_in_order(described), "storageProfile": shown | rest}, _SOURCE_ORDER)


def _disk(disk: JsonObject, points: Mapping[str, DiskRestorePoint], arm_id: ArmId) -> JsonObject:
    found = points.get((text_at(disk, "name") or "").lower())
    if object_at(disk, "managedDisk"):
        disk = {**disk, "managedDisk": in_order(object_at(disk, "managedDisk"), ("storageAccountType", "id"))}
    if found is None:
        return in_order(disk, _DISK_ORDER)
    source: JsonObject | None = None if found.source_disk_point_id is None else {"id": found.source_disk_point_id}
    reference = present(
        sourceDiskRestorePoint=source,
        encryption=PLATFORM_KEY,
        id=str(arm_id.child("diskRestorePoints", found.name)),
    )
    return in_order({**disk, "diskRestorePoint": reference}, _DISK_ORDER)


def _farpoint(details: PointDetails) -> JsonObject:
    point, operation = details.point, details.operation
    requested = None if operation is None else value_at(operation.request, "consistencyMode")
    shown = details.complete or details.shows_disks
    return present(
        complete=details.complete,
        sourceTimeCreated=optional_time(point.source_time_created),
        consistencyRequested=requested,
        consistencyAchieved=None if point.consistency is None or not details.complete else point.consistency.value,
        disks=[disk_facts(disk) for disk in details.disks] if shown else None,
        error=failure_view(point.failure),
    )


def disk_facts(disk: DiskRestorePoint) -> JsonObject:
    """Show what was captured or copied of one disk, and how."""
    return present(
        name=disk.disk_name,
        sizeBytes=disk.size_bytes,
        blockSizeBytes=disk.block_bytes,
        mode=None if disk.mode is None else disk.mode.value,
        whyFull=None if disk.why_full is None else disk.why_full.value,
        changeDetection=None if disk.change_detection is None else disk.change_detection.value,
        readBytes=disk.read_bytes if disk.state is not None else None,
        storedBytes=disk.stored_bytes if disk.state is not None else None,
        digest=None if disk.state is None else disk.state.digest,
    )
