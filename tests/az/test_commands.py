"""Commands around the story: what people type to look around, and the refusals they get to read."""

import random
from pathlib import Path

import pytest
from tests.az.conftest import Azs
from tests.az.test_story import make_vm, register_disk
from tests.e2e.dev_regions import EAST, WEST, DevRegions, at
from tests.e2e.images import are_identical, make_image

from farpoint.units import MIB

pytestmark = [pytest.mark.az, pytest.mark.timeout(900)]


def test_looking_around(azs: Azs) -> None:
    east = azs[EAST]
    assert {str(row["name"]) for row in east.rows("account", "list-locations")} == {EAST, WEST}
    assert "Microsoft.Compute" in [row["namespace"] for row in east.rows("provider", "list")]
    assert at(east.show("provider", "show", "-n", "Microsoft.Compute"), "registrationState") == "Registered"
    east.run("provider", "register", "-n", "Microsoft.Compute")
    assert east.text("group", "exists", "-n", "rg1") == "true"
    assert east.text("group", "exists", "-n", "nowhere") == "false"
    assert "rg1" in [row["name"] for row in east.rows("group", "list")]
    assert at(east.show("group", "show", "-n", "rg1"), "location") == EAST


def test_disks_are_made_changed_and_deleted(azs: Azs) -> None:
    east = azs[EAST]
    made = east.show("disk", "create", "-g", "rg1", "-n", "empty", "-l", EAST, "--size-gb", "4", "--os-type", "Linux")
    assert (at(made, "diskSizeGB"), at(made, "tier"), at(made, "sku", "name")) == (4, "P1", "Premium_LRS")
    changed = east.show("disk", "update", "-g", "rg1", "-n", "empty", "--set", "tags.a=b")
    assert changed["tags"] == {"a": "b"}
    refused = east.run("disk", "update", "-g", "rg1", "-n", "empty", "--size-gb", "8", expect=1)
    assert "cannot be resized" in refused.errors
    east.run("disk", "wait", "-g", "rg1", "-n", "empty", "--created")
    upload = east.show("disk", "create", "-g", "rg1", "-n", "up", "-l", EAST, "--for-upload", "--upload-size-bytes", str((20 << 20) + 512))
    assert (at(upload, "diskState"), at(upload, "creationData", "uploadSizeBytes")) == ("ReadyToUpload", (20 << 20) + 512)
    shown = east.show("resource", "show", "-g", "rg1", "-n", "empty", "--resource-type", "Microsoft.Compute/disks")
    assert at(shown, "properties", "diskSizeGB") == 4
    for name in ("empty", "up"):
        east.run("disk", "delete", "-g", "rg1", "-n", name, "-y")
    assert {"empty", "up"}.isdisjoint(str(row["name"]) for row in east.rows("disk", "list", "-g", "rg1"))


def test_vms_are_described_and_not_run(azs: Azs, az_pair: DevRegions, entropy_seed: int) -> None:
    east = azs[EAST]
    make_vm(azs, az_pair, "shown", random.Random(entropy_seed))
    [row] = [row for row in east.rows("vm", "list", "-g", "rg1", "-d") if row["name"] == "shown"]
    assert (row["powerState"], row["provisioningState"]) == ("VM power state is not known", "Succeeded")
    view = east.show("vm", "get-instance-view", "-g", "rg1", "-n", "shown")
    assert at(view, "instanceView", "statuses", 0, "code") == "ProvisioningState/succeeded"
    for verb in ("start", "stop", "deallocate"):
        assert "Farpoint does not run VM 'shown'" in east.run("vm", verb, "-g", "rg1", "-n", "shown", expect=1).errors
    east.run("vm", "disk", "detach", "-g", "rg1", "--vm-name", "shown", "--name", "shown-data")
    assert at(east.show("disk", "show", "-g", "rg1", "-n", "shown-data"), "diskState") == "Unattached"
    # One for each VM, unless the group has one already.
    assert any(str(row["name"]).endswith("VNET") for row in east.rows("network", "vnet", "list", "-g", "rg1"))
    assert at(east.rows("deployment", "group", "list", "-g", "rg1"), 0, "properties", "provisioningState") == "Succeeded"
    east.run("vm", "delete", "-g", "rg1", "-n", "shown", "-y")
    assert "shown" not in [row["name"] for row in east.rows("vm", "list", "-g", "rg1")]


