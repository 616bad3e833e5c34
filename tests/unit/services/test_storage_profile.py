"""What of a VM goes into a restore point."""

from attrs import evolve

from farpoint.model.documents import JsonObject
from farpoint.services.json_reading import object_at, objects_at
from farpoint.services.storage_profile import describe_vm, without_disk_points
from farpoint.testing.example_rows import example_vm

DISKS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks"


def disk(name: str, **more: str | int) -> JsonObject:
    return {"name": name, "createOption": "Attach", "managedDisk": {"id": f"{DISKS}/{name}"}, **more}


VM = evolve(
    example_vm(),
    properties={
        "hardwareProfile": {"vmSize": "S"},
        "userData": "dGV4dA==",
        "networkProfile": {"networkInterfaces": []},
        "storageProfile": {"osDisk": disk("os", osType="Linux"), "dataDisks": [disk("a", lun=0), disk("b", lun=1)]},
    },
)


def test_a_point_keeps_what_azure_keeps_of_a_vm() -> None:
    described = describe_vm(VM, excluded=frozenset())
    assert set(described) == {"vmId", "location", "storageProfile", "hardwareProfile", "userData"}
    assert (described["vmId"], described["location"]) == (str(VM.id), "eastus")
    assert "createOption" not in object_at(described, "storageProfile", "osDisk")


def test_excluded_disks_are_absent() -> None:
    described = describe_vm(VM, excluded=frozenset({f"{DISKS}/os".lower(), f"{DISKS}/b".lower()}))
    assert "osDisk" not in object_at(described, "storageProfile")
    assert [row["name"] for row in objects_at(described, "storageProfile", "dataDisks")] == ["a"]


def test_a_copy_keeps_nothing_of_the_sources_disk_restore_points() -> None:
    source: JsonObject = {
        "vmId": "x",
        "storageProfile": {
            "osDisk": {"name": "os", "diskRestorePoint": {"id": "d"}},
            "dataDisks": [{"name": "a", "diskRestorePoint": {"id": "e"}}],
        },
    }
    kept = without_disk_points(source)
    assert kept == {"vmId": "x", "storageProfile": {"osDisk": {"name": "os"}, "dataDisks": [{"name": "a"}]}}


def test_a_source_without_a_storage_profile_is_no_reason_to_fail() -> None:
    assert without_disk_points({}) == {"storageProfile": {"dataDisks": []}}
