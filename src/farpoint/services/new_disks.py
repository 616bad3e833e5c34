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
from farpoint.model.resources import CreateOption, Disk
from farpoint.services.context import RegionContext
from farpoint.services.groups import open_group
from farpoint.services.outcome import Put
from farpoint.services.refusals import conflict, invalid
from farpoint.services.wanted_disks import SIZE_TARGET, DiskPlace, WantedDisk, at_path, new_disk_row, own_place, refuse_taken_path
from farpoint.units import GIB, whole_gib


@frozen(kw_only=True)
class NewDiskRequest:
    """A PUT of an empty disk, or of one to be uploaded."""

    disk: WantedDisk
    size_bytes: int


def make_disk(context: RegionContext, request: NewDiskRequest) -> Put[Disk]:
    """Make the disk and its file, or change the tags of the one there is."""
    with own_place(context, request.disk, size_bytes=request.size_bytes) as place, ExitStack() as undo:
        if place.existing is None and _make_file(context, place.path, request.size_bytes):
            undo.callback(_remove_file, context, place.path)
        with context.database.write() as conn:
            open_group(conn, place.wanted.group)
            existing = disks.get_disk(conn, group=place.wanted.group, name=place.wanted.name)
            refuse_taken_path(context, conn, place)
            disk = _new_row(context, place, request.size_bytes) if existing is None else _updated(existing, place, request.size_bytes)
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
        raise at_path(error) from error


def _remove_file(context: RegionContext, path: Path) -> None:
    """Remove the file again, unless another request has made it its disk meanwhile."""
    with context.database.read() as conn:
        owner = disks.find_disk_by_path(conn, str(path))
    if owner is None:
        path.unlink(missing_ok=True)


def _updated(existing: Disk, place: DiskPlace, size_bytes: int) -> Disk:
    """Return the disk with what may change: contents, size and place may not."""
    wanted = place.wanted
    same_option = existing.create_option is wanted.create_option
    # A client that sends back what it was shown sends whole GiB.
    if same_option and size_bytes not in {existing.size_bytes, whole_gib(existing.size_bytes) * GIB}:
        message = f"Disk '{existing.name}' has {existing.size_bytes} bytes; it cannot be resized to {size_bytes}."
        raise invalid(SIZE_TARGET, message, hint="Make a new disk of that size.")
    if not same_option or existing.path != str(place.path) or wanted.block_bytes not in {None, existing.block_bytes}:
        message = f"Disk '{existing.name}' exists: {existing.create_option} at {existing.path}, blocks of {existing.block_bytes} bytes."
        raise conflict(message, hint="Choose another name, or delete it first (its file stays).")
    return evolve(existing, tags=wanted.tags, sku=wanted.sku, os_type=wanted.os_type or existing.os_type)


def _new_row(context: RegionContext, place: DiskPlace, size_bytes: int) -> Disk:
    return evolve(new_disk_row(context, place, size_bytes), awaits_upload=place.wanted.create_option is CreateOption.UPLOAD)
