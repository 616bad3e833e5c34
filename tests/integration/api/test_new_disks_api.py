"""Disks made from nothing, from disks and from snapshots; what may change of a disk; what is refused and says what to do."""

from pathlib import Path

import httpx
import pytest
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import disks, operations
from farpoint.model.operations import OperationKind
from farpoint.testing.played_work import play_whole_operation
from farpoint.units import GIB, MIB


def put(
    arm: Arm, name: str, option: str, *, location: str = "eastus", creation: dict[str, object] | None = None, **more: object
) -> httpx.Response:
    """PUT a disk."""
    properties = {"creationData": {"createOption": option, **(creation or {})}, **more}
    return arm.send("PUT", compute("disks", name), {"location": location, "sku": {"name": "Premium_LRS"}, "properties": properties})


def default_path(arm: Arm, name: str) -> Path:
    return arm.region.pool / "eastus" / "default" / f"{name}.raw"


def play(arm: Arm) -> None:
    for operation in arm.region.launched:
        play_whole_operation(arm.region.context, operation, source=arm.region.context)
    arm.region.launched.clear()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_empty_disk_is_a_sparse_file_in_its_default_place_and_has_azures_shape(east: Arm) -> None:
    answer = put(east, "new", "Empty", diskSizeGB=200, osType="Linux", hyperVGeneration="V2")
    assert answer.status_code == 200
    shown = answer.json()
    assert list(shown) == ["name", "id", "type", "location", "sku", "properties"]
    assert shown["sku"] == {"name": "Premium_LRS", "tier": "Premium"}
    properties = shown["properties"]
    unique_id, created = properties.pop("uniqueId"), properties.pop("timeCreated")
    assert unique_id
    assert created
    assert properties == {
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "creationData": {"createOption": "Empty"},
        "diskSizeGB": 200,
        "diskIOPSReadWrite": 1100,
        "diskMBpsReadWrite": 125,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "diskState": "Unattached",
        "diskSizeBytes": 200 * GIB,
        "tier": "P15",
        "provisioningState": "Succeeded",
        "farpoint": {"path": str(default_path(east, "new")), "blockSizeBytes": 262144},
    }
    status = default_path(east, "new").stat()
    assert (status.st_size, status.st_blocks) == (200 * GIB, 0)


def test_an_exact_size_and_a_path_can_be_chosen(east: Arm) -> None:
    path = east.region.pool / "here.raw"
    shown = put(east, "new", "Empty", farpoint={"path": str(path), "sizeBytes": MIB + 512}).json()["properties"]
    assert (shown["diskSizeGB"], shown["diskSizeBytes"], shown["farpoint"]["path"]) == (1, MIB + 512, str(path))
    assert path.stat().st_size == MIB + 512


