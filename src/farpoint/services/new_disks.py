"""Disks made from nothing: empty ones, and ones that wait for an upload.

Steps: look whether the disk exists; make its file, sparse and under its final name at once; in one transaction check again and write
the row. If the transaction fails the file goes again. A crash between the two leaves a file of holes, which the same request takes.
"""

from contextlib import ExitStack
from pathlib import Path

from attrs import evolve, frozen

from farpoint.disks.new_file import make_sparse_file
from farpoint.errors import RefusedError
from farpoint.metadata import disks
from farpoint.model.disk import BLOCK_BYTES_DEFAULT
from farpoint.model.documents import JsonObject
from farpoint.model.ids import DiskId
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.services.context import RegionContext
from farpoint.services.disks import PATH_TARGET, SIZE_TARGET, place_of, refuse_taken_path
from farpoint.services.groups import open_group, require_group
from farpoint.services.outcome import Put
from farpoint.services.ownership import refuse_taken_name
from farpoint.services.references import require_own_location
from farpoint.services.refusals import conflict, invalid
from farpoint.units import GIB, whole_gib


@frozen(kw_only=True)
class NewDiskRequest:
    """A PUT of an empty disk, or of one to be uploaded."""

    group: str
    name: str
    location: str
    tags: JsonObject
    sku: str
    os_type: str | None
    hyper_v_generation: str | None
    #: EMPTY or UPLOAD.
    create_option: CreateOption
    size_bytes: int
    #: None: the default place in the first pool.
    path: str | None
    block_bytes: int | None


def make_disk(context: RegionContext, request: NewDiskRequest) -> Put[Disk]:
    """Make the disk and its file, or change the tags of the one there is."""
    require_own_location(context, request.location)
    group = require_group(context, request.group).name
    refuse_taken_name(context, context.arm_id(group, ("disks", request.name)))
    request = evolve(request, group=group)
    with context.database.read() as conn:
        existing = disks.get_disk(conn, group=group, name=request.name)
    path = place_of(context, group=group, name=request.name, path=request.path, existing=existing)
    with ExitStack() as undo:
        if existing is None and _make_file(context, path, request.size_bytes):
            undo.callback(_remove_file, context, path)
        with context.database.write() as conn:
            open_group(conn, group)
            existing = disks.get_disk(conn, group=group, name=request.name)
            refuse_taken_path(context, conn, path, group=group, name=request.name)
            disk = _new_row(context, request, path) if existing is None else _updated(existing, request, path)
            if existing is None:
                disks.insert_disk(conn, disk)
            else:
                disks.update_disk(conn, disk)
        undo.pop_all()
    return Put(resource=disk, created=existing is None)


def _make_file(context: RegionContext, path: Path, size_bytes: int) -> bool:
    try:
        return make_sparse_file(path, size_bytes, clock=context.clock)
    except RefusedError as error:
        raise RefusedError(error.code, error.message, hint=error.hint, target=PATH_TARGET, place=error.place) from error


def _remove_file(context: RegionContext, path: Path) -> None:
    """Remove the file again, unless another request has made it its disk meanwhile."""
    with context.database.read() as conn:
        owner = disks.find_disk_by_path(conn, str(path))
    if owner is None:
        path.unlink(missing_ok=True)


def _updated(existing: Disk, request: NewDiskRequest, path: Path) -> Disk:
    """Return the disk with what may change: contents, size and place may not."""
    same_option = existing.create_option is request.create_option
    # A client that sends back what it was shown sends whole GiB.
    same_size = request.size_bytes in {existing.size_bytes, whole_gib(existing.size_bytes) * GIB}
    if same_option and not same_size:
        message = f"Disk '{existing.name}' has {existing.size_bytes} bytes; it cannot be resized to {request.size_bytes}."
        raise invalid(SIZE_TARGET, message, hint="Make a new disk of that size.")
    if not same_option or existing.path != str(path) or request.block_bytes not in {None, existing.block_bytes}:
        message = f"Disk '{existing.name}' exists: {existing.create_option} at {existing.path}, blocks of {existing.block_bytes} bytes."
        raise conflict(message, hint="Choose another name, or delete it first (its file stays).")
    return evolve(existing, tags=request.tags, sku=request.sku, os_type=request.os_type or existing.os_type)


def _new_row(context: RegionContext, request: NewDiskRequest, path: Path) -> Disk:
    return Disk(
        id=DiskId(context.entropy.guid()),
        group=request.group,
        name=request.name,
        location=request.location,
        tags=request.tags,
        sku=request.sku,
        os_type=request.os_type,
        hyper_v_generation=request.hyper_v_generation,
        create_option=request.create_option,
        source_resource_id=None,
        path=str(path),
        size_bytes=request.size_bytes,
        block_bytes=request.block_bytes or BLOCK_BYTES_DEFAULT,
        provisioning_state=ProvisioningState.SUCCEEDED,
        time_created=context.clock.now(),
        awaits_upload=request.create_option is CreateOption.UPLOAD,
    )
