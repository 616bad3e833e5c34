"""Disks as ARM shows them."""

from farpoint.api.views.disk_tiers import tier_of
from farpoint.api.views.progress import failure_view, operation_view
from farpoint.api.views.text import PLATFORM_KEY, arm_time, sku_view, tags_of
from farpoint.model.access import AccessLevel
from farpoint.model.arm_id import compute_id
from farpoint.model.disk import SECTOR_BYTES
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Operation
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.services.json_reading import present
from farpoint.units import whole_gib


def disk_view(disk: Disk, *, subscription: str, access: AccessLevel | None, restore: Operation | None = None) -> JsonObject:
    """Show *disk*; one that *restore* is still making shows only what is settled, as Azure does. *access* is what is granted on it now."""
    return present(
        name=disk.name,
        id=str(compute_id(subscription=subscription, group=disk.group, path=(("disks", disk.name),))),
        type="Microsoft.Compute/disks",
        location=disk.location,
        tags=tags_of(disk.tags),
        sku=sku_view(disk.sku),
        managedBy=disk.managed_by,
        properties=_properties(disk, access, restore),
    )


def _properties(disk: Disk, access: AccessLevel | None, restore: Operation | None) -> JsonObject:
    done = disk.provisioning_state is ProvisioningState.SUCCEEDED
    return {
        **present(
            osType=disk.os_type,
            hyperVGeneration=disk.hyper_v_generation,
            creationData=_creation_data(disk, done=done),
            diskSizeGB=whole_gib(disk.size_bytes),
        ),
        **(_settled(disk, access) if done else {}),
        "timeCreated": arm_time(disk.time_created),
        "provisioningState": disk.provisioning_state.value,
        "farpoint": present(
            path=disk.path,
            blockSizeBytes=disk.block_bytes,
            digest=disk.state.digest if done and disk.state is not None else None,
            restore=None if restore is None else operation_view(restore),
            error=failure_view(disk.failure),
        ),
    }


def _creation_data(disk: Disk, *, done: bool) -> JsonObject:
    is_upload = disk.create_option is CreateOption.UPLOAD
    return present(
        createOption=disk.create_option.value,
        sourceResourceId=disk.source_resource_id,
        sourceUniqueId=disk.source_unique_id if done else None,
        # A fixed VHD is the disk and a footer of one sector.
        uploadSizeBytes=disk.size_bytes + SECTOR_BYTES if is_upload else None,
    )


def _settled(disk: Disk, access: AccessLevel | None) -> JsonObject:
    tier = dict(tier_of(disk.sku, disk.size_bytes))
    name = tier.pop("tier", None)
    return {
        **tier,
        "encryption": PLATFORM_KEY,
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "diskState": _state(disk, access),
        "diskSizeBytes": disk.size_bytes,
        "uniqueId": str(disk.id),
        **present(tier=name),
    }


def _state(disk: Disk, access: AccessLevel | None) -> str:
    """Return Azure's word for what is being done with the disk."""
    if disk.awaits_upload:
        return "ReadyToUpload" if access is None else "ActiveUpload"
    if access is not None:
        return "ActiveSAS"
    return "Unattached" if disk.managed_by is None else "Attached"
