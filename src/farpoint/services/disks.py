"""Disks: registering raw files and block devices of the region's pools, reading them back, changing their tags, forgetting them.

The data is never touched: registering looks at a disk, deleting forgets it and leaves the file where it is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from farpoint.disks.inspect import DiskFacts, inspect_disk
from farpoint.errors import Code, RefusedError
from farpoint.metadata import disks
from farpoint.metadata.connection import Connection
from farpoint.model.disk import BLOCK_BYTES_DEFAULT
from farpoint.model.documents import JsonObject
from farpoint.model.ids import DiskId
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.model.spans import WHOLE, Span
from farpoint.services.access_grants import refuse_if_shared
from farpoint.services.context import RegionContext
from farpoint.services.groups import open_group, require_group
from farpoint.services.outcome import Put
from farpoint.services.ownership import refuse_taken_name
from farpoint.services.references import require_own_location
from farpoint.services.refusals import conflict, invalid, not_allowed, resource_missing
from farpoint.units import whole_gib

PATH_TARGET: Final = "properties.farpoint.path"
SIZE_TARGET: Final = "properties.diskSizeGB"


@frozen(kw_only=True)
class AttachRequest:
    """A PUT that registers an existing disk."""

    group: str
    name: str
    location: str
    tags: JsonObject
    sku: str
    os_type: str | None
    #: None: the default place in the first pool.
    path: str | None
    #: None: the disk's own, or the default for a new one.
    block_bytes: int | None
    hyper_v_generation: str | None = None
    #: What the client expects; None when it does not say.
    size_gib: int | None = None


@frozen(kw_only=True)
class DiskChange:
    """A PATCH: what is None stays as it is."""

    group: str
    name: str
    tags: JsonObject | None
    sku: str | None
    #: The size the client expects; no disk is ever resized.
    size_gib: int | None


def attach_disk(context: RegionContext, request: AttachRequest) -> Put[Disk]:
    """Register the disk at the request's path, or update the registration."""
    require_own_location(context, request.location)
    group = require_group(context, request.group).name
    refuse_taken_name(context, context.arm_id(group, ("disks", request.name)))
    with context.database.read() as conn:
        existing = disks.get_disk(conn, group=group, name=request.name)
    facts = _look_at(place_of(context, group=group, name=request.name, path=request.path, existing=existing))
    with context.database.write() as conn:
        open_group(conn, group)
        existing = disks.get_disk(conn, group=group, name=request.name)
        refuse_taken_path(context, conn, facts.path, name=request.name, group=group)
        if existing is not None:
            updated = _updated(existing, request, facts)
            refuse_resize(updated, request.size_gib)
            disks.update_disk(conn, updated)
            return Put(resource=updated, created=False)
        disk = _new_disk(context, request, facts, group=group)
        refuse_resize(disk, request.size_gib)
        disks.insert_disk(conn, disk)
    return Put(resource=disk, created=True)


def place_of(context: RegionContext, *, group: str, name: str, path: str | None, existing: Disk | None) -> Path:
    """Return the disk's resolved path: the one asked for, else where the existing disk is, else the default place."""
    if path is None and existing is not None:
        return Path(existing.path)
    if path is None:
        return context.pools.default_path(region=context.name, group=group, disk=name)
    try:
        return context.pools.resolve(Path(path))
    except RefusedError as error:
        raise _at_path(error) from error


def refuse_taken_path(context: RegionContext, conn: Connection, path: Path, *, group: str, name: str) -> None:
    """Refuse a path that is registered under another name: two names for one disk would be captured twice and written twice."""
    other = disks.find_disk_by_path(conn, str(path))
    if other is None or (other.group.lower(), other.name.lower()) == (group.lower(), name.lower()):
        return
    message = f"{path} is registered already as {context.arm_id(other.group, ('disks', other.name))}."
    raise conflict(message, hint="Use that disk, or delete it first (its file stays).", target=PATH_TARGET)


def refuse_unready(disk: Disk, *, target: str) -> None:
    """Refuse to use a disk that is still being made, or that waits for its upload."""
    if disk.awaits_upload:
        raise not_allowed(f"Disk '{disk.name}' waits for its upload.", hint="Write it over SAS, then end the access.", target=target)
    if disk.provisioning_state is not ProvisioningState.SUCCEEDED:
        message = f"Disk '{disk.name}' is not ready: {disk.provisioning_state}."
        raise not_allowed(message, hint="Wait until it is, then ask again.", target=target)


