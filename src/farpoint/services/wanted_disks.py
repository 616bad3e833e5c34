"""What every PUT of a disk asks for, wherever its contents come from: a name, a place, a description."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from farpoint.errors import RefusedError
from farpoint.metadata import disks
from farpoint.metadata.connection import Connection
from farpoint.model.disk import BLOCK_BYTES_DEFAULT
from farpoint.model.documents import JsonObject
from farpoint.model.ids import DiskId
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.services.context import RegionContext
from farpoint.services.groups import require_group
from farpoint.services.ownership import own_name
from farpoint.services.references import require_own_location
from farpoint.services.refusals import conflict, invalid
from farpoint.units import whole_gib

PATH_TARGET: Final = "properties.farpoint.path"
SIZE_TARGET: Final = "properties.diskSizeGB"


@frozen(kw_only=True)
class WantedDisk:
    """A disk as a client asks for it."""

    group: str
    name: str
    location: str
    create_option: CreateOption
    tags: JsonObject
    sku: str
    os_type: str | None = None
    hyper_v_generation: str | None = None
    #: None: the default place in the first pool, for a new file one beside it if that is taken.
    path: str | None = None
    #: None: the disk's own, its source's, or the default for a new one.
    block_bytes: int | None = None


@frozen(kw_only=True)
class DiskPlace:
    """Where a wanted disk is to be."""

    #: As asked for, the group as it is spelled.
    wanted: WantedDisk
    #: The disk that has the name now.
    existing: Disk | None
    #: Resolved.
    path: Path


@contextmanager
def own_place(context: RegionContext, wanted: WantedDisk, *, size_bytes: int | None = None) -> Iterator[DiskPlace]:
    """Find where the disk is to be, and keep its name until it is written.

    Refuses another region's location or name, an unknown group, and a path outside the pools. Without a path
    a new disk goes where nothing is; *size_bytes* is that of a disk made from nothing.
    """
    require_own_location(context, wanted.location)
    wanted = evolve(wanted, group=require_group(context, wanted.group).name)
    with own_name(context, context.arm_id(wanted.group, ("disks", wanted.name))):
        with context.database.read() as conn:
            existing = disks.get_disk(conn, group=wanted.group, name=wanted.name)
        yield DiskPlace(wanted=wanted, existing=existing, path=_path(context, wanted, existing, size_bytes))


def refuse_taken_path(context: RegionContext, conn: Connection, place: DiskPlace) -> None:
    """Refuse a path that is registered under another name: two names for one disk would be captured twice and written twice."""
    other, wanted = disks.find_disk_by_path(conn, str(place.path)), place.wanted
    if other is None or (other.group.lower(), other.name.lower()) == (wanted.group.lower(), wanted.name.lower()):
        return
    message = f"{place.path} is registered already as {context.arm_id(other.group, ('disks', other.name))}."
    raise conflict(message, hint="Use that disk, or delete it first (its file stays).", target=PATH_TARGET)


def refuse_resize(disk: Disk, size_gib: int | None) -> None:
    """Refuse a request that expects another size than the disk has."""
    if size_gib not in {None, whole_gib(disk.size_bytes)}:
        message = (
            f"Disk '{disk.name}' has {disk.size_bytes} bytes ({whole_gib(disk.size_bytes)} GiB); it cannot be resized to {size_gib} GiB."
        )
        raise invalid(SIZE_TARGET, message, hint="Make a new disk of that size, or leave diskSizeGB out.")


def new_disk_row(context: RegionContext, place: DiskPlace, size_bytes: int) -> Disk:
    """Return the row of a disk that is ready and came from nothing else."""
    wanted = place.wanted
    return Disk(
        id=DiskId(context.entropy.guid()),
        group=wanted.group,
        name=wanted.name,
        location=wanted.location,
        tags=wanted.tags,
        sku=wanted.sku,
        os_type=wanted.os_type,
        hyper_v_generation=wanted.hyper_v_generation,
        create_option=wanted.create_option,
        source_resource_id=None,
        path=str(place.path),
        size_bytes=size_bytes,
        block_bytes=wanted.block_bytes or BLOCK_BYTES_DEFAULT,
        provisioning_state=ProvisioningState.SUCCEEDED,
        time_created=context.clock.now(),
    )


def at_path(error: RefusedError) -> RefusedError:
    """Return *error* as one about the request's path."""
    return RefusedError(error.code, error.message, hint=error.hint, target=PATH_TARGET, place=error.place)


def _path(context: RegionContext, wanted: WantedDisk, existing: Disk | None, size_bytes: int | None) -> Path:
    if wanted.path is None and existing is not None:
        return Path(existing.path)
    if wanted.path is None and wanted.create_option is CreateOption.ATTACH:
        return context.pools.default_path(region=context.name, group=wanted.group, disk=wanted.name)
    if wanted.path is None:
        return context.pools.free_path(region=context.name, group=wanted.group, disk=wanted.name, size_bytes=size_bytes)
    try:
        return context.pools.resolve(Path(wanted.path))
    except RefusedError as error:
        raise at_path(error) from error
