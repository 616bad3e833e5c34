"""``vm add``: disks named after their files, then the VM; nothing left behind when the VM is refused."""

from pathlib import Path

import pytest
from tests.unit.cli.region_stub import Farpoint, RegionStub, Reply

Regions = dict[str, RegionStub]


def add(farpoint: Farpoint, *extra: str, name: str = "web01") -> tuple[int, str]:
    outcome = farpoint("vm", "add", name, "--region", "eastus", "--os-disk", "os.raw", *extra)
    return outcome.exit, outcome.err


def test_disks_are_registered_under_their_files_names(
    regions: Regions, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert add(farpoint, "--data-disk", "sub/data.raw", "--data-disk", "logs.img") == (0, "")
    disks = [one for one in regions["eastus"].asked("PUT") if "/disks/" in one.path]
    assert [one.path.rpartition("/")[2] for one in disks] == ["os", "data", "logs"]
    assert disks[1].body == {
        "location": "eastus",
        "properties": {"creationData": {"createOption": "Attach"}, "farpoint": {"path": str(tmp_path / "sub" / "data.raw")}},
    }


def test_the_vm_attaches_the_disks_in_order(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    add(farpoint, "--data-disk", "data.raw")
    vm = east.asked("PUT")[-1]
    assert vm.path == east.path("virtualMachines", "web01")
    assert vm.body["properties"] == {
        "storageProfile": {
            "osDisk": {"osType": "Linux", "name": "os", "createOption": "Attach", "managedDisk": {"id": east.path("disks", "os")}},
            "dataDisks": [{"lun": 0, "name": "data", "createOption": "Attach", "managedDisk": {"id": east.path("disks", "data")}}],
        }
    }


def test_a_taken_name_gets_the_vms_in_front(regions: Regions, farpoint: Farpoint) -> None:
    west = regions["westus"]
    west.add(west.path("disks", "os"), {"properties": {"farpoint": {"path": "/elsewhere/os.raw"}}})
    add(farpoint)
    assert regions["eastus"].asked("PUT")[0].path.endswith("/disks/web01-os")


def test_a_disk_that_is_registered_is_used_as_it_is(
    regions: Regions, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    east = regions["eastus"]
    known = east.path("disks", "os-rp1")
    east.add(known, {"properties": {"farpoint": {"path": str(tmp_path / "os.raw")}}})
    add(farpoint)
    puts = east.asked("PUT")
    assert [one.path for one in puts] == [east.path("virtualMachines", "web01")]
    assert known in str(puts[0].body)


def test_disks_of_a_refused_vm_are_unregistered(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    refusal = Reply(status=409, body={"error": {"code": "Conflict", "message": "disk os is attached to another VM"}})
    east.say("PUT", east.path("virtualMachines", "web01"), refusal)
    status, err = add(farpoint)
    assert status == 1
    assert "disk os is attached to another VM" in err
    assert [one.path for one in east.asked("DELETE")] == [east.path("disks", "os")]


def test_a_disk_outside_the_pools_is_a_bad_request(regions: Regions, farpoint: Farpoint) -> None:
    east = regions["eastus"]
    refusal = Reply(status=400, body={"error": {"code": "DiskOutsidePools", "message": "/x is outside the disk pools"}})
    east.say("PUT", east.path("disks", "os"), refusal)
    status, err = add(farpoint)
    assert status == 2
    assert "DiskOutsidePools" in err


def test_a_vm_needs_a_region(regions: Regions, farpoint: Farpoint) -> None:
    assert farpoint("vm", "add", "web01", "--os-disk", "os.raw").exit == 2


def test_block_size_and_os_type_are_passed_on(regions: Regions, farpoint: Farpoint) -> None:
    add(farpoint, "--block-size", "65536", "--os-type", "Windows")
    properties = regions["eastus"].asked("PUT")[0].body["properties"]
    assert isinstance(properties, dict)
    assert (properties["farpoint"]["blockSizeBytes"], properties["osType"]) == (65536, "Windows")


def test_a_table_has_one_line_for_each_vm(regions: Regions, farpoint: Farpoint) -> None:
    add(farpoint)
    lines = farpoint("vm", "list").out.splitlines()
    assert lines[0].split() == ["NAME", "REGION", "DISKS", "STATE"]
    assert lines[1].split()[:3] == ["web01", "eastus", "1"]
