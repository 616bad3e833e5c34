"""What restoring and copying a disk share: the target's lock, its checkpoints, and how the disk's row ends."""

import uuid
from collections.abc import Callable
from pathlib import Path

from attrs import evolve

from farpoint.disks.target import RestoreTarget, Resume, TargetState
from farpoint.errors import SupersededError
from farpoint.metadata import disks, operations, restore_checkpoints
from farpoint.metadata.operations import claimed_write
from farpoint.metadata.restore_checkpoints import RestoreCheckpoint
from farpoint.model.disk import DiskState
from farpoint.model.ids import DiskId
from farpoint.model.operations import Failure, OperationState
from farpoint.model.resources import Disk, ProvisioningState
from farpoint.units import human_bytes
from farpoint.workflows.bench import Work
from farpoint.workflows.publishing import end_operation


def load_disk(work: Work) -> Disk:
    """Return the disk that the operation makes."""
    with work.bench.database.read() as conn:
        disk = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(work.operation.subject)))
    assert disk is not None, "a disk outlives its running operation"
    return disk


def recorded_resume(work: Work, disk: Disk) -> Resume | None:
    """Return what an earlier run recorded about the target."""
    with work.bench.database.read() as conn:
        checkpoint = restore_checkpoints.get_checkpoint(conn, disk.id)
    if checkpoint is None:
        return None
    same_operation = checkpoint.operation == work.operation.id
    return Resume(identity=checkpoint.identity, synced_bytes=checkpoint.synced_bytes, same_operation=same_operation)


def waiting(work: Work, path: Path) -> Callable[[], None]:
    """Return what to do while another writer has the target's lock."""

    def wait() -> None:
        # Raises when we were superseded ourselves, or when the region stops.
        work.report(evolve(work.progress, waiting=f"another operation holds the lock on {path}"))

    return wait


def check_still_ours(work: Work, target: RestoreTarget) -> None:
    """See that the work is still ours before the first byte is written: waiting for the lock may have taken long."""
    try:
        work.report(evolve(work.progress, waiting=""), now=True)
    except SupersededError:
        if target.state is TargetState.FRESH:
            # Made just now, and nothing is in it: whoever took over has finished, or makes one anew.
            target.abandon()
        raise


def look_for_data(work: Work, target: RestoreTarget) -> None:
    """See that nothing is replaced which nobody allowed to replace, before anything is written; of a device that means reading it."""

    def on_looked(looked: int) -> None:
        work.report(evolve(work.progress, waiting=f"{human_bytes(looked)} of the device read to see that it is empty"))

    target.look_for_data(on_looked)


def record_checkpoint(work: Work, disk: Disk, target: RestoreTarget, synced_bytes: int) -> None:
    """Record that everything below *synced_bytes* is written and synced, and whose work the target holds."""
    checkpoint = RestoreCheckpoint(identity=target.identity, synced_bytes=synced_bytes, operation=work.operation.id)
    with claimed_write(work.bench.database, work.claim) as conn:
        restore_checkpoints.put_checkpoint(conn, disk.id, checkpoint)


def commit_disk(work: Work, disk: Disk, state: DiskState) -> None:
    """Show the disk as done, and end the operation."""
    with claimed_write(work.bench.database, work.claim) as conn:
        found = disks.get_disk_by_guid(conn, disk.id)
        assert found is not None
        done = evolve(found, provisioning_state=ProvisioningState.SUCCEEDED, state=state, failure=None)
        disks.update_disk(conn, done)
        restore_checkpoints.delete_checkpoint(conn, disk.id)
        end_operation(work, conn)


def fail_disk(work: Work, failure: Failure) -> None:
    """Keep what is written: asking again for the same disk goes on from the checkpoint."""
    with claimed_write(work.bench.database, work.claim) as conn:
        disk = disks.get_disk_by_guid(conn, DiskId(uuid.UUID(work.operation.subject)))
        if disk is not None:
            disks.update_disk(conn, evolve(disk, provisioning_state=ProvisioningState.FAILED, failure=failure))
        operations.finish_operation(conn, work.claim, OperationState.FAILED, failure, work.bench.clock.now())
