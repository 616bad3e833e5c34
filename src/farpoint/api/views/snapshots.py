"""Snapshots as ARM shows them; copies also tell how far they are (azure-wire.md §5.2)."""

from farpoint.api.views.instance_view import disk_percent
from farpoint.api.views.points import disk_facts
from farpoint.api.views.progress import failure_sentence, failure_view
from farpoint.api.views.text import PLATFORM_KEY, arm_time, optional_time, sku_view, tags_of
from farpoint.model.arm_id import compute_id
from farpoint.model.documents import JsonObject
from farpoint.model.resources import ProvisioningState
from farpoint.services.json_reading import present, without
from farpoint.services.snapshots import SnapshotDetails
from farpoint.units import whole_gib

#: The disk provider's word for a resource that is being made.
_STATES = {ProvisioningState.CREATING: "Updating"}


def snapshot_view(details: SnapshotDetails, *, subscription: str, shared: bool) -> JsonObject:
    """Show the snapshot; *shared* tells whether a URL shows its bytes now."""
    snapshot = details.snapshot
    return present(
        name=snapshot.name,
        id=str(compute_id(subscription=subscription, group=snapshot.group, path=(("snapshots", snapshot.name),))),
        type="Microsoft.Compute/snapshots",
        location=snapshot.location,
        tags=tags_of(snapshot.tags),
        sku=sku_view(snapshot.sku),
        properties=_properties(details, shared=shared),
    )


def _properties(details: SnapshotDetails, *, shared: bool) -> JsonObject:
    snapshot, point, disk = details.snapshot, details.details.point, details.disk
    size_bytes = snapshot.size_bytes if disk is None else disk.size_bytes
    return present(
        osType=snapshot.os_type,
        hyperVGeneration=snapshot.hyper_v_generation,
        creationData={
            "createOption": snapshot.create_option.value,
            "sourceResourceId": snapshot.source_resource_id,
            "sourceUniqueId": snapshot.source_unique_id,
        },
        diskSizeGB=whole_gib(size_bytes),
        diskSizeBytes=size_bytes,
        uniqueId=str(snapshot.id),
        encryption=PLATFORM_KEY,
        incremental=snapshot.incremental,
        incrementalSnapshotFamilyId=disk.family_id if snapshot.incremental and disk is not None else None,
        networkAccessPolicy="AllowAll",
        publicNetworkAccess="Enabled",
        **_copying(details),
        timeCreated=arm_time(snapshot.time_created),
        provisioningState=_STATES.get(point.provisioning_state, point.provisioning_state.value),
        diskState="ActiveSAS" if shared else "Unattached",
        farpoint=present(
            complete=details.details.complete,
            sourceTimeCreated=optional_time(point.source_time_created),
            **({} if disk is None else without(disk_facts(disk), "name")),
            familyId=None if disk is None else disk.family_id,
            error=failure_view(point.failure),
        ),
    )


def _copying(details: SnapshotDetails) -> JsonObject:
    """Show how far a copy from another region is, and why it failed."""
    if not details.details.is_copy:
        return {}
    disk, failure = details.disk, details.details.point.failure
    error: JsonObject | None = None
    if failure is not None:
        error = {"errorCode": failure.code, "errorMessage": failure_sentence(failure)}
    return present(
        completionPercent=0.0 if disk is None else disk_percent(details.details, disk),
        copyCompletionError=error,
    )
