"""The long operations, one of each kind, ready to be disturbed: how to get there, and what must be true in the end."""

import uuid
from collections.abc import Callable, Mapping
from functools import partial

from farpoint.metadata import collections, disks, groups, points, role_assignments, virtual_machines
from farpoint.model.arm_id import parse_arm_id
from farpoint.model.ids import OperationId
from farpoint.model.operations import OperationKind
from farpoint.model.resources import ProvisioningState
from farpoint.model.roles import READER, SERVICE_PRINCIPAL
from farpoint.services.collections import delete_collection
from farpoint.services.group_deletion import delete_group
from farpoint.services.points import delete_point
from farpoint.services.roles import AssignmentRequest, put_assignment
from farpoint.services.verification import verify_disk, verify_point
from farpoint.testing.disk_journeys import copy_disk, copy_snapshot, create_snapshot, delete_first_snapshot
from farpoint.testing.journey import Journey, journey_of
from farpoint.testing.point_contents import find_point, read_point
from farpoint.testing.regions import CLIENT, SmallRegion
from farpoint.testing.stage import DATA_BLOCKS, DATA_BYTES, GROUP, OS_BYTES, Stage, disk_arm_id, point_arm_id


def create_point(stage: Stage) -> Journey:
    """Capture a second point, a little of both disks changed."""
    _first_point(stage)
    operation = stage.request_point("rp1")
    return journey_of(
        stage,
        stage.east,
        operation,
        check_success=partial(_shows, stage, stage.east, "web01", "rp1"),
        check_hidden=partial(_point_hidden, stage.east, "web01", "rp1"),
        ask_again=partial(_make_point_again, stage.east, "web01", "rp1", stage.request_point),
    )


def copy_point(stage: Stage) -> Journey:
    """Copy a point to a region that has nothing of it."""
    stage.add_vm()
    stage.create_point("rp1")
    return _copy(stage, "rp1")


def copy_second_point(stage: Stage) -> Journey:
    """Copy a point to a region that has the one before."""
    _first_point(stage)
    stage.copy_point("rp0")
    stage.create_point("rp1")
    return _copy(stage, "rp1")


def restore_disk(stage: Stage, *, overwrite: bool = False) -> Journey:
    """Restore the OS disk into a new file, or over an old one."""
    stage.add_vm()
    stage.create_point("rp1")
    path = stage.east.pool / "new.raw"
    before = b"old" * 512 if overwrite else None
    if before is not None:
        path.write_bytes(before)
    source = disk_point_arm_id(stage.east, "web01", "rp1", "os")
    ask = partial(stage.request_restore, stage.east, source, name="new", overwrite=overwrite)

    def check_success() -> None:
        assert path.read_bytes() == stage.captured["rp1"]["os"], "the restored disk is not the captured one"
        with stage.east.database.read() as conn:
            disk = disks.get_disk(conn, group=GROUP, name="new")
        assert disk is not None
        assert disk.provisioning_state is ProvisioningState.SUCCEEDED
        assert not path.with_name("new.raw.restoring").exists()

    def check_hidden() -> None:
        # Renamed already, its row not yet written: whole, and whoever looks at the row waits.
        found = path.read_bytes() if path.exists() else None
        assert found in (before, stage.captured["rp1"]["os"]), "half a disk is visible"
        with stage.east.database.read() as conn:
            disk = disks.get_disk(conn, group=GROUP, name="new")
        assert disk is not None
        assert disk.state is None
        assert disk.provisioning_state is not ProvisioningState.SUCCEEDED

    return journey_of(stage, stage.east, ask(), check_success=check_success, check_hidden=check_hidden, ask_again=ask)


