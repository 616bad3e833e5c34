"""Registering disks: what is looked at, what is refused, what is shown."""

import os
from pathlib import Path

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata.disks import get_disk
from farpoint.testing.arm_region import SUBSCRIPTION


def attach(arm: Arm, name: str, path: Path | str | None, **farpoint: object) -> httpx.Response:
    """PUT a disk."""
    given = {} if path is None else {"path": str(path)}
    properties = {"creationData": {"createOption": "Attach"}, "farpoint": {**given, **farpoint}}
    return arm.send("PUT", compute("disks", name), {"location": "eastus", "properties": properties})


def names(arm: Arm) -> list[str]:
    return [row["name"] for row in arm.send("GET", compute("disks")).json()["value"]]


def test_a_registered_disk_is_shown_in_azures_shape_at_once(east: Arm) -> None:
    path = east.region.disk_file("os", 3 << 20)
    document = attach(east, "os", path, blockSizeBytes=65536)
    assert document.status_code == 200
    assert list(document.json()) == ["name", "id", "type", "location", "sku", "properties"]
    assert document.json()["id"] == compute("disks", "os")
    properties = document.json()["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert properties["creationData"] == {"createOption": "Attach"}
    assert (properties["diskSizeGB"], properties["diskSizeBytes"], properties["diskState"]) == (1, 3 << 20, "Unattached")
    assert properties["farpoint"] == {"path": str(path), "blockSizeBytes": 65536}
    assert east.send("GET", compute("disks", "os")).json() == document.json()


def test_registering_is_synchronous_so_no_operation_is_offered(east: Arm) -> None:
    path = east.region.disk_file("os")
    body = {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(path)}}}
    answer = east.send("PUT", compute("disks", "os"), body)
    assert "azure-asyncoperation" not in answer.headers
    assert east.region.launched == []


def test_a_file_is_registered_once_whatever_its_names(east: Arm) -> None:
    east.attach("os")
    link = east.region.pool / "link.raw"
    link.hardlink_to(east.region.pool / "os.raw")
    body = {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(link)}}}
    refused = east.send("PUT", compute("disks", "again"), body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "Conflict")
    assert "which is disk 'os' of group 'default'" in refused.json()["error"]["message"]
    east.send("DELETE", compute("disks", "os"))
    assert east.send("PUT", compute("disks", "again"), body).status_code == 200


def test_a_disk_without_a_path_is_looked_for_in_its_default_place(east: Arm) -> None:
    place = east.region.pool / "eastus" / "default" / "os.raw"
    assert attach(east, "os", None).json()["error"]["code"] == "DiskNotFound"
    place.parent.mkdir(parents=True)
    east.region.disk_file("x").rename(place)
    document = attach(east, "os", None)
    assert (document.status_code, document.json()["properties"]["farpoint"]) == (200, {"path": str(place), "blockSizeBytes": 262144})


def test_symlinks_are_resolved_before_pools_are_checked(east: Arm, tmp_path: Path) -> None:
    outside = tmp_path / "outside.raw"
    outside.write_bytes(bytes(512))
    (east.region.pool / "link.raw").symlink_to(outside)
    document = attach(east, "os", east.region.pool / "link.raw")
    assert document.json()["error"]["code"] == "DiskOutsidePools"
    assert document.json()["error"]["target"] == "properties.farpoint.path"
    assert str(east.region.pool) in document.json()["error"]["message"]


def test_a_relative_path_is_refused(east: Arm) -> None:
    assert attach(east, "os", "os.raw").json()["error"]["code"] == "DiskOutsidePools"


def test_what_is_no_disk_is_refused_with_the_reason_and_nothing_is_left(east: Arm) -> None:
    pool = east.region.pool
    (pool / "folder").mkdir()
    (pool / "odd.raw").write_bytes(bytes(1000))
    (pool / "empty.raw").touch()
    os.mkfifo(pool / "fifo")
    (pool / "image.qcow2").write_bytes(b"QFI\xfb" + bytes(1020))
    for name, code, says in [
        ("missing.raw", "DiskNotFound", "there is no disk"),
        ("folder", "DiskUnsupported", "a directory"),
        ("odd.raw", "DiskUnsupported", "1024"),
        ("empty.raw", "DiskUnsupported", "empty"),
        ("fifo", "DiskUnsupported", "FIFO"),
        ("image.qcow2", "DiskUnsupported", "qemu-img convert"),
    ]:
        document = attach(east, "d", pool / name)
        assert (document.status_code, document.json()["error"]["code"]) == (400, code), name
        assert document.json()["error"]["target"] == "properties.farpoint.path", name
        assert says in document.json()["error"]["message"], name
    assert names(east) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_disk_that_cannot_be_read_is_refused(east: Arm) -> None:
    path = east.region.disk_file("os")
    path.chmod(0)
    assert attach(east, "os", path).json()["error"]["code"] == "DiskUnreadable"