def test_an_upload_waits_for_its_bytes_and_is_nobodys_disk_until_then(east: Arm) -> None:
    shown = put(east, "up", "Upload", creation={"uploadSizeBytes": MIB + 512}).json()["properties"]
    assert shown["creationData"] == {"createOption": "Upload", "uploadSizeBytes": MIB + 512}
    assert (shown["diskState"], shown["diskSizeBytes"]) == ("ReadyToUpload", MIB)
    assert default_path(east, "up").stat().st_size == MIB
    source = compute("disks", "up")
    assert code_of(put(east, "copy", "Copy", creation={"sourceResourceId": source})) == (409, "OperationNotAllowed")
    vm = {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": source}}}}}
    assert code_of(east.send("PUT", compute("virtualMachines", "v"), vm)) == (409, "OperationNotAllowed")


def test_the_same_request_again_changes_tags_and_nothing_else(east: Arm) -> None:
    first = put(east, "new", "Empty", diskSizeGB=1).json()
    with default_path(east, "new").open("r+b") as file:
        file.write(b"x" * 512)
    again = put(east, "new", "Empty", diskSizeGB=1)
    assert (again.status_code, again.json()["properties"]["uniqueId"]) == (200, first["properties"]["uniqueId"])
    with default_path(east, "new").open("rb") as file:
        assert file.read(512) == b"x" * 512


@pytest.mark.parametrize("size", [2, 4])
def test_a_resize_is_refused_by_put_and_patch_alike(east: Arm, size: int) -> None:
    put(east, "new", "Empty", diskSizeGB=1)
    for answer in (
        put(east, "new", "Empty", diskSizeGB=size),
        east.send("PATCH", compute("disks", "new"), {"properties": {"diskSizeGB": size}}),
    ):
        assert code_of(answer) == (400, "InvalidParameter")
        assert answer.json()["error"]["target"] == "properties.diskSizeGB"
        assert "cannot be resized" in answer.json()["error"]["message"]
    assert default_path(east, "new").stat().st_size == GIB


def test_a_file_that_holds_something_is_not_taken_for_an_empty_disk(east: Arm) -> None:
    path = east.region.pool / "precious.raw"
    path.write_bytes(b"x" * 512)
    assert code_of(put(east, "new", "Empty", farpoint={"path": str(path), "sizeBytes": 512})) == (409, "TargetNotEmpty")
    assert path.read_bytes() == b"x" * 512


def test_a_file_of_holes_that_a_crash_left_is_taken(east: Arm) -> None:
    path = default_path(east, "new")
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(GIB)
    assert put(east, "new", "Empty", diskSizeGB=1).status_code == 200


@pytest.mark.parametrize("option", ["Empty", "Upload"])
def test_a_name_can_be_used_again_though_the_file_of_the_deleted_disk_stays(east: Arm, option: str) -> None:
    for number in ("", "-2", "-3"):
        if option == "Upload":
            answer = put(east, "new", option, creation={"uploadSizeBytes": GIB + 512})
        else:
            answer = put(east, "new", option, diskSizeGB=1)
        path = Path(answer.json()["properties"]["farpoint"]["path"])
        assert path == default_path(east, f"new{number}")
        with path.open("r+b") as file:
            file.write(b"x" * 512)
        assert east.send("DELETE", compute("disks", "new")).is_success
    with default_path(east, "new").open("rb") as file:
        assert file.read(512) == b"x" * 512


def test_a_disk_whose_row_cannot_be_written_leaves_no_file(east: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        message = "the database is on fire"
        raise RuntimeError(message)

    monkeypatch.setattr("farpoint.services.new_disks.disks.insert_disk", refuse)
    assert put(east, "new", "Empty", diskSizeGB=1).status_code == 500
    assert not default_path(east, "new").exists()


def test_a_patch_changes_tags_and_sku(east: Arm) -> None:
    put(east, "new", "Empty", diskSizeGB=1)
    answer = east.send("PATCH", compute("disks", "new"), {"tags": {"a": "b"}, "sku": {"name": "Standard_LRS"}})
    assert answer.status_code == 200
    assert (answer.json()["tags"], answer.json()["sku"]) == ({"a": "b"}, {"name": "Standard_LRS", "tier": "Standard"})
    assert "tier" not in answer.json()["properties"]
    assert east.send("GET", compute("disks", "new")).json() == answer.json()
    assert code_of(east.send("PATCH", compute("disks", "none"), {"tags": {}})) == (404, "ResourceNotFound")


def test_what_get_answers_can_be_put_back_as_generic_updates_do(east: Arm) -> None:
    east.attach("os")
    put(east, "new", "Empty", farpoint={"path": str(east.region.pool / "x.raw"), "sizeBytes": MIB})
    put(east, "copy", "Copy", creation={"sourceResourceId": compute("disks", "os")}, farpoint={"path": str(east.region.pool / "y.raw")})
    play(east)
    for name in ("os", "new", "copy"):
        shown = east.send("GET", compute("disks", name)).json()
        del shown["properties"]["farpoint"]
        answer = east.send("PUT", compute("disks", name), {**shown, "tags": {"again": "yes"}})
        assert (answer.status_code, answer.json()["tags"]) == (200, {"again": "yes"}), answer.text


def test_a_copy_of_a_disk_is_an_operation_of_the_disk_provider(east: Arm) -> None:
    original = east.send("GET", east.attach("os")).json()
    answer = put(east, "copy", "Copy", creation={"sourceResourceId": original["id"]})
    assert answer.status_code == 202
    assert "/DiskOperations/" in answer.headers["location"]
    shown = answer.json()["properties"]
    assert (shown["provisioningState"], shown["creationData"]) == ("Updating", {"createOption": "Copy", "sourceResourceId": original["id"]})
    assert {"uniqueId", "diskState", "tier"}.isdisjoint(shown)
    with east.region.context.database.read() as conn:
        (operation,) = operations.live_operations(conn)
        disk = disks.get_disk(conn, group="default", name="copy")
    assert disk is not None
    assert (operation.kind, operation.subject) == (OperationKind.COPY_DISK, str(disk.id))
    assert operation.request["sourceDiskId"] == original["properties"]["uniqueId"]
    play(east)
    done = east.send("GET", compute("disks", "copy")).json()
    assert done["properties"]["creationData"]["sourceUniqueId"] == original["properties"]["uniqueId"]
    assert east.send("GET", answer.headers["location"]).json() == done


def test_a_disk_is_made_in_the_region_of_its_source_and_elsewhere_one_is_told_how(east: Arm, west: Arm) -> None:
    source = east.attach("os")
    answer = put(west, "copy", "Copy", location="westus", creation={"sourceResourceId": source})
    assert code_of(answer) == (409, "OperationNotAllowed")
    assert "CopyStart" in answer.json()["error"]["message"]
    vm = east.add_vm("web", os_disk=source)
    east.send("PUT", f"{east.add_collection('web', source=vm)}/restorePoints/rp1", {})
    play(east)
    [point] = east.send("GET", compute("restorePointCollections", "web", "restorePoints", "rp1", "diskRestorePoints")).json()["value"]
    answer = put(west, "restored", "Restore", location="westus", creation={"sourceResourceId": point["id"]})
    assert code_of(answer) == (409, "OperationNotAllowed")
    assert "Copy the restore point to 'westus' first" in answer.json()["error"]["message"]


def test_restores_want_disk_restore_points_and_copies_disks_or_snapshots(east: Arm) -> None:
    source = east.attach("os")
    for option, named in (("Restore", source), ("Copy", f"{source}x/y/z"), ("Copy", compute("restorePointCollections", "c"))):
        answer = put(east, "new", option, creation={"sourceResourceId": named})
        assert (answer.status_code, answer.json()["error"]["target"]) == (400, "properties.creationData.sourceResourceId")
    assert code_of(put(east, "new", "Copy", creation={"sourceResourceId": compute("disks", "none")})) == (404, "ResourceNotFound")
    assert code_of(put(east, "new", "Copy", creation={"sourceResourceId": compute("snapshots", "none")})) == (404, "ResourceNotFound")