def delete_first_point(stage: Stage) -> Journey:
    """Delete the point that the second one was compared with."""
    _first_point(stage)
    stage.create_point("rp1")

    def ask() -> OperationId:
        operation = delete_point(stage.east.context, group=GROUP, collection="web01", name="rp0", principal=CLIENT)
        assert operation is not None
        return operation.id

    def check_success() -> None:
        assert find_point(stage.east, "web01", "rp0") is None
        _shows(stage, stage.east, "web01", "rp1")

    return journey_of(
        stage,
        stage.east,
        ask(),
        check_success=check_success,
        check_hidden=partial(_shows, stage, stage.east, "web01", "rp1"),
        ask_again=ask,
    )


def delete_whole_collection(stage: Stage) -> Journey:
    """Delete a collection of two copies; their source keeps its points."""
    _first_point(stage)
    stage.create_point("rp1")
    stage.copy_point("rp0")
    stage.copy_point("rp1")

    def ask() -> OperationId:
        operation = delete_collection(stage.west.context, group=GROUP, name="web01-westus", principal=CLIENT)
        assert operation is not None
        return operation.id

    def check_success() -> None:
        assert find_point(stage.west, "web01-westus", "rp0") is None
        assert find_point(stage.west, "web01-westus", "rp1") is None
        check_sources()

    def check_sources() -> None:
        for name in ("rp0", "rp1"):
            _shows(stage, stage.east, "web01", name)

    return journey_of(stage, stage.west, ask(), check_success=check_success, check_hidden=check_sources, ask_again=ask)


def delete_whole_group(stage: Stage) -> Journey:
    """Delete a group with a VM, its disks and points here, and a copy in the other region; roles were given at it, in it and above it."""
    _first_point(stage)
    stage.copy_point("rp0")
    subscription = f"/subscriptions/{stage.east.context.subscription_id}"
    inside = (f"{subscription}/resourceGroups/{GROUP}", disk_arm_id("os"))
    for number, scope in enumerate((subscription, *inside), start=1):
        _give_role(stage, scope, uuid.UUID(int=number))

    def ask() -> OperationId:
        return delete_group(stage.east.context, GROUP, principal=CLIENT).id

    def check_success() -> None:
        for region in (stage.east, stage.west):
            with region.database.read() as conn:
                assert groups.get_group(conn, GROUP) is None
                assert disks.list_disks(conn) == []
                assert virtual_machines.list_vms(conn) == []
                assert collections.list_collections(conn) == []
                assert [one.scope for one in role_assignments.list_assignments(conn)] == [subscription]
        assert (stage.east.pool / "os.raw").exists(), "a disk's file stays"

    def check_hidden() -> None:
        with stage.east.database.read() as conn:
            # The tombstone is written with the operation's end, when nothing is left.
            assert groups.get_group(conn, GROUP) is not None
            assert {one.scope for one in role_assignments.list_assignments(conn)} == {subscription, *inside}

    return journey_of(stage, stage.east, ask(), check_success=check_success, check_hidden=check_hidden, ask_again=ask)


def verify_copied_point(stage: Stage, *, full: bool) -> Journey:
    """Verify a copied point."""
    stage.add_vm()
    stage.create_point("rp1")
    stage.copy_point("rp1")
    check = partial(_shows, stage, stage.west, "web01-westus", "rp1")
    arm_id = parse_arm_id(point_arm_id("web01-westus", "rp1"))

    def ask() -> OperationId:
        return verify_point(stage.west.context, arm_id, full=full, principal=CLIENT).id

    return journey_of(stage, stage.west, ask(), check_success=check, check_hidden=check, ask_again=ask)


def verify_restored_disk(stage: Stage) -> Journey:
    """Verify a disk that was restored."""
    stage.add_vm()
    stage.create_point("rp1")
    stage.east.run(stage.request_restore(stage.east, disk_point_arm_id(stage.east, "web01", "rp1", "os"), name="new"))
    check = partial(_file_is, stage, "new", "rp1")

    def ask() -> OperationId:
        return verify_disk(stage.east.context, parse_arm_id(disk_arm_id("new")), principal=CLIENT).id

    return journey_of(stage, stage.east, ask(), check_success=check, check_hidden=check, ask_again=ask)


