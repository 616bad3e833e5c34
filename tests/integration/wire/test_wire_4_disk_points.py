"""azure-wire.md §4: disk restore points, of local points and of copies."""

import pytest
from tests.integration.api.arm_client import compute
from tests.integration.wire.documents import Guid, Time, azure_part, ordered
from tests.integration.wire.scene import COPIES, LOCAL, Scene

LOCAL_DISKS, COPIED_DISKS = f"{LOCAL}/restorePoints/rp1/diskRestorePoints", f"{COPIES}/restorePoints/rp1/diskRestorePoints"
ACCESS = {
    "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
    "networkAccessPolicy": "AllowAll",
    "publicNetworkAccess": "Enabled",
}


def local(disk: str, **os_type: str) -> object:
    """Return §4's document."""
    return ordered(
        {
            "name": Guid(f"{disk}_"),
            "id": Guid(f"{LOCAL_DISKS}/{disk}_"),
            "properties": {
                "timeCreated": Time(),
                "sourceResourceId": compute("disks", disk),
                **os_type,
                "hyperVGeneration": "V2",
                "supportsHibernation": False,
                "familyId": Guid(),
                "sourceUniqueId": Guid(),
                **ACCESS,
            },
        }
    )


def copied(disk: str, *, state: str, percent: float, **os_type: str) -> object:
    """Return the document of a copy's: where it comes from, and how far it is, as a float."""
    return ordered(
        {
            "name": Guid(f"{disk}_"),
            "id": Guid(f"{COPIED_DISKS}/{disk}_"),
            "properties": {
                "timeCreated": Time(),
                "sourceResourceId": Guid(f"{LOCAL_DISKS}/{disk}_"),
                **os_type,
                "hyperVGeneration": "V2",
                "supportsHibernation": False,
                "familyId": Guid(),
                "sourceUniqueId": Guid(),
                **ACCESS,
                "sourceResourceLocation": "eastus",
                "replicationState": state,
                "completionPercent": percent,
            },
        }
    )


def test_the_list_of_a_local_point(scene: Scene) -> None:
    scene.finish()
    answer = scene.east.send("GET", LOCAL_DISKS)
    assert (answer.status_code, list(answer.json())) == (200, ["value"])
    assert [ordered(row) for row in answer.json()["value"]] == [local("os", osType="Linux"), local("data")]


def test_one_of_a_local_point(scene: Scene) -> None:
    scene.finish()
    for row, expected in zip(scene.disks(scene.east, LOCAL, "rp1"), [local("os", osType="Linux"), local("data")], strict=True):
        assert azure_part(scene.east.send("GET", f"{LOCAL_DISKS}/{row.name}")) == expected


@pytest.mark.parametrize(
    ("moment", "state", "percents"),
    [
        ("copy_running", "Replicating", (25.0, 0.0)),
        ("copy_finished", "Succeeded", (100.0, 100.0)),
        ("copy_failed", "Failed", (25.0, 0.0)),
    ],
)
def test_those_of_a_copy(scene: Scene, moment: str, state: str, percents: tuple[float, float]) -> None:
    getattr(scene, moment)()
    rows = scene.west.send("GET", COPIED_DISKS).json()["value"]
    expected = [copied("os", state=state, percent=percents[0], osType="Linux"), copied("data", state=state, percent=percents[1])]
    assert [ordered(row) for row in rows] == expected
    assert scene.west.send("GET", rows[0]["id"]).json() == rows[0]


def test_a_copy_that_has_not_started_has_none(scene: Scene) -> None:
    scene.copy()
    assert scene.west.send("GET", COPIED_DISKS).json() == {"value": []}


def test_the_source_is_the_disk_whose_unique_id_it_names(scene: Scene) -> None:
    scene.finish()
    unique = scene.east.send("GET", compute("disks", "os")).json()["properties"]["uniqueId"]
    assert scene.east.send("GET", LOCAL_DISKS).json()["value"][0]["properties"]["sourceUniqueId"] == unique
