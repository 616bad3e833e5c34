"""Microsoft's own client, unmodified, over real TLS: every journey of the surface, with the work played instead of done."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from tests.integration.api.arm_client import compute

from farpoint.api.listeners import Listeners, client_listener
from farpoint.clock import SystemClock
from farpoint.model.ids import OperationId
from farpoint.peers.tls import context_for_clients
from farpoint.services.context import RegionContext
from farpoint.testing.arm_region import CLIENT, SECRET, SUBSCRIPTION, TENANT, ArmRegion, link, serve_at
from farpoint.testing.played_work import play_whole_operation
from farpoint.testing.region_certificates import RegionAuthority

READY_SECONDS = 20.0


@frozen
class Cloud:
    """Two regions behind real sockets, and the client of each."""

    east: ComputeManagementClient
    west: ComputeManagementClient
    regions: tuple[ArmRegion, ArmRegion]
    ca_file: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(region: ArmRegion, authority: RegionAuthority, source: ArmRegion) -> Listeners:
    """Serve *region* on a free port, its work done at once."""

    def done_at_once(context: RegionContext, operation: OperationId) -> None:
        play_whole_operation(context, operation, source=source.context)

    port = free_port()
    serve_at(region, endpoint=f"https://127.0.0.1:{port}", launch=done_at_once)
    own = authority.issue(region.context.name, region=None)
    return Listeners([client_listener(region.app(), host="127.0.0.1", port=port, tls=context_for_clients(own))])


def client_of(region: ArmRegion, ca_file: Path, *, secret: str = SECRET) -> ComputeManagementClient:
    endpoint = region.context.endpoint
    credential = ClientSecretCredential(
        TENANT, CLIENT, secret, authority=endpoint, connection_verify=str(ca_file), disable_instance_discovery=True
    )
    return ComputeManagementClient(
        credential,
        SUBSCRIPTION,
        base_url=endpoint,
        credential_scopes=[f"{endpoint}/.default"],
        connection_verify=str(ca_file),
        retry_total=0,
    )


@pytest.fixture
def cloud(regions: tuple[ArmRegion, ArmRegion], tmp_path: Path) -> Iterator[Cloud]:
    """Serve both regions in threads."""
    east, west = regions
    authority = RegionAuthority(tmp_path / "ca", name="clients", now=SystemClock().now())
    running = []
    for region, other in ((east, west), (west, east)):
        listeners, ready = serve(region, authority, other), threading.Event()
        thread = threading.Thread(target=listeners.run, args=(ready.set,))
        thread.start()
        running.append((listeners, thread))
        assert ready.wait(READY_SECONDS)
    link(east, west)
    with client_of(east, authority.ca_file) as first, client_of(west, authority.ca_file) as second:
        yield Cloud(first, second, regions, authority.ca_file)
    for listeners, thread in running:
        listeners.stop()
        thread.join()


def furnish(cloud: Cloud) -> str:
    """Register a VM with two disks, and its collection; return the collection's id."""
    region = cloud.regions[0]
    for name in ("os", "data"):
        properties = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(region.disk_file(name))}}
        cloud.east.disks.begin_create_or_update("default", name, {"location": "eastus", "properties": properties}).result()
    data = [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": compute("disks", "data")}}]
    profile = {"osDisk": {"createOption": "Attach", "osType": "Linux", "managedDisk": {"id": compute("disks", "os")}}, "dataDisks": data}
    vm = cloud.east.virtual_machines.begin_create_or_update(
        "default", "web", {"location": "eastus", "properties": {"storageProfile": profile}}
    ).result()
    collection = cloud.east.restore_point_collections.create_or_update(
        "default", "web", {"location": "eastus", "properties": {"source": {"id": vm.id}}}
    )
    return str(collection.id)


def test_create_copy_restore_and_delete_through_the_sdk(cloud: Cloud) -> None:
    collection = furnish(cloud)
    point = cloud.east.restore_points.begin_create("default", "web", "rp1", {"properties": {"consistencyMode": "CrashConsistent"}}).result()
    assert (point.provisioning_state, point.consistency_mode) == ("Succeeded", "CrashConsistent")
    target = cloud.west.restore_point_collections.create_or_update(
        "default", "web-westus", {"location": "westus", "properties": {"source": {"id": collection}}}
    )
    assert target.source.location == "eastus"
    cloud.west.restore_points.begin_create(
        "default", "web-westus", "rp1", {"properties": {"sourceRestorePoint": {"id": point.id}}}
    ).result()
    copied = cloud.west.restore_points.get("default", "web-westus", "rp1", expand="instanceView")
    assert [disk.replication_status["completionPercent"] for disk in copied.instance_view.disk_restore_points] == [100, 100]
    disk_point = copied.source_metadata.storage_profile.os_disk.disk_restore_point
    assert disk_point.source_disk_restore_point.id.startswith(point.id)
    restored = cloud.west.disks.begin_create_or_update(
        "default",
        "os-rp1",
        {"location": "westus", "properties": {"creationData": {"createOption": "Restore", "sourceResourceId": disk_point.id}}},
    ).result()
    assert (restored.provisioning_state, restored.disk_size_bytes, restored.os_type) == ("Succeeded", 1 << 20, "Linux")
    cloud.east.restore_points.begin_delete("default", "web", "rp1").result()
    with pytest.raises(ResourceNotFoundError):
        cloud.east.restore_points.get("default", "web", "rp1")
    cloud.west.restore_point_collections.begin_delete("default", "web-westus").result()
    assert list(cloud.west.restore_point_collections.list("default")) == []


def test_lists_expansions_and_patches_through_the_sdk(cloud: Cloud) -> None:
    furnish(cloud)
    cloud.east.restore_points.begin_create("default", "web", "rp1", {}).result()
    cloud.east.restore_point_collections.update("default", "web", {"tags": {"a": "b"}})
    expanded = cloud.east.restore_point_collections.get("default", "web", expand="restorePoints")
    assert (expanded.tags, [point.name for point in expanded.restore_points]) == ({"a": "b"}, ["rp1"])
    assert [row.name for row in cloud.east.restore_point_collections.list_all()] == ["web"]
    assert [disk.name for disk in cloud.east.disks.list()] == ["data", "os"]
    assert [vm.name for vm in cloud.east.virtual_machines.list_all()] == ["web"]
    listed = list(cloud.east.disk_restore_point.list_by_restore_point("default", "web", "rp1"))
    got = cloud.east.disk_restore_point.get("default", "web", "rp1", listed[0].name)
    assert (got.os_type, got.id) == ("Linux", listed[0].id)
    assert (
        cloud.east.virtual_machines.get("default", "web", expand="instanceView").instance_view.statuses[0].code
        == "ProvisioningState/succeeded"
    )
    cloud.east.virtual_machines.begin_delete("default", "web").result()
    cloud.east.disks.begin_delete("default", "os").result()
    cloud.east.disks.begin_delete("default", "os").result()


def test_refusals_arrive_as_the_sdks_own_exceptions(cloud: Cloud) -> None:
    furnish(cloud)
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        cloud.east.disks.get("default", "none")
    cloud.east.restore_points.begin_create("default", "web", "rp1", {}).result()
    with pytest.raises(ResourceExistsError, match="choose another name"):
        cloud.east.restore_points.begin_create("default", "web", "rp1", {"properties": {"consistencyMode": "CrashConsistent"}})
    with pytest.raises(HttpResponseError) as caught:
        cloud.east.disks.begin_create_or_update("default", "d", {"location": "eastus", "properties": {}})
    assert caught.value.error.code == "InvalidParameter"
    assert caught.value.error.target == "properties.creationData"


def test_an_old_api_version_per_call_is_served(cloud: Cloud) -> None:
    furnish(cloud)
    point = cloud.east.restore_points.begin_create("default", "web", "rp1", {}, api_version="2021-03-01").result()
    assert point.provisioning_state == "Succeeded"


def test_a_wrong_secret_is_the_sdks_authentication_error(cloud: Cloud) -> None:
    with (
        client_of(cloud.regions[0], cloud.ca_file, secret="wrong") as client,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        client.disks.get("default", "os")


def test_access_is_granted_and_revoked_through_the_sdk(cloud: Cloud) -> None:
    furnish(cloud)
    cloud.east.restore_points.begin_create("default", "web", "rp1", {}).result()
    listed = list(cloud.east.disk_restore_point.list_by_restore_point("default", "web", "rp1"))
    asked = {"access": "Read", "durationInSeconds": 3600}
    name = listed[0].name
    point = cloud.east.disk_restore_point.begin_grant_access("default", "web", "rp1", name, asked).result()
    again = cloud.east.disk_restore_point.begin_grant_access("default", "web", "rp1", name, asked).result()
    assert f"/vhd/{name.rpartition('_')[2]}?" in point.access_sas
    assert again.access_sas == point.access_sas
    disk = cloud.east.disks.begin_grant_access("default", "os", asked).result()
    assert (disk.access_sas.startswith(cloud.regions[0].context.endpoint), cloud.east.disks.get("default", "os").disk_state) == (
        True,
        "ActiveSAS",
    )
    with pytest.raises(ResourceExistsError) as caught:
        cloud.east.restore_points.begin_delete("default", "web", "rp1")
    assert caught.value.error is not None
    assert caught.value.error.code == "DiskRestorePointUsedByCustomer"
    assert cloud.east.disk_restore_point.begin_revoke_access("default", "web", "rp1", name).result() is None
    assert cloud.east.disks.begin_revoke_access("default", "os").result() is None
    cloud.east.restore_points.begin_delete("default", "web", "rp1").result()