def refuse_resize(disk: Disk, size_gib: int | None) -> None:
    """Refuse a request that expects another size than the disk has."""
    if size_gib not in {None, whole_gib(disk.size_bytes)}:
        message = (
            f"Disk '{disk.name}' has {disk.size_bytes} bytes ({whole_gib(disk.size_bytes)} GiB); it cannot be resized to {size_gib} GiB."
        )
        raise invalid(SIZE_TARGET, message, hint="Make a new disk of that size, or leave diskSizeGB out.")


def patch_disk(context: RegionContext, change: DiskChange) -> Disk:
    """Change the tags or the sku."""
    with context.database.write() as conn:
        disk = disks.get_disk(conn, group=change.group, name=change.name)
        if disk is None:
            raise resource_missing(context.arm_id(change.group, ("disks", change.name)))
        refuse_resize(disk, change.size_gib)
        updated = evolve(disk, tags=disk.tags if change.tags is None else change.tags, sku=change.sku or disk.sku)
        disks.update_disk(conn, updated)
    return updated


def get_disk(context: RegionContext, *, group: str, name: str) -> Disk:
    """Return the disk, or refuse with ResourceNotFound."""
    with context.database.read() as conn:
        found = disks.get_disk(conn, group=group, name=name)
    if found is None:
        raise resource_missing(context.arm_id(group, ("disks", name)))
    return found


def get_disk_by_guid(context: RegionContext, disk_id: DiskId) -> Disk | None:
    """Return the disk with this id, if it still exists."""
    with context.database.read() as conn:
        return disks.get_disk_by_guid(conn, disk_id)


def list_disks(context: RegionContext, *, group: str | None = None, span: Span = WHOLE) -> Sequence[Disk]:
    """Return the region's own disks, of one group or of all, or a stretch of them."""
    with context.database.read() as conn:
        return disks.list_disks(conn, group=group, span=span)


def delete_disk(context: RegionContext, *, group: str, name: str) -> bool:
    """Forget the disk; its file stays. Return False when there was none."""
    with context.database.write() as conn:
        disk = disks.get_disk(conn, group=group, name=name)
        if disk is None:
            return False
        if disk.managed_by is not None:
            message = f"Disk '{disk.name}' is attached to {disk.managed_by}."
            raise not_allowed(message, hint="Detach it first: PUT the VM without it, or delete the VM.")
        if disk.provisioning_state is ProvisioningState.UPDATING:
            raise not_allowed(f"Disk '{disk.name}' is being restored.", hint="Wait until the restore has ended.")
        refuse_if_shared(context, conn, disk.id)
        disks.delete_disk(conn, disk.id)
    # An upload whose access expired may still have the file open.
    context.uploads.discard(Path(disk.path))
    return True


def _look_at(path: Path) -> DiskFacts:
    try:
        return inspect_disk(path)
    except RefusedError as error:
        raise _at_path(error) from error


def _at_path(error: RefusedError) -> RefusedError:
    """Return *error* as one about the request's path."""
    return RefusedError(error.code, error.message, hint=error.hint, target=PATH_TARGET, place=error.place)


def _new_disk(context: RegionContext, request: AttachRequest, facts: DiskFacts, *, group: str) -> Disk:
    return Disk(
        id=DiskId(context.entropy.guid()),
        group=group,
        name=request.name,
        location=request.location,
        tags=request.tags,
        sku=request.sku,
        os_type=request.os_type,
        hyper_v_generation=request.hyper_v_generation,
        create_option=CreateOption.ATTACH,
        source_resource_id=None,
        path=str(facts.path),
        size_bytes=facts.size_bytes,
        block_bytes=request.block_bytes or BLOCK_BYTES_DEFAULT,
        provisioning_state=ProvisioningState.SUCCEEDED,
        time_created=context.clock.now(),
    )


def _updated(existing: Disk, request: AttachRequest, facts: DiskFacts) -> Disk:
    """Return the registration with what may change; path, block size and origin may not."""
    same = existing.create_option is CreateOption.ATTACH and existing.path == str(facts.path)
    if not same or request.block_bytes not in {None, existing.block_bytes}:
        message = f"Disk '{existing.name}' exists: {existing.create_option} of {existing.path}, blocks of {existing.block_bytes} bytes."
        raise RefusedError(Code.CONFLICT, message, hint="Path, block size and origin cannot change; delete it first (its file stays).")
    return evolve(existing, tags=request.tags, sku=request.sku, os_type=request.os_type or existing.os_type, size_bytes=facts.size_bytes)
