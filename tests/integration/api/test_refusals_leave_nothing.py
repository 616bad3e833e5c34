"""Every refusal leaves the database as it was, row for row, and starts nothing."""

import sqlite3
from pathlib import Path

import pytest
from tests.integration.api.arm_client import Arm, compute

DISK = {"creationData": {"createOption": "Attach"}}


def dump(tmp_path: Path) -> list[str]:
    """Return the database of the region in the east as text: whole, but for the activity log, which tells of refusals too."""
    with sqlite3.connect(f"file:{tmp_path / 'eastus' / 'metadata.sqlite'}?mode=ro", uri=True) as connection:
        lines = [line for line in connection.iterdump() if not line.startswith('INSERT INTO "activity"')]
    connection.close()
    return lines


@pytest.fixture
def furnished(east: Arm) -> Arm:
    """Make one of each in the east."""
    vm = east.add_vm("web", os_disk=east.attach("os"))
    collection = east.add_collection("web", source=vm)
    east.send("PUT", f"{collection}/restorePoints/rp1", {})
    east.region.launched.clear()
    east.region.disk_file("spare")
    # A refused request may look for what it names at the peers; what they say of themselves is known already.
    east.region.follow()
    return east


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (compute("disks", "d"), {}),
        (compute("disks", "d"), {"location": "eastus", "properties": DISK}),
        (compute("disks", "d"), {"location": "westus", "properties": DISK}),
        (compute("disks", "d"), {"location": "moon", "properties": DISK}),
        (compute("disks", "d", group="none"), {"location": "eastus", "properties": DISK}),
        (compute("disks", "OS"), {"location": "eastus", "properties": {**DISK, "farpoint": {"blockSizeBytes": 65536}}}),
        (compute("virtualMachines", "v"), {"location": "eastus", "properties": {}}),
        (
            compute("virtualMachines", "v"),
            {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": compute("disks", "os")}}}}},
        ),
        (
            compute("virtualMachines", "web"),
            {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": compute("disks", "none")}}}}},
        ),
        (
            compute("restorePointCollections", "c"),
            {"location": "eastus", "properties": {"source": {"id": compute("virtualMachines", "x")}}},
        ),
        (
            compute("restorePointCollections", "web"),
            {"location": "eastus", "properties": {"source": {"id": compute("virtualMachines", "x")}}},
        ),
        (compute("restorePointCollections", "web", "restorePoints", "rp1"), {"properties": {"consistencyMode": "CrashConsistent"}}),
        (compute("restorePointCollections", "web", "restorePoints", "rp2"), {}),
        (compute("restorePointCollections", "none", "restorePoints", "rp2"), {}),
        (
            compute("restorePointCollections", "web", "restorePoints", "rp2"),
            {"properties": {"sourceRestorePoint": {"id": compute("restorePointCollections", "web", "restorePoints", "rp1")}}},
        ),
        (
            compute("disks", "d"),
            {
                "location": "eastus",
                "properties": {
                    "creationData": {
                        "createOption": "Restore",
                        "sourceResourceId": compute("restorePointCollections", "web", "restorePoints", "rp1", "diskRestorePoints", "x"),
                    }
                },
            },
        ),
    ],
)
def test_a_refused_put_changes_no_row_and_starts_no_work(
    furnished: Arm, tmp_path: Path, path: str, body: dict[str, dict[str, dict[str, str]]]
) -> None:
    before = dump(tmp_path)
    answer = furnished.send("PUT", path, body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["code"]
    assert dump(tmp_path) == before
    assert furnished.region.launched == []


def test_a_silent_peer_changes_nothing_either(furnished: Arm, tmp_path: Path) -> None:
    furnished.region.peers.down = {"westus"}
    before = dump(tmp_path)
    source = {"location": "eastus", "properties": {"source": {"id": compute("restorePointCollections", "elsewhere")}}}
    assert furnished.send("PUT", compute("restorePointCollections", "c"), source).status_code == 503
    assert furnished.send("PUT", compute("disks", "d", group="unknown"), {"location": "eastus", "properties": DISK}).status_code == 503
    assert dump(tmp_path) == before
