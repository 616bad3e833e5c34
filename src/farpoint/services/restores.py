"""Making a disk from something: a disk restore point (Restore), a snapshot or another disk (Copy).

Steps: find the source and see that it is complete; look at the target (outside any transaction); in one transaction check
again and write disk and operation; start the workflow. Asking again for the same restore is answered with what there is: the running
one, the finished disk, or, after a failure, a new run that goes on from what is stored.
"""

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from farpoint.disks.final_file import check_final_path, is_published
from farpoint.disks.inspect import RESTORING_SUFFIX
from farpoint.disks.open_target import open_target
from farpoint.disks.target import Resume, TargetRequest
from farpoint.errors import Code, RefusedError
from farpoint.metadata import disks, operations, restore_checkpoints
from farpoint.metadata.connection import Connection
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.services.captures import look_at_disk
from farpoint.services.context import RegionContext
from farpoint.services.disk_sources import SOURCE_TARGET, DiskSource, find_source, missing_source
from farpoint.services.groups import open_group
from farpoint.services.new_operations import new_operation
from farpoint.services.outcome import Put
from farpoint.services.references import DISK_POINT_TYPE, DISK_TYPE, SNAPSHOT_TYPE, parse_reference
from farpoint.services.refusals import conflict, invalid, not_allowed
from farpoint.services.wanted_disks import (
    PATH_TARGET,
    SIZE_TARGET,
    DiskPlace,
    WantedDisk,
    at_path,
    new_disk_row,
    own_place,
    refuse_resize,
    refuse_taken_path,
)
from farpoint.units import whole_gib

_SOURCE_TYPES: Final = {CreateOption.RESTORE: (DISK_POINT_TYPE,), CreateOption.COPY: (SNAPSHOT_TYPE, DISK_TYPE)}
_BLOCK_TARGET: Final = "properties.farpoint.blockSizeBytes"


@frozen(kw_only=True)
class RestoreRequest:
    """A PUT that restores or copies a disk."""

    disk: WantedDisk
    #: ARM id of the disk restore point; for a copy of the snapshot or disk.
    source_id: str
    #: Replace what is at the path.
    overwrite: bool = False
    #: What the client expects; None when it does not say.
    size_gib: int | None = None


@frozen(kw_only=True)
class _Looked:
    """What was seen before anything is written."""

    place: DiskPlace
    source: ArmId
    #: Size of the source now; None when the request's work is running or complete, and nothing is to be begun.
    size_bytes: int | None


def check_restore(context: RegionContext, request: RestoreRequest) -> None:
    """Refuse what restore_disk would refuse now; start and change nothing."""
    with own_place(context, request.disk) as place:
        looked = _look_first(context, request, place)
    with context.database.read() as conn:
        open_group(conn, place.wanted.group)
    if looked.size_bytes is None and place.existing is not None:
        refuse_resize(place.existing, request.size_gib)


def restore_disk(context: RegionContext, request: RestoreRequest, *, principal: str) -> Put[Disk]:
    """Create a disk from its source; the work goes on after the answer."""
    with own_place(context, request.disk) as place:
        return _put_disk(context, request, _look_first(context, request, place), principal=principal)


def _put_disk(context: RegionContext, request: RestoreRequest, looked: _Looked, *, principal: str) -> Put[Disk]:
    place, source, wanted = looked.place, looked.source, looked.place.wanted
    with context.database.write() as conn:
        open_group(conn, wanted.group)
        existing = disks.get_disk(conn, group=wanted.group, name=wanted.name)
        if existing is not None and _is_done(existing, place, source):
            return _repeated(conn, existing, request)
        refuse_taken_path(context, conn, place)
        found = find_source(conn, source)
        if found is None or looked.size_bytes is None:
            message = f"'{source.name}' or disk '{wanted.name}' was deleted meanwhile."
            raise not_allowed(message, hint="Ask again.", target=SOURCE_TARGET)
        found = evolve(found, size_bytes=looked.size_bytes)
        disk = _new_row(context, place, source, found) if existing is None else _row_again(existing, wanted, found)
        operation = _operation(context, request, disk=disk, found=found, principal=principal)
        disk = evolve(disk, operation=operation.id)
        if existing is None:
            disks.insert_disk(conn, disk)
        else:
            disks.update_disk(conn, disk)
        operations.insert_operation(conn, operation)
    context.launch(operation.id)
    return Put(resource=disk, created=existing is None, operation=operation)


def restore_under_way(context: RegionContext, disk: Disk) -> Operation | None:
    """Return the operation that makes *disk*; None once it has ended."""
    if disk.provisioning_state is not ProvisioningState.UPDATING or disk.operation is None:
        return None
    with context.database.read() as conn:
        return operations.get_operation(conn, disk.operation)


def _look_first(context: RegionContext, request: RestoreRequest, place: DiskPlace) -> _Looked:
    source = parse_reference(context, request.source_id, *_SOURCE_TYPES[place.wanted.create_option], target=SOURCE_TARGET)
    size_bytes = None if _is_done(place.existing, place, source) else _look(context, request, place, source)
    return _Looked(place=place, source=source, size_bytes=size_bytes)


def _is_done(existing: Disk | None, place: DiskPlace, source: ArmId) -> bool:
    """Tell whether this very work is running or complete; refuse a name that is taken by anything else."""
    if existing is None:
        return False
    differing = _differing(existing, place, source)
    if differing:
        message = f"Disk '{existing.name}' exists: {existing.create_option} at {existing.path}, {existing.provisioning_state}."
        message += f" This request has another {' and '.join(differing)}."
        raise conflict(message, hint="Choose another name, or delete it first (its file stays).", target=differing[0])
    return existing.provisioning_state is not ProvisioningState.FAILED


