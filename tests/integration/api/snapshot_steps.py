"""Snapshots made and copied in two linked regions whose work is played."""

import httpx
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import disk_points, snapshots
from farpoint.model.ids import PointId
from farpoint.model.resources import DiskRestorePoint
from farpoint.testing.played_work import play_whole_operation

S1 = compute("snapshots", "s1")
COPY = compute("snapshots", "s1-west")


def body(source: str, option: str = "Copy", *, location: str = "eastus", **more: object) -> dict[str, object]:
    """Describe a snapshot."""
    creation = {"createOption": option, "sourceResourceId": source}
    return {"location": location, "properties": {"creationData": creation, "incremental": True, **more}}


def play(arm: Arm, source: Arm) -> None:
    """Do the work that a region has begun."""
    for operation in arm.region.launched:
        play_whole_operation(arm.region.context, operation, source=source.region.context)
    arm.region.launched.clear()


def properties_of(answer: httpx.Response) -> dict[str, object]:
    """Return what an answer shows below ``properties``."""
    shown: dict[str, object] = answer.json()["properties"]
    return shown


def point_of(arm: Arm) -> PointId:
    """Return the point behind the region's one snapshot, or the first of them."""
    with arm.region.context.database.read() as conn:
        found = next(iter(snapshots.list_snapshots(conn)), None)
    assert found is not None
    return found.point


def copy_start(west: Arm) -> httpx.Response:
    """Begin to bring s1 to westus."""
    return west.send("PUT", COPY, body(S1, "CopyStart", location="westus"))


def disks_of(east: Arm, point: PointId) -> tuple[DiskRestorePoint, ...]:
    """Return the rows of a point's disks."""
    with east.region.context.database.read() as conn:
        return tuple(disk_points.list_disk_points(conn, point))
