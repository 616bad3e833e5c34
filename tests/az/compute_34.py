"""A program for the environment of `az`: the azure-mgmt-compute that `az` pins drives the story in two regions.

Reads what it needs from standard input, as JSON; prints what it saw, as JSON, for the test to judge.
"""

import hashlib
import json
import ssl
import sys
import time
import urllib.request
from collections.abc import Callable

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient, __version__

GIVEN: dict[str, str] = json.loads(sys.stdin.read())
GROUP = "default"
READ = {"access": "Read", "duration_in_seconds": 600}
_HOUR_SECONDS = 3600
#: What a fixed VHD has behind the disk's bytes.
_FOOTER_BYTES = 512
#: Between two looks at progress; the test limits how long all of it may take.
_PAUSE_SECONDS = 0.5
_COMPLETE = 100.0


class Token:
    """A credential that was fetched by somebody else."""

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """Return it."""
        return AccessToken(GIVEN["token"], int(time.time()) + _HOUR_SECONDS)


def client(region: str) -> ComputeManagementClient:
    """Return a client of a region."""
    endpoint = GIVEN[region]
    return ComputeManagementClient(
        Token(), GIVEN["subscription"], base_url=endpoint, credential_scopes=[f"{endpoint}/.default"], connection_verify=GIVEN["ca"]
    )


def compute_id(*segments: str) -> str:
    """Return the id of a resource."""
    return f"/subscriptions/{GIVEN['subscription']}/resourceGroups/{GROUP}/providers/Microsoft.Compute/{'/'.join(segments)}"


def creation(location: str, option: str, source: str, **more: object) -> dict[str, object]:
    """Return the body of a disk or snapshot made from something."""
    return {"location": location, "creation_data": {"create_option": option, "source_resource_id": source}, **more}


def copy_point(east: ComputeManagementClient, west: ComputeManagementClient) -> dict[str, object]:
    """Capture, copy, follow the instance view, and restore in the other region."""
    vm = compute_id("virtualMachines", GIVEN["vm"])
    east.restore_point_collections.create_or_update(GROUP, "c34", {"location": "eastus", "source": {"id": vm}})
    excluded = {"exclude_disks": [{"id": compute_id("disks", GIVEN["data"])}]}
    point = east.restore_points.begin_create(GROUP, "c34", "rp1", excluded).result()
    source = {"id": compute_id("restorePointCollections", "c34")}
    west.restore_point_collections.create_or_update(GROUP, "c34-west", {"location": "westus", "source": source})
    west.restore_points.begin_create(GROUP, "c34-west", "rp1", {"source_restore_point": {"id": point.id}}).result()
    copied = west.restore_points.get(GROUP, "c34-west", "rp1", expand="instanceView")
    while copied.instance_view.statuses[0].code == "ReplicationState/replicating":
        time.sleep(_PAUSE_SECONDS)
        copied = west.restore_points.get(GROUP, "c34-west", "rp1", expand="instanceView")
    [disk] = west.disk_restore_point.list_by_restore_point(GROUP, "c34-west", "rp1")
    granted = west.disk_restore_point.begin_grant_access(GROUP, "c34-west", "rp1", disk.name, READ).result()
    tls = ssl.create_default_context(cafile=GIVEN["ca"])
    with urllib.request.urlopen(granted.access_sas, context=tls) as answer:  # noqa: S310 - the region's own https URL
        exported = answer.read()
    west.disk_restore_point.begin_revoke_access(GROUP, "c34-west", "rp1", disk.name).result()
    restored = west.disks.begin_create_or_update(GROUP, "restored-34", creation("westus", "Restore", disk.id)).result()
    return {
        "excluded": [one.id for one in point.exclude_disks],
        "replication": [one.replication_status.completion_percent for one in copied.instance_view.disk_restore_points],
        "state": copied.instance_view.statuses[0].code,
        "disk_point": [disk.completion_percent, disk.replication_state, disk.source_resource_location],
        "exported": [hashlib.sha256(exported[:-_FOOTER_BYTES]).hexdigest(), exported[-_FOOTER_BYTES:][:8].decode()],
        "restored": [restored.provisioning_state, restored.disk_size_bytes, restored.disk_size_gb, restored.disk_state],
    }


def copy_snapshot(east: ComputeManagementClient, west: ComputeManagementClient) -> dict[str, object]:
    """Make a snapshot, bring it to the other region, and make a disk of it."""
    disk = compute_id("disks", GIVEN["os"])
    here = east.snapshots.begin_create_or_update(GROUP, "s34", creation("eastus", "Copy", disk, incremental=True)).result()
    west.snapshots.begin_create_or_update(GROUP, "s34-west", creation("westus", "CopyStart", here.id, incremental=True)).result()
    there = west.snapshots.get(GROUP, "s34-west")
    while there.completion_percent != _COMPLETE and there.copy_completion_error is None:
        time.sleep(_PAUSE_SECONDS)
        there = west.snapshots.get(GROUP, "s34-west")
    made = west.disks.begin_create_or_update(GROUP, "of-snapshot-34", creation("westus", "Copy", there.id)).result()
    return {
        "families_differ": here.incremental_snapshot_family_id != there.incremental_snapshot_family_id,
        "source_unique_id_fits": there.creation_data.source_unique_id == here.unique_id,
        "percent": there.completion_percent,
        "made": [made.provisioning_state, made.creation_data.create_option],
    }


def delete_all(east: ComputeManagementClient, west: ComputeManagementClient) -> list[str]:
    """Delete everything; return the codes of what is asked for afterwards."""
    west.disks.begin_delete(GROUP, "restored-34").result()
    west.snapshots.begin_delete(GROUP, "s34-west").result()
    west.restore_points.begin_delete(GROUP, "c34-west", "rp1").result()
    west.restore_point_collections.begin_delete(GROUP, "c34-west").result()
    east.restore_point_collections.begin_delete(GROUP, "c34").result()
    codes = []
    questions: tuple[Callable[[], object], ...] = (
        lambda: west.restore_points.get(GROUP, "c34-west", "rp1"),
        lambda: east.restore_point_collections.get(GROUP, "c34", api_version="2021-03-01"),
        lambda: west.snapshots.get(GROUP, "s34-west"),
    )
    for ask in questions:
        try:
            ask()
        except HttpResponseError as error:
            codes.append(str(error.error.code if error.error else error))
    return codes


def main() -> None:
    """Do it all."""
    east, west = client("eastus"), client("westus")
    seen = {"version": __version__, "copy": copy_point(east, west), "snapshot": copy_snapshot(east, west), "gone": delete_all(east, west)}
    sys.stdout.write(json.dumps(seen))


main()