def _differing(existing: Disk, place: DiskPlace, source: ArmId) -> Sequence[str]:
    """Return the JSON paths at which the request is not the one that made *existing*; what it leaves out does not differ."""
    wanted = place.wanted
    same = {
        "properties.creationData.createOption": existing.create_option is wanted.create_option,
        SOURCE_TARGET: (existing.source_resource_id or "").lower() == source.key,
        PATH_TARGET: existing.path == str(place.path),
        _BLOCK_TARGET: wanted.block_bytes in {None, existing.block_bytes},
        "properties.osType": wanted.os_type in {None, existing.os_type},
    }
    return [target for target, is_same in same.items() if not is_same]


def _repeated(conn: Connection, existing: Disk, request: RestoreRequest) -> Put[Disk]:
    refuse_resize(existing, request.size_gib)
    updated = evolve(existing, tags=request.disk.tags, sku=request.disk.sku)
    disks.update_disk(conn, updated)
    running: Operation | None = None
    if existing.provisioning_state is ProvisioningState.UPDATING and existing.operation is not None:
        running = operations.get_operation(conn, existing.operation)
    return Put(resource=updated, created=False, operation=running)


def _look(context: RegionContext, request: RestoreRequest, place: DiskPlace, source: ArmId) -> int:
    """Look at source and target outside any transaction; refuse what cannot be done; return the size of the source now."""
    with context.database.read() as conn:
        # Before the file is looked at: leave to overwrite is no way out while another disk has the path.
        refuse_taken_path(context, conn, place)
        found = find_source(conn, source)
        resume = None if place.existing is None else _resume(conn, place.existing)
    if found is None:
        raise missing_source(context, source)
    if found.disk is not None:
        found = evolve(found, size_bytes=look_at_disk(found.disk, allow_live=False))
    _refuse_other_size(request, found)
    _look_at_target(context, request, place.path, found, resume)
    return found.size_bytes


def _refuse_other_size(request: RestoreRequest, found: DiskSource) -> None:
    size = whole_gib(found.size_bytes)
    if request.size_gib not in {None, size}:
        message = f"The source has {found.size_bytes} bytes ({size} GiB), not {request.size_gib} GiB."
        raise invalid(SIZE_TARGET, message, hint="A disk has the size of its source and cannot be resized; leave diskSizeGB out.")
    if request.disk.block_bytes not in {None, found.block_bytes}:
        message = f"The disk's block size is {found.block_bytes} bytes, chosen when it was first captured."
        raise invalid(_BLOCK_TARGET, message, hint="Leave it out.")


def _resume(conn: Connection, disk: Disk) -> Resume | None:
    """Return how far a restore of this disk that failed had come."""
    checkpoint = restore_checkpoints.get_checkpoint(conn, disk.id)
    return None if checkpoint is None else Resume(identity=checkpoint.identity, synced_bytes=checkpoint.synced_bytes)


def _look_at_target(context: RegionContext, request: RestoreRequest, path: Path, found: DiskSource, resume: Resume | None) -> None:
    """Refuse a target that may not be written. Only looks; the workflow checks again when it has the lock.

    What an earlier run of the same restore wrote is ours to go on with, also when it came as far as the final name.
    """
    if path.name.endswith(RESTORING_SUFFIX):
        raise invalid(PATH_TARGET, f"Names that end in {RESTORING_SUFFIX} are those of restores under way.", hint="Choose another name.")
    target = TargetRequest(path=path, size_bytes=found.size_bytes, data_bytes=0, overwrite=request.overwrite, resume=resume)
    try:
        if _is_block_device(path):
            open_target(target, clock=context.clock, wait=None).close()
        elif not is_published(target):
            check_final_path(target)
    except RefusedError as error:
        refusal = at_path(error)
        if error.code is Code.TARGET_NOT_EMPTY:
            refusal.hint = "Restore to another path, or set properties.farpoint.overwrite to true."
        raise refusal from error


def _is_block_device(path: Path) -> bool:
    try:
        return stat.S_ISBLK(path.stat().st_mode)
    except OSError:
        # Not there, or not to be looked at: checked as a file, which says so.
        return False


def _new_row(context: RegionContext, place: DiskPlace, source: ArmId, found: DiskSource) -> Disk:
    wanted = place.wanted
    return evolve(
        new_disk_row(context, place, found.size_bytes),
        os_type=wanted.os_type or found.os_type,
        hyper_v_generation=wanted.hyper_v_generation or found.hyper_v_generation,
        source_unique_id=found.unique_id,
        source_resource_id=str(source),
        block_bytes=found.block_bytes,
        provisioning_state=ProvisioningState.UPDATING,
    )


def _row_again(existing: Disk, wanted: WantedDisk, found: DiskSource) -> Disk:
    # The state stays: of a copy whose file was published before it failed, it is all that tells what the file holds.
    again = evolve(existing, provisioning_state=ProvisioningState.UPDATING, failure=None)
    return evolve(again, tags=wanted.tags, sku=wanted.sku, size_bytes=found.size_bytes)


def _operation(context: RegionContext, request: RestoreRequest, *, disk: Disk, found: DiskSource, principal: str) -> Operation:
    source: JsonObject = {"diskPointId": str(found.disk_point)} if found.disk is None else {"sourceDiskId": str(found.disk.id)}
    return new_operation(
        context,
        OperationKind.RESTORE_DISK if found.disk is None else OperationKind.COPY_DISK,
        resource=context.arm_id(disk.group, ("disks", disk.name)),
        subject=str(disk.id),
        principal=principal,
        request={**source, "path": disk.path, "overwrite": request.overwrite},
    )
