"""azure-wire.md §5: disks made from disk restore points, virtual machines, resource groups."""

from tests.integration.api.arm_client import compute
from tests.integration.wire.documents import Guid, Time, azure_part, names_of, ordered
from tests.integration.wire.scene import LOCAL, OS_PROFILE, VM, Scene

from farpoint.testing.arm_region import SUBSCRIPTION

FROM_THE_POINT = {"createOption": "Restore", "sourceResourceId": Guid(f"{LOCAL}/restorePoints/rp1/diskRestorePoints/os_")}
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


def test_a_disk_that_is_being_restored_shows_only_what_is_settled(scene: Scene) -> None:
    answer = scene.restore()
    assert answer.status_code == 202
    assert names_of(answer.json()) == ["name", "id", "type", "location", "tags", "sku", "properties"]
    expected = {
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "creationData": FROM_THE_POINT,
        "diskSizeGB": 1,
        "timeCreated": Time(),
        "provisioningState": "Updating",
    }
    assert ordered(answer.json()["properties"]) == ordered(expected)


def test_a_restored_disk(scene: Scene) -> None:
    scene.restore_finished()
    answer = scene.east.send("GET", compute("disks", "new"))
    properties = {
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "creationData": {**FROM_THE_POINT, "sourceUniqueId": Guid()},
        "diskSizeGB": 1,
        "diskIOPSReadWrite": 120,
        "diskMBpsReadWrite": 25,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "diskState": "Unattached",
        "diskSizeBytes": 1 << 20,
        "uniqueId": Guid(),
        "tier": "P1",
        "timeCreated": Time(),
        "provisioningState": "Succeeded",
    }
    expected = {
        "name": "new",
        "id": compute("disks", "new"),
        "type": "Microsoft.Compute/disks",
        "location": "eastus",
        "tags": {"a": "b"},
        "sku": {"name": "Premium_LRS", "tier": "Premium"},
        "properties": properties,
    }
    assert (answer.status_code, azure_part(answer)) == (200, ordered(expected))


def test_an_attached_disk_says_so_and_by_whom(scene: Scene) -> None:
    document = scene.east.send("GET", compute("disks", "os")).json()
    assert (document["managedBy"], document["properties"]["diskState"]) == (compute("virtualMachines", "web"), "Attached")


def test_a_virtual_machine_and_its_instance_view(scene: Scene) -> None:
    document = scene.east.send("GET", compute("virtualMachines", "web"), expand="instanceView").json()
    assert list(document) == ["name", "id", "type", "location", "properties"]
    properties = document["properties"]
    assert (properties["vmId"], properties["provisioningState"]) == (Guid(), "Succeeded")
    assert properties["hardwareProfile"] == {"vmSize": "Standard_DS1_v2"}
    assert properties["osProfile"] == OS_PROFILE
    assert properties["storageProfile"]["osDisk"]["managedDisk"]["id"] == compute("disks", "os")
    statuses = [status["code"] for status in properties["instanceView"]["statuses"]]
    assert statuses[0] == "ProvisioningState/succeeded"
    assert statuses[1].startswith("PowerState/")


def test_a_resource_group_is_compact_and_shows_its_tags(scene: Scene) -> None:
    created = scene.east.send("PUT", GROUP, {"location": "eastus", "tags": {"a": "b"}})
    expected = {
        "id": GROUP,
        "name": "rg",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "eastus",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert (created.status_code, azure_part(created)) == (201, ordered(expected))
    lower = scene.east.send("GET", GROUP.replace("resourceGroups", "resourcegroups"))
    assert (lower.status_code, azure_part(lower)) == (200, ordered(expected))
    assert b"\n" not in lower.content


def test_a_group_that_exists_is_204_to_head_and_one_that_does_not_is_404(scene: Scene) -> None:
    scene.east.send("PUT", GROUP, {"location": "eastus"})
    assert [scene.east.send("HEAD", path).status_code for path in (GROUP, f"{GROUP}-none")] == [204, 404]


def test_a_virtual_machine_is_shown_in_the_order_in_which_it_was_described(scene: Scene) -> None:
    put = scene.east.send("PUT", compute("virtualMachines", "web"), VM)
    assert scene.east.send("GET", compute("virtualMachines", "web")).text == put.text
