"""The whole story by `az` alone: a VM made of disks, its points, copies in another region with progress, disks restored there, deletes."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.az.az_cli import Az
from tests.az.conftest import Azs, log_in, run_regions
from tests.e2e.dev_regions import EAST, WEST, DevRegions, at, until
from tests.e2e.images import are_identical, make_image

from farpoint.units import MIB

pytestmark = [pytest.mark.az, pytest.mark.timeout(900)]

VERSION = "2021-03-01"


def register_disk(az: Az, name: str, image: Path) -> None:
    """Register an image as a disk: Attach is ours, so `az disk create` does not know it."""
    properties = {"creationData": {"createOption": "Attach"}, "osType": "Linux", "farpoint": {"path": str(image)}}
    put(az, f"disks/{name}", {"location": az.region, "properties": properties})


def put(az: Az, resource: str, body: dict[str, object]) -> None:
    url = f"/subscriptions/{az.subscription}/resourceGroups/rg1/providers/Microsoft.Compute/{resource}?api-version={VERSION}"
    az.run("rest", "--method", "put", "--url", url, "--body", json.dumps(body))


def make_vm(azs: Azs, regions: DevRegions, name: str, dice: random.Random) -> tuple[Path, Path]:
    """Make a VM of two images, as people do who rebuild one from restored disks; return the images."""
    images = tuple(make_image(regions.pool / f"{name}-{disk}.raw", 6 * MIB, dice) for disk in ("os", "data"))
    for disk, image in zip(("os", "data"), images, strict=True):
        register_disk(azs[EAST], f"{name}-{disk}", image)
    azs[EAST].run(
        "vm", "create", "-g", "rg1", "-n", name, "--attach-os-disk", f"{name}-os", "--os-type", "linux",
        "--public-ip-address", "", "--nsg", "",
    )  # fmt: skip
    azs[EAST].run("vm", "disk", "attach", "-g", "rg1", "--vm-name", name, "--name", f"{name}-data")
    return images[0], images[1]


def vm_id(az: Az, name: str) -> str:
    return az.text("vm", "show", "-g", "rg1", "-n", name, "--query", "id")


def collection(az: Az, name: str, source: str) -> str:
    made = az.show("restore-point", "collection", "create", "-g", "rg1", "--collection-name", name, "--source-id", source, "-l", az.region)
    assert at(made, "provisioningState") == "Succeeded"
    return str(made["id"])


def point(az: Az, collection_name: str, name: str, *options: str) -> object:
    return az.show("restore-point", "create", "-g", "rg1", "--collection-name", collection_name, "-n", name, *options)


def replication(az: Az, collection_name: str, name: str) -> object:
    view = az.show("restore-point", "show", "-g", "rg1", "--collection-name", collection_name, "-n", name, "--instance-view")
    statuses = at(view, "instanceView", "diskRestorePoints")
    assert isinstance(statuses, Sequence)
    percents = [at(disk, "replicationStatus", "completionPercent") for disk in statuses]
    return at(view, "instanceView", "statuses", 0, "code"), percents


def copy(azs: Azs, source_collection: str, name: str, *, into: str, source_id: str) -> None:
    """Copy a point to westus and wait for it as users do: by its instance view."""
    collection(azs[WEST], into, source_id)
    copied = point(azs[WEST], into, name, "--source-restore-point", f"{source_id}/restorePoints/{name}")
    assert at(copied, "sourceRestorePoint", "id") == f"{source_id}/restorePoints/{name}", source_collection
    until(lambda: replication(azs[WEST], into, name) == ("ReplicationState/succeeded", [100, 100]), "the copy is complete", step=0.5)


def disk_point_of(az: Az, collection_name: str, name: str, *path: str | int) -> str:
    shown = az.show("restore-point", "show", "-g", "rg1", "--collection-name", collection_name, "-n", name)
    return str(at(shown, "sourceMetadata", "storageProfile", *path, "diskRestorePoint", "id"))


def restore(az: Az, regions: DevRegions, name: str, source: str) -> Path:
    made = az.show("disk", "create", "-g", "rg1", "-n", name, "-l", az.region, "--source", source)
    assert (at(made, "provisioningState"), at(made, "creationData", "createOption")) == ("Succeeded", "Restore")
    assert (at(made, "diskSizeBytes"), at(made, "diskSizeGB"), at(made, "diskState")) == (6 * MIB, 1, "Unattached")
    return regions.pool / az.region / "rg1" / f"{name}.raw"


def test_a_vm_is_captured_copied_restored_and_deleted(azs: Azs, az_pair: DevRegions, entropy_seed: int) -> None:
    east, west = azs[EAST], azs[WEST]
    os_image, data_image = make_vm(azs, az_pair, "web", random.Random(entropy_seed))
    source_id = collection(east, "web", vm_id(east, "web"))

    made = point(east, "web", "rp1", "--consistency-mode", "CrashConsistent")
    assert (at(made, "provisioningState"), at(made, "consistencyMode")) == ("Succeeded", "CrashConsistent")
    excluded = east.text("disk", "show", "-g", "rg1", "-n", "web-data", "--query", "id")
    without_data = point(east, "web", "rp2", "--exclude-disks", excluded)
    assert at(without_data, "excludeDisks", 0, "id") == excluded
    assert at(without_data, "sourceMetadata", "storageProfile", "dataDisks") in ([], None)

    copy(azs, "web", "rp1", into="web-west", source_id=source_id)
    restored_os = restore(west, az_pair, "os-back", disk_point_of(west, "web-west", "rp1", "osDisk"))
    restored_data = restore(west, az_pair, "data-back", disk_point_of(west, "web-west", "rp1", "dataDisks", 0))
    assert are_identical(os_image, restored_os)
    assert are_identical(data_image, restored_data)

    west.run(
        "vm", "create", "-g", "rg1", "-n", "web-back", "-l", WEST, "--attach-os-disk", "os-back", "--os-type", "linux",
        "--attach-data-disks", "data-back", "--public-ip-address", "", "--nsg", "",
    )  # fmt: skip
    assert at(west.show("disk", "show", "-g", "rg1", "-n", "data-back"), "diskState") == "Attached"

    listed = east.show("restore-point", "collection", "show", "-g", "rg1", "--collection-name", "web", "--restore-points")
    names = at(listed, "restorePoints")
    assert isinstance(names, Sequence)
    assert [at(row, "name") for row in names] == ["rp1", "rp2"]
    east.run("restore-point", "wait", "-g", "rg1", "--collection-name", "web", "-n", "rp1", "--created")
    east.run("restore-point", "delete", "-g", "rg1", "--collection-name", "web", "-n", "rp1", "-y")
    assert east.run("restore-point", "show", "-g", "rg1", "--collection-name", "web", "-n", "rp1", expect=None).status == 3
    assert replication(west, "web-west", "rp1") == ("ReplicationState/succeeded", [100, 100])
    west.run("restore-point", "collection", "delete", "-g", "rg1", "--collection-name", "web-west", "-y")
    # Either endpoint lists what both regions have.
    assert [at(row, "name") for row in west.rows("restore-point", "collection", "list", "-g", "rg1")] == ["web"]


def test_snapshots_go_to_another_region_and_become_disks_there(azs: Azs, az_pair: DevRegions, entropy_seed: int) -> None:
    east, west = azs[EAST], azs[WEST]
    image = make_image(az_pair.pool / "snapped.raw", 5 * MIB, random.Random(entropy_seed))
    register_disk(east, "snapped", image)
    here = east.show("snapshot", "create", "-g", "rg1", "-n", "s1", "--source", "snapped", "--incremental", "true")
    assert (at(here, "provisioningState"), at(here, "incremental"), at(here, "diskSizeBytes")) == ("Succeeded", True, 5 * MIB)
    there = west.show(
        "snapshot", "create", "-g", "rg1", "-n", "s1-west", "-l", WEST, "--source", str(here["id"]),
        "--incremental", "true", "--copy-start", "true",
    )  # fmt: skip
    assert at(there, "creationData", "createOption") == "CopyStart"
    assert at(there, "creationData", "sourceUniqueId") == here["uniqueId"]

    def percent() -> object:
        return at(west.show("snapshot", "show", "-g", "rg1", "-n", "s1-west"), "completionPercent")

    until(lambda: percent() == 100.0, "the copy is complete", step=0.5)
    shown = west.show("snapshot", "show", "-g", "rg1", "-n", "s1-west")
    assert shown["incrementalSnapshotFamilyId"] not in {None, here["incrementalSnapshotFamilyId"]}
    west.run("disk", "create", "-g", "rg1", "-n", "of-snapshot", "-l", WEST, "--source", "s1-west")
    assert are_identical(image, az_pair.pool / WEST / "rg1" / "of-snapshot.raw")
    east.run("disk", "create", "-g", "rg1", "-n", "twin", "-l", EAST, "--source", "snapped")
    assert are_identical(image, az_pair.pool / EAST / "rg1" / "twin.raw")
    west.run("snapshot", "delete", "-g", "rg1", "-n", "s1-west")
    east.run("snapshot", "delete", "-g", "rg1", "-n", "s1")
    # Other tests have snapshots in this group, too.
    assert {"s1", "s1-west"}.isdisjoint(at(row, "name") for row in east.rows("snapshot", "list", "-g", "rg1"))


def test_a_lost_region_is_not_missed(tmp_path: Path, entropy_seed: int) -> None:
    for regions in run_regions(tmp_path / "dev"):
        azs = log_in(regions, tmp_path / "config")
        os_image, _ = make_vm(azs, regions, "web", random.Random(entropy_seed))
        kept = os_image.with_suffix(".kept")
        kept.write_bytes(os_image.read_bytes())
        source_id = collection(azs[EAST], "web", vm_id(azs[EAST], "web"))
        point(azs[EAST], "web", "rp1")
        copy(azs, "web", "rp1", into="web-west", source_id=source_id)
        regions.lose(EAST)
        os_image.unlink()
        restored = restore(azs[WEST], regions, "os-back", disk_point_of(azs[WEST], "web-west", "rp1", "osDisk"))
        assert are_identical(kept, restored)