def test_disk_bytes_go_out_and_in_over_signed_urls(azs: Azs, az_pair: DevRegions, entropy_seed: int, tmp_path: Path) -> None:
    east = azs[EAST]
    image = make_image(az_pair.pool / "shared.raw", 6 * MIB, random.Random(entropy_seed))
    register_disk(east, "shared", image)
    east.run("snapshot", "create", "-g", "rg1", "-n", "shared", "--source", "shared", "--incremental", "true")
    vhds = {}
    for kind in ("disk", "snapshot"):
        url = east.text(kind, "grant-access", "-g", "rg1", "-n", "shared", "--duration-in-seconds", "600", "--query", "accessSAS")
        assert at(east.show(kind, "show", "-g", "rg1", "-n", "shared"), "diskState") == "ActiveSAS"
        vhds[kind] = tmp_path / f"{kind}.vhd"
        east.run("storage", "blob", "download", "--blob-url", url, "-f", str(vhds[kind]), "--no-progress")
        east.run(kind, "revoke-access", "-g", "rg1", "-n", "shared")
        assert east.run("storage", "blob", "show", "--blob-url", url, expect=None).status != 0
        assert vhds[kind].read_bytes()[:-512] == image.read_bytes()

    size = str(vhds["disk"].stat().st_size)
    east.run("disk", "create", "-g", "rg1", "-n", "put-back", "-l", EAST, "--for-upload", "--upload-size-bytes", size)
    wanted = ("--access-level", "Write", "--duration-in-seconds", "600", "--query", "accessSAS")
    url = east.text("disk", "grant-access", "-g", "rg1", "-n", "put-back", *wanted)
    east.run("storage", "blob", "upload", "--blob-url", url, "-f", str(vhds["disk"]), "--type", "page", "--overwrite", "--no-progress")
    east.run("disk", "revoke-access", "-g", "rg1", "-n", "put-back")
    assert at(east.show("disk", "show", "-g", "rg1", "-n", "put-back"), "diskState") == "Unattached"
    assert are_identical(image, az_pair.pool / EAST / "rg1" / "put-back.raw")


def test_a_group_goes_with_everything_in_it_in_both_regions(azs: Azs) -> None:
    for az in azs.values():
        if az.region == EAST:
            az.run("group", "create", "-n", "rg2", "-l", EAST, "--tags", "a=b")
        az.run("disk", "create", "-g", "rg2", "-n", f"in-{az.region}", "-l", az.region, "--size-gb", "1", "--os-type", "Linux")
    east = azs[EAST]
    assert {str(row["name"]) for row in east.rows("resource", "list", "-g", "rg2")} == {f"in-{EAST}", f"in-{WEST}"}
    disks = east.rows("resource", "list", "--resource-type", "Microsoft.Compute/disks", "--query", "[?resourceGroup=='rg2']")
    assert len(disks) == 2
    east.run("group", "delete", "-n", "rg2", "-y")
    for az in azs.values():
        assert az.text("group", "exists", "-n", "rg2") == "false"
        assert "rg2" not in {str(row["resourceGroup"]) for row in az.rows("resource", "list")}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("disk", "show", "-g", "rg1", "-n", "none"), "ResourceNotFound"),
        (("vm", "show", "-g", "rg1", "-n", "none"), "ResourceNotFound"),
        (("snapshot", "show", "-g", "rg1", "-n", "none"), "ResourceNotFound"),
        (("disk", "create", "-g", "rg1", "--name=-bad", "-l", EAST, "--size-gb", "1"), "not allowed"),
    ],
)
def test_refusals_are_told_in_azures_words(azs: Azs, arguments: tuple[str, ...], says: str) -> None:
    ran = azs[EAST].run(*arguments, expect=None)
    assert ran.status in {1, 2, 3}
    assert says in ran.errors
