"""Microsoft's own clients, unmodified: azure-mgmt-compute with azure-identity drives create, copy, restore and delete."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from tests.e2e.azure_sdk import GROUP, MakeClient, client_for, collection_body, compute_id, copied_body, credential_for
from tests.e2e.conftest import MakeRegions
from tests.e2e.dev_regions import EAST, WEST, DevRegions, until
from tests.e2e.images import are_identical, make_image

from farpoint.units import MIB

pytestmark = pytest.mark.e2e


def test_the_sdk_captures_copies_restores_and_deletes(pair: DevRegions, compute: MakeClient, dice: random.Random) -> None:
    disk, left_out = (make_image(pair.pool / f"sdk-{name}.raw", 12 * MIB, dice) for name in ("os", "data"))
    pair.add_vm("sdk", disk, left_out)
    east, west = compute(EAST), compute(WEST)
    vm = east.virtual_machines.get(GROUP, "sdk", expand="instanceView")
    assert [status.code for status in vm.instance_view.statuses] == ["ProvisioningState/succeeded", "PowerState/unknown"]

    made = east.restore_point_collections.create_or_update(GROUP, "sdk", collection_body(EAST, vm.id))
    assert (made.name, made.location, made.tags, made.provisioning_state) == ("sdk", EAST, {"made": "by the SDK"}, "Succeeded")
    data_id = vm.storage_profile.data_disks[0].managed_disk.id
    asked = {"properties": {"consistencyMode": "CrashConsistent", "excludeDisks": [{"id": data_id}]}}
    point = east.restore_points.begin_create(GROUP, "sdk", "rp1", asked).result()
    assert (point.name, point.provisioning_state, point.consistency_mode) == ("rp1", "Succeeded", "CrashConsistent")
    assert ([one.id for one in point.exclude_disks], point.source_metadata.storage_profile.data_disks) == ([data_id], [])

    west.restore_point_collections.create_or_update(GROUP, "sdk-copy", collection_body(WEST, made.id))
    started = west.restore_points.begin_create(GROUP, "sdk-copy", "rp1", {"properties": {"sourceRestorePoint": {"id": point.id}}}).result()
    assert started.source_restore_point.id == point.id
    assert replication_of(west) == [("ReplicationState/succeeded", 100)]

    [disk_point] = list(west.disk_restore_point.list_by_restore_point(GROUP, "sdk-copy", "rp1"))
    assert (disk_point.replication_state, disk_point.completion_percent, disk_point.source_resource_location) == ("Succeeded", 100.0, EAST)
    restored = west.disks.begin_create_or_update(GROUP, "sdk-restored", copied_body(WEST, "Restore", disk_point.id)).result()
    assert (restored.provisioning_state, restored.disk_size_bytes, restored.disk_state) == ("Succeeded", 12 * MIB, "Unattached")
    assert restored.creation_data.source_unique_id == disk_point.source_unique_id
    assert are_identical(disk, pair.pool / WEST / GROUP / "sdk-restored.raw")

    west.disks.begin_delete(GROUP, "sdk-restored").result()
    west.restore_points.begin_delete(GROUP, "sdk-copy", "rp1").result()
    east.restore_point_collections.begin_delete(GROUP, "sdk").result()
    with pytest.raises(ResourceNotFoundError) as caught:
        west.restore_points.get(GROUP, "sdk-copy", "rp1")
    assert caught.value.error is not None
    assert caught.value.error.code == "NotFound"


def replication_of(west: ComputeManagementClient) -> list[tuple[str, int]]:
    """Poll the copy's instance view until it no longer replicates, as the SDK's users do; return its disks' status and percent."""
    seen: list[tuple[str, int]] = []

    def ended() -> bool:
        view = west.restore_points.get(GROUP, "sdk-copy", "rp1", expand="instanceView").instance_view
        statuses = [one.replication_status for one in view.disk_restore_points]
        seen[:] = [(one.status.code, one.completion_percent) for one in statuses]
        return [one.code for one in view.statuses] != ["ReplicationState/replicating"]

    until(ended, "the copy has ended")
    return seen


def test_the_sdk_takes_snapshots_to_another_region_and_makes_disks_of_them(
    pair: DevRegions, compute: MakeClient, dice: random.Random
) -> None:
    image = make_image(pair.pool / "snapped.raw", 3 * MIB, dice)
    pair.add_vm("snapped", image)
    east, west = compute(EAST), compute(WEST)
    disk_id = east.virtual_machines.get(GROUP, "snapped").storage_profile.os_disk.managed_disk.id
    here = east.snapshots.begin_create_or_update(GROUP, "s1", copied_body(EAST, "Copy", disk_id, incremental=True)).result()
    assert (here.provisioning_state, here.incremental, here.disk_size_bytes) == ("Succeeded", True, 3 * MIB)
    west.snapshots.begin_create_or_update(GROUP, "s1-west", copied_body(WEST, "CopyStart", here.id, incremental=True)).result()
    until(lambda: bool(west.snapshots.get(GROUP, "s1-west").completion_percent == 100.0), "the snapshot is copied")
    there = west.snapshots.get(GROUP, "s1-west")
    assert (there.creation_data.source_unique_id, there.creation_data.create_option) == (here.unique_id, "CopyStart")
    assert there.incremental_snapshot_family_id not in {None, here.incremental_snapshot_family_id}
    made = west.disks.begin_create_or_update(GROUP, "of-snapshot", copied_body(WEST, "Copy", there.id)).result()
    assert (made.provisioning_state, made.creation_data.source_unique_id) == ("Succeeded", there.unique_id)
    assert are_identical(image, pair.pool / WEST / GROUP / "of-snapshot.raw")
    east.disks.begin_create_or_update(GROUP, "twin", copied_body(EAST, "Copy", disk_id)).result()
    assert are_identical(image, pair.pool / EAST / GROUP / "twin.raw")
    east.snapshots.begin_delete(GROUP, "s1").result()
    west.snapshots.begin_delete(GROUP, "s1-west").result()

    def listed(client: ComputeManagementClient) -> set[str]:
        return {str(one.name) for one in client.snapshots.list_by_resource_group(GROUP)}

    until(lambda: {"s1", "s1-west"}.isdisjoint(listed(east) | listed(west)), "both regions have heard of it")


