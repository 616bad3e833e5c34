"""Disks as ARM shows them."""

from farpoint.api.views.progress import failure_view
from farpoint.api.views.text import PLATFORM_KEY, arm_time, size_gib, tags_of
from farpoint.model.access import AccessLevel
from farpoint.model.arm_id import compute_id
from farpoint.model.documents import JsonObject
from farpoint.model.resources import Disk, ProvisioningState
from farpoint.services.json_reading import present


def disk_view(disk: Disk, *, subscription: str, access: AccessLevel | None) -> JsonObject:
    """Show *disk*; one that is still being restored shows only what is settled, as Azure does. *access* is what is granted on it now."""
    return present(
        name=disk.name,
        id=str(compute_id(subscription=subscription, group=disk.group, path=(("disks", disk.name),))),
        type="Microsoft.Compute/disks",
        location=disk.location,
        tags=tags_of(disk.tags),
        sku={"name": disk.sku, "tier": disk.sku.partition("_")[0]},
        managedBy=disk.managed_by,
        properties=_properties(disk, access),
    )


def _properties(disk: Disk, access: AccessLevel | None) -> JsonObject:
    shown = present(
        osType=disk.os_type,
        creationData=present(createOption=disk.create_option.value, sourceResourceId=disk.source_resource_id),
        diskSizeGB=size_gib(disk.size_bytes),
    )
    if disk.provisioning_state is ProvisioningState.SUCCEEDED:
        shown |= {
            "encryption": PLATFORM_KEY,
            "networkAccessPolicy": "AllowAll",
            "publicNetworkAccess": "Enabled",
            "diskState": _state(disk, access),
            "diskSizeBytes": disk.size_bytes,
            "uniqueId": str(disk.id),
        }
    return shown | {
        "timeCreated": arm_time(disk.time_created),
        "provisioningState": disk.provisioning_state.value,
        "farpoint": present(
            path=disk.path,
            blockSizeBytes=disk.block_bytes,
            digest=None if disk.state is None else disk.state.digest,
            error=failure_view(disk.failure),
        ),
    }


def _state(disk: Disk, access: AccessLevel | None) -> str:
    """Return Azure's word for what is being done with the disk."""
    if disk.awaits_upload:
        return "ReadyToUpload" if access is None else "ActiveUpload"
    if access is not None:
        return "ActiveSAS"
    return "Unattached" if disk.managed_by is None else "Attached"