#: One of each kind and shape.
JOURNEYS: Mapping[str, Callable[[Stage], Journey]] = {
    "createPoint": create_point,
    "copyPoint": copy_point,
    "copySecondPoint": copy_second_point,
    "restoreDisk": restore_disk,
    "restoreDiskOverOther": partial(restore_disk, overwrite=True),
    "deletePoint": delete_first_point,
    "deleteCollection": delete_whole_collection,
    "deleteGroup": delete_whole_group,
    "copyDisk": copy_disk,
    "createSnapshot": create_snapshot,
    "copySnapshot": copy_snapshot,
    "deleteSnapshot": delete_first_snapshot,
    "verifyPoint": partial(verify_copied_point, full=False),
    "verifyPointFull": partial(verify_copied_point, full=True),
    "verifyDisk": verify_restored_disk,
}


#: Those whose every kind of moment is struck in each run of the suite; the others differ from them in little, and wait for the long run.
_LIKE_OTHERS = frozenset({"copySecondPoint", "restoreDiskOverOther", "createSnapshot", "copySnapshot", "verifyPointFull"})
BRIEF = tuple(name for name in JOURNEYS if name not in _LIKE_OTHERS)


def disk_point_arm_id(region: SmallRegion, collection: str, point: str, disk: str) -> str:
    """Return the ARM id of one disk of a point."""
    found = find_point(region, collection, point)
    assert found is not None
    name = next(row.name for row in found[1] if row.disk_name == disk)
    return f"{point_arm_id(collection, point)}/diskRestorePoints/{name}"


def _first_point(stage: Stage) -> None:
    stage.add_vm()
    stage.create_point("rp0")
    stage.write_blocks("os", OS_BYTES, (1, 70, 40))
    stage.write_blocks("data", DATA_BYTES, DATA_BLOCKS[:1])


def _give_role(stage: Stage, scope: str, name: uuid.UUID) -> None:
    request = AssignmentRequest(
        scope=scope, name=str(name), role_id=str(READER.id), principal=CLIENT, principal_type=SERVICE_PRINCIPAL, description=""
    )
    put_assignment(stage.east.context, request, principal=CLIENT)


def _copy(stage: Stage, name: str) -> Journey:
    operation = stage.request_copy(name)
    return journey_of(
        stage,
        stage.west,
        operation,
        check_success=partial(_shows, stage, stage.west, "web01-westus", name),
        check_hidden=partial(_point_hidden, stage.west, "web01-westus", name),
        ask_again=partial(_make_point_again, stage.west, "web01-westus", name, stage.request_copy),
    )


def _shows(stage: Stage, region: SmallRegion, collection: str, name: str) -> None:
    assert read_point(region, collection, name) == stage.captured[name], f"point {name} is not what was captured"
    found = find_point(region, collection, name)
    assert found is not None
    assert found[0].provisioning_state is ProvisioningState.SUCCEEDED
    assert found[0].failure is None


def _file_is(stage: Stage, disk: str, point: str) -> None:
    assert (stage.east.pool / f"{disk}.raw").read_bytes() == stage.captured[point]["os"]


def _point_hidden(region: SmallRegion, collection: str, name: str) -> None:
    found = find_point(region, collection, name)
    assert found is not None
    assert found[0].manifest is None, "a point that is not complete must not be restorable"


def _make_point_again(region: SmallRegion, collection: str, name: str, request: Callable[[str], OperationId]) -> OperationId:
    """Delete the failed point and ask for it anew."""
    with region.database.read() as conn:
        point = points.get_point(conn, group=GROUP, collection=collection, name=name)
    assert point is not None
    assert point.provisioning_state is ProvisioningState.FAILED
    deletion = delete_point(region.context, group=GROUP, collection=collection, name=name, principal=CLIENT)
    assert deletion is not None
    assert deletion.kind is OperationKind.DELETE_POINT
    region.run(deletion.id)
    assert find_point(region, collection, name) is None
    return request(name)