def test_the_sdk_restores_where_it_copied_to_when_the_source_region_is_gone(new_regions: MakeRegions, dice: random.Random) -> None:
    regions = new_regions()
    regions.up()
    image = make_image(regions.pool / "lost.raw", 4 * MIB, dice)
    kept = Path(shutil.copy(image, regions.pool / "kept.raw"))
    regions.add_vm("lost", image)
    regions.capture("lost/rp1")
    regions.copy("lost/rp1")
    regions.lose(EAST)
    image.unlink()
    with credential_for(regions, WEST) as credential, client_for(regions, WEST, credential) as west:
        point = west.restore_points.get(GROUP, "lost-westus", "rp1", expand="instanceView")
        assert [status.code for status in point.instance_view.statuses] == ["ReplicationState/succeeded"]
        source = point.source_metadata.storage_profile.os_disk.disk_restore_point.id
        west.disks.begin_create_or_update(GROUP, "found", copied_body(WEST, "Restore", source)).result()
    assert are_identical(kept, regions.pool / WEST / GROUP / "found.raw")


def test_missing_things_are_told_as_azure_does(pair: DevRegions, compute: MakeClient) -> None:
    east = compute(EAST)
    questions: list[Callable[[], object]] = [
        lambda: east.restore_point_collections.get(GROUP, "nowhere"),
        lambda: east.restore_points.get(GROUP, "nowhere", "rp1"),
        lambda: east.disks.get(GROUP, "nowhere"),
        lambda: east.snapshots.get(GROUP, "nowhere"),
        lambda: east.virtual_machines.get(GROUP, "nowhere"),
    ]
    codes = []
    for ask in questions:
        with pytest.raises(ResourceNotFoundError) as caught:
            ask()
        assert caught.value.error is not None
        codes.append(caught.value.error.code)
    assert codes == ["ResourceNotFound", "NotFound", "ResourceNotFound", "ResourceNotFound", "ResourceNotFound"]


def test_deleting_what_is_not_there_succeeds(compute: MakeClient) -> None:
    east = compute(EAST)
    assert east.disks.begin_delete(GROUP, "nowhere").result() is None
    assert east.restore_point_collections.begin_delete(GROUP, "nowhere").result() is None


def test_a_name_that_another_point_has_is_a_conflict_and_the_same_request_is_not(
    pair: DevRegions, compute: MakeClient, dice: random.Random
) -> None:
    pair.add_vm("taken", make_image(pair.pool / "taken.raw", MIB, dice))
    pair.capture("taken/rp1")
    assert compute(EAST).restore_points.begin_create(GROUP, "taken", "rp1", {}).result().provisioning_state == "Succeeded"
    with pytest.raises(ResourceExistsError) as caught:
        compute(EAST).restore_points.begin_create(GROUP, "taken", "rp1", {"properties": {"consistencyMode": "CrashConsistent"}})
    assert caught.value.status_code == 409
    assert caught.value.error is not None
    assert caught.value.error.code == "Conflict"


def test_a_wrong_secret_is_an_authentication_error(pair: DevRegions) -> None:
    with (
        credential_for(pair, EAST, secret="wrong") as credential,
        client_for(pair, EAST, credential) as client,
        pytest.raises(ClientAuthenticationError, match="Invalid client secret"),
    ):
        list(client.disks.list())


def test_a_credential_of_one_region_serves_for_the_other(pair: DevRegions) -> None:
    with credential_for(pair, EAST) as credential, client_for(pair, WEST, credential) as client:
        assert isinstance(list(client.disks.list()), list)


def test_waiting_for_an_operation_does_not_take_the_clients_default_pause(
    pair: DevRegions, compute: MakeClient, dice: random.Random
) -> None:
    # Without a good Retry-After the SDK sleeps 30 s between polls.
    pair.add_vm("swift", make_image(pair.pool / "swift.raw", MIB, dice))
    east = compute(EAST)
    east.restore_point_collections.create_or_update(GROUP, "swift", collection_body(EAST, compute_id(pair, "virtualMachines", "swift")))
    begun = time.monotonic()
    east.restore_points.begin_create(GROUP, "swift", "rp1", {}).result()
    assert time.monotonic() - begun < 25