def test_one_path_has_one_name(east: Arm) -> None:
    path = east.region.disk_file("os")
    attach(east, "first", path)
    document = attach(east, "second", path)
    assert (document.status_code, document.json()["error"]["code"]) == (409, "Conflict")
    assert compute("disks", "first") in document.json()["error"]["message"]
    assert names(east) == ["first"]


def test_registering_the_same_again_changes_nothing_but_tags_and_size(east: Arm) -> None:
    path = east.region.disk_file("os", 1 << 20)
    first = attach(east, "os", path)
    os.truncate(path, 2 << 20)
    second = attach(east, "os", path)
    assert second.status_code == 200
    assert second.json()["properties"]["uniqueId"] == first.json()["properties"]["uniqueId"]
    assert second.json()["properties"]["diskSizeBytes"] == 2 << 20


def test_path_and_block_size_of_a_registered_disk_cannot_change(east: Arm) -> None:
    attach(east, "os", east.region.disk_file("os"))
    assert attach(east, "os", east.region.disk_file("other")).status_code == 409
    assert attach(east, "os", east.region.pool / "os.raw", blockSizeBytes=1 << 20).status_code == 409


def test_lists_are_per_group_and_per_subscription(east: Arm) -> None:
    east.attach("a")
    east.send("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg", {"location": "eastus"})
    assert east.send("GET", compute("disks", group="rg")).json() == {"value": []}
    everything = east.send("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/disks").json()
    assert [row["name"] for row in everything["value"]] == ["a"]
    assert east.send("GET", compute("disks", group="none")).json()["error"]["code"] == "ResourceGroupNotFound"


def test_an_unknown_group_creates_nothing(east: Arm) -> None:
    path = east.region.disk_file("os")
    body = {"location": "eastus", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(path)}}}
    assert east.send("PUT", compute("disks", "os", group="none"), body).json()["error"]["code"] == "ResourceGroupNotFound"
    assert names(east) == []


def test_a_disk_goes_to_the_region_that_its_location_names(east: Arm, west: Arm) -> None:
    path = str(west.region.disk_file("os"))
    body = {"location": "West US", "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": path}}}
    assert east.send("PUT", compute("disks", "os"), body).status_code == 200
    assert west.send("GET", compute("disks", "os")).json()["properties"]["farpoint"]["path"] == path
    with east.region.context.database.read() as conn:
        assert get_disk(conn, group="default", name="os") is None


def test_a_location_that_is_no_region_is_answered_with_the_regions(east: Arm) -> None:
    answer = east.send("PUT", compute("disks", "os"), {"location": "moon", "properties": {"creationData": {"createOption": "Attach"}}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "LocationNotAvailableForResourceType")


def test_a_bad_name_is_refused(east: Arm) -> None:
    document = attach(east, "os.", east.region.disk_file("os"))
    assert (document.status_code, document.json()["error"]["target"]) == (400, "diskName")


def test_deleting_a_disk_forgets_it_and_keeps_its_file(east: Arm) -> None:
    east.attach("os")
    assert east.send("DELETE", compute("disks", "os")).status_code == 200
    assert east.send("DELETE", compute("disks", "os")).status_code == 204
    assert (east.region.pool / "os.raw").exists()


def test_an_attached_disk_is_not_deleted(east: Arm) -> None:
    vm = east.add_vm("web", os_disk=east.attach("os"))
    answer = east.send("DELETE", compute("disks", "os"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert vm in answer.json()["error"]["message"]
    east.send("DELETE", vm)
    assert east.send("DELETE", compute("disks", "os")).status_code == 200
