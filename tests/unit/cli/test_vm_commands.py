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


def test_adding_a_vm_again_with_the_same_disks_is_harmless(
    regions: Regions, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert add(farpoint, "--data-disk", "data.raw") == (0, "")
    assert add(farpoint, "--data-disk", "data.raw") == (0, "")


def test_a_vm_that_has_other_disks_keeps_them(
    regions: Regions, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    east = regions["eastus"]
    add(farpoint, "--data-disk", "data.raw")
    status, err = add(farpoint, "--data-disk", "logs.raw")
    assert (status, "virtual machine web01 exists with other disks" in err) == (2, True)
    assert [one.path for one in east.asked("PUT")].count(east.path("virtualMachines", "web01")) == 1
    assert [one.path for one in east.asked("DELETE")] == [east.path("disks", "logs")]


def test_a_block_size_that_a_known_disk_does_not_have_is_refused(
    regions: Regions, farpoint: Farpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    east = regions["eastus"]
    east.add(east.path("disks", "os"), {"properties": {"farpoint": {"path": str(tmp_path / "os.raw"), "blockSizeBytes": 262144}}})
    status, err = add(farpoint, "--block-size", "65536")
    assert (status, "disk os has blocks of 262144 bytes" in err) == (2, True)
    assert add(farpoint, "--block-size", "262144") == (0, "")


@pytest.mark.parametrize(("file", "said"), [(f"{'x' * 81}.raw", "at most 80 characters"), ("os\udcff.raw", r"os\xff.raw is not UTF-8")])
def test_a_file_that_no_disk_can_be_named_after_is_named(regions: Regions, farpoint: Farpoint, file: str, said: str) -> None:
    outcome = farpoint("vm", "add", "web01", "--region", "eastus", "--os-disk", file)
    assert (outcome.exit, said in outcome.err) == (2, True)


@pytest.mark.parametrize("name", ["a/b", "", "../x", "-a b", "x" * 81])
@pytest.mark.parametrize(
    "command",
    [
        ("vm", "show"),
        ("vm", "add", "--region", "eastus", "--os-disk", "os.raw"),
        ("disk", "show"),
        ("disk", "verify"),
        ("disk", "delete"),
        ("collection", "show"),
        ("collection", "delete"),
        ("point", "list"),
        ("vm", "list", "-g"),
        ("point", "copy", "web01/rp1", "--to", "westus", "--collection"),
        ("point", "create", "web01/rp1", "--vm"),
        ("point", "create", "web01/rp1", "--exclude-disk"),
        ("disk", "restore", "web01/rp1", "--into", "out", "--disk"),
    ],
)
def test_a_name_that_nothing_can_have_is_a_usage_error(regions: Regions, farpoint: Farpoint, command: tuple[str, ...], name: str) -> None:
    if command[-1] == "-g" and name == "x" * 81:
        name = "x" * 91
    outcome = farpoint(*command, *(("--", name) if not command[-1].startswith("-") and name.startswith("-") else (name,)))
    assert (outcome.exit, outcome.out) == (2, "")
    assert regions["eastus"].seen == []


def test_the_rule_is_told(regions: Regions, farpoint: Farpoint) -> None:
    err = farpoint("point", "show", "web01/..").err
    assert "'..' cannot be the name of a restore point. Names have 1 to 80 characters: letters, digits" in err


def test_a_table_has_one_line_for_each_vm(regions: Regions, farpoint: Farpoint) -> None:
    add(farpoint)
    lines = farpoint("vm", "list").out.splitlines()
    assert lines[0].split() == ["NAME", "REGION", "DISKS", "STATE"]
    assert lines[1].split()[:3] == ["web01", "eastus", "1"]
