"""Deleting what is under way: nobody who still works on it can write any more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farpoint.errors import SupersededError
from farpoint.metadata import operations
from farpoint.model.operations import Failure, OperationKind, Progress
from farpoint.model.resources import ProvisioningState
from farpoint.services.collections import CollectionRequest, delete_collection, put_collection
from farpoint.services.disks import AttachRequest, attach_disk
from farpoint.services.new_point import PointRequest, create_point
from farpoint.services.point_details import PointDetails
from farpoint.services.points import delete_point, get_point
from farpoint.services.virtual_machines import DiskAttachment, VmRequest, put_vm
from farpoint.testing.arm_region import CLIENT, ArmRegion
from farpoint.testing.played_work import play_end
from farpoint.testing.stage import wanted_disk


@pytest.fixture
def region(tmp_path: Path, entropy_seed: int) -> Iterator[ArmRegion]:
    """Make a region with a VM and its collection."""
    region = ArmRegion("eastus", tmp_path, seed=entropy_seed)
    context = region.context
    attach_disk(context, AttachRequest(disk=wanted_disk("os", region.disk_file("os"))))
    attached = DiskAttachment(disk_id=str(context.arm_id("default", ("disks", "os"))), lun=None, target="", settings={})
    put_vm(context, VmRequest(group="default", name="web", location="eastus", tags={}, properties={}, attachments=(attached,)))
    source = str(context.arm_id("default", ("virtualMachines", "web")))
    put_collection(context, CollectionRequest(group="default", name="web", location="eastus", tags={}, source_id=source))
    yield region
    region.close()


def start(region: ArmRegion) -> PointDetails:
    request = PointRequest(group="default", collection="web", name="rp", exclude_disks=(), consistency=None, allow_live=False)
    return create_point(region.context, request, principal=CLIENT).resource


def test_whoever_still_makes_a_deleted_point_cannot_write_any_more(region: ArmRegion) -> None:
    point = start(region).point
    with region.context.database.write() as conn:
        claim = operations.claim_operation(conn, point.operation)
    delete_point(region.context, group="default", collection="web", name="rp", principal=CLIENT)
    with pytest.raises(SupersededError), region.context.database.write() as conn:
        operations.save_progress(conn, claim, Progress())


def test_a_deleted_collection_ends_the_making_of_its_points(region: ArmRegion) -> None:
    point = start(region).point
    deletion = delete_collection(region.context, group="default", name="web", principal=CLIENT)
    assert deletion is not None
    assert (deletion.kind, deletion.subject) == (OperationKind.DELETE_COLLECTION, str(point.collection))
    details = get_point(region.context, group="default", collection="web", name="rp")
    assert details.point.provisioning_state is ProvisioningState.DELETING
    assert details.operation is not None
    assert details.operation.failure is not None
    assert details.operation.failure.code == "Interrupted"


def test_a_deletion_that_failed_can_be_asked_for_again(region: ArmRegion) -> None:
    start(region)
    first = delete_point(region.context, group="default", collection="web", name="rp", principal=CLIENT)
    assert first is not None
    play_end(region.context, first.id, failure=Failure(code="InternalError", message="bad luck"))
    second = delete_point(region.context, group="default", collection="web", name="rp", principal=CLIENT)
    assert second is not None
    assert second.id != first.id
    assert region.launched[-1] == second.id


def test_a_point_of_a_collection_being_deleted_is_removed_by_that_operation(region: ArmRegion) -> None:
    start(region)
    deletion = delete_collection(region.context, group="default", name="web", principal=CLIENT)
    assert delete_point(region.context, group="default", collection="web", name="rp", principal=CLIENT) == deletion
