"""Everything through the endpoint of one region: what another has, and, when that one is gone for good, what it had."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.e2e.arm_http import ArmHttp, error_code
from tests.e2e.dev_regions import EAST, WEST, DevRegions, at, until

from farpoint.model.documents import JsonObject
from farpoint.units import MIB

MakeRegions = Callable[[], DevRegions]


def put(client: ArmHttp, path: str, body: JsonObject) -> JsonObject:
    """PUT a resource and wait for what it starts."""
    answer = client.send("PUT", path, body)
    assert answer.status_code in {200, 201, 202}, answer.text
    poll(client, answer.headers.get("azure-asyncoperation", ""))
    document: JsonObject = answer.json()
    return document


def poll(client: ArmHttp, url: str) -> None:
    """Wait for an operation, at the endpoint it was started through."""
    if url:
        assert url.startswith(client.endpoint)
        until(
            lambda: at(client.get(url.removeprefix(client.endpoint).partition("?")[0]), "status") != "InProgress", "the operation has ended"
        )
        assert at(client.get(url.removeprefix(client.endpoint).partition("?")[0]), "status") == "Succeeded"


def is_complete(client: ArmHttp, point: str) -> bool:
    return at(client.get(point), "properties", "farpoint", "complete") is True


def protect(client: ArmHttp, image: Path) -> str:
    """Register a disk and a VM in eastus, capture it there and copy the point to westus, all through one endpoint; return the copy."""
    disk = client.compute("disks", "os")
    attach: JsonObject = {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(image)}}
    put(client, disk, {"location": EAST, "properties": attach})
    vm = client.compute("virtualMachines", "web")
    os_disk: JsonObject = {"createOption": "Attach", "osType": "Linux", "managedDisk": {"id": disk}}
    put(client, vm, {"location": EAST, "properties": {"storageProfile": {"osDisk": os_disk}}})
    source, target = client.compute("restorePointCollections", "web"), client.compute("restorePointCollections", "web-westus")
    put(client, source, {"location": EAST, "properties": {"source": {"id": vm}}})
    put(client, f"{source}/restorePoints/rp1", {})
    put(client, target, {"location": WEST, "properties": {"source": {"id": source}}})
    put(client, f"{target}/restorePoints/rp1", {"properties": {"sourceRestorePoint": {"id": f"{source}/restorePoints/rp1"}}})
    until(lambda: is_complete(client, f"{target}/restorePoints/rp1"), "the copy is complete")
    return f"{target}/restorePoints/rp1"


def test_one_endpoint_serves_both_regions_and_goes_on_when_the_other_is_lost(new_regions: MakeRegions) -> None:
    regions = new_regions()
    regions.up()
    image = regions.pool / "os.raw"
    image.write_bytes(bytes(range(256)) * (4 * MIB // 256))
    with ArmHttp(regions.environment, WEST) as west:
        copy = protect(west, image)
        group = west.compute().partition("/providers/")[0].replace("default", "made-in-the-west")
        assert west.send("PUT", group, {"location": EAST, "tags": {"a": "b"}}).status_code == 201
        regions.stop(EAST, "--kill")
        shutil.rmtree(regions.folder.region(EAST))
        check_reading(west, group)
        check_writing(west, group)
        restore_from(west, copy, regions.pool / "restored.raw")
        assert (regions.pool / "restored.raw").read_bytes() == image.read_bytes()
        answer = west.send("DELETE", group)
        assert answer.status_code == 202
        poll(west, answer.headers["azure-asyncoperation"])
        assert west.send("HEAD", group).status_code == 404


def check_reading(west: ArmHttp, group: str) -> None:
    """See that what the lost region had is shown, with its age."""
    shown = west.send("GET", west.compute("restorePointCollections", "web", "restorePoints", "rp1"), expand="instanceView")
    assert (shown.status_code, at(shown.json(), "properties", "farpoint", "replica", "region")) == (200, EAST)
    assert int(shown.headers["age"]) >= 0
    assert [(at(row, "name"), at(row, "location")) for row in elements_of(west.get(west.compute("disks")))] == [("os", EAST)]
    assert at(west.get(group), "tags") == {"a": "b"}


def check_writing(west: ArmHttp, group: str) -> None:
    """See that what the lost region had cannot be changed, and that the refusal says where it was."""
    point = west.compute("restorePointCollections", "web", "restorePoints", "rp1")
    writes = [("DELETE", point), ("DELETE", west.compute("virtualMachines", "web")), ("POST", f"{point}/verify")]
    for method, path in (*writes, ("DELETE", group.replace("made-in-the-west", "default"))):
        refused = west.send(method, path)
        assert (refused.status_code, error_code(refused)) == (503, "PeerUnavailable")
        assert f"'{EAST}'" in refused.text


def restore_from(west: ArmHttp, copy: str, into: Path) -> None:
    """Restore the one disk of a copy."""
    (disk_point,) = elements_of(west.get(f"{copy}/diskRestorePoints"))
    creation: JsonObject = {"createOption": "Restore", "sourceResourceId": str(at(disk_point, "id"))}
    properties: JsonObject = {"creationData": creation, "farpoint": {"path": str(into)}}
    put(west, west.compute("disks", "restored"), {"location": WEST, "properties": properties})


def elements_of(document: JsonObject) -> list[JsonObject]:
    """Return the elements of a list."""
    elements = at(document, "value")
    assert isinstance(elements, list)
    return elements
