"""Commands around the story: what people type to look around, and the refusals they get to read."""

import random

import pytest
from tests.az.conftest import Azs
from tests.az.test_story import make_vm
from tests.e2e.dev_regions import EAST, WEST, DevRegions, at

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
    assert "shownVNET" in [row["name"] for row in east.rows("network", "vnet", "list", "-g", "rg1")]
    assert at(east.rows("deployment", "group", "list", "-g", "rg1"), 0, "properties", "provisioningState") == "Succeeded"
    east.run("vm", "delete", "-g", "rg1", "-n", "shown", "-y")
    assert "shown" not in [row["name"] for row in east.rows("vm", "list", "-g", "rg1")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("disk", "show", "-g", "rg1", "-n", "none"), "ResourceNotFound"),
        (("vm", "show", "-g", "rg1", "-n", "none"), "ResourceNotFound"),
        (("snapshot", "show", "-g", "rg1", "-n", "none"), "ResourceNotFound"),
        (("disk", "create", "-g", "rg1", "-n", "-bad", "-l", EAST, "--size-gb", "1"), "not allowed"),
    ],
)
def test_refusals_are_told_in_azures_words(azs: Azs, arguments: tuple[str, ...], says: str) -> None:
    ran = azs[EAST].run(*arguments, expect=None)
    assert ran.status in {1, 2, 3}
    assert says in ran.errors
