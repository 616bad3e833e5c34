"""The long operations on single disks: copies of disks, and snapshots made, copied to another region and deleted."""

from collections.abc import Callable
from functools import partial

from farpoint.metadata import disks, points, snapshots
from farpoint.model.ids import OperationId
from farpoint.model.resources import ProvisioningState
from farpoint.services.snapshots import delete_snapshot
from farpoint.testing.journey import Check, Journey, journey_of
from farpoint.testing.point_contents import read_snapshot
from farpoint.testing.regions import CLIENT, SmallRegion
from farpoint.testing.stage import GROUP, Stage, disk_arm_id, snapshot_arm_id


def copy_disk(stage: Stage) -> Journey:
    """Copy the OS disk to a new file."""
    stage.add_vm()
    original, path = stage.disk_path("os").read_bytes(), stage.disk_path("new")
    ask = partial(stage.request_disk_copy, disk_arm_id("os"), name="new")

    def check_success() -> None:
        assert path.read_bytes() == original, "the copy is not the disk"
        with stage.east.database.read() as conn:
            disk = disks.get_disk(conn, group=GROUP, name="new")
        assert disk is not None
        assert disk.provisioning_state is ProvisioningState.SUCCEEDED
        assert disk.state is not None
        assert not path.with_name("new.raw.restoring").exists()

    def check_hidden() -> None:
        # Renamed already, its row not yet written: whole, and whoever looks at the row waits.
        assert not path.exists() or path.read_bytes() == original, "half a disk is visible"
        with stage.east.database.read() as conn:
            disk = disks.get_disk(conn, group=GROUP, name="new")
        assert disk is not None
        assert disk.provisioning_state is not ProvisioningState.SUCCEEDED

    return journey_of(stage, stage.east, ask(), check_success=check_success, check_hidden=check_hidden, ask_again=ask)


def create_snapshot(stage: Stage) -> Journey:
    """Make a snapshot of the OS disk."""
    stage.add_vm()
    return _made(stage, stage.east, partial(stage.request_snapshot, "s1"), name="s1")


def copy_snapshot(stage: Stage) -> Journey:
    """Bring a snapshot to a region that has nothing of it."""
    stage.add_vm()
    stage.east.run(stage.request_snapshot("s1"))
    ask = partial(stage.request_snapshot, "s1-west", region=stage.west, source=snapshot_arm_id("s1"))
    return _made(stage, stage.west, ask, name="s1-west")


def delete_first_snapshot(stage: Stage) -> Journey:
    """Delete the snapshot that the second one was compared with."""
    stage.add_vm()
    original = stage.disk_path("os").read_bytes()
    for name in ("s0", "s1"):
        stage.east.run(stage.request_snapshot(name))

    def check_hidden() -> None:
        assert read_snapshot(stage.east, "s1") == original

    def check_success() -> None:
        with stage.east.database.read() as conn:
            assert snapshots.get_snapshot(conn, group=GROUP, name="s0") is None
        check_hidden()

    ask = partial(_request_deletion, stage.east, "s0")
    return journey_of(stage, stage.east, ask(), check_success=check_success, check_hidden=check_hidden, ask_again=ask)


def _made(stage: Stage, region: SmallRegion, ask: Callable[[], OperationId], *, name: str) -> Journey:
    original = stage.disk_path("os").read_bytes()

    def check_success() -> None:
        assert read_snapshot(region, name) == original, "the snapshot is not the disk"

    check_hidden: Check = partial(_is_hidden, region, name)
    ask_again = partial(_make_again, region, ask, name)
    return journey_of(stage, region, ask(), check_success=check_success, check_hidden=check_hidden, ask_again=ask_again)


def _is_hidden(region: SmallRegion, name: str) -> None:
    with region.database.read() as conn:
        snapshot = snapshots.get_snapshot(conn, group=GROUP, name=name)
        assert snapshot is not None
        point = points.get_point_by_guid(conn, snapshot.point)
    assert point is not None
    assert point.manifest is None, "a snapshot that is not complete must not be restorable"


def _make_again(region: SmallRegion, ask: Callable[[], OperationId], name: str) -> OperationId:
    """Delete the failed snapshot and ask for it anew."""
    region.run(_request_deletion(region, name))
    return ask()


def _request_deletion(region: SmallRegion, name: str) -> OperationId:
    operation = delete_snapshot(region.context, group=GROUP, name=name, principal=CLIENT)
    assert operation is not None
    return operation.id
