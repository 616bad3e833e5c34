"""Disks: registering raw files and block devices of the region's pools, reading them back, forgetting them.

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
from farpoint.services.refusals import conflict, not_allowed, resource_missing

PATH_TARGET: Final = "properties.farpoint.path"


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


def attach_disk(context: RegionContext, request: AttachRequest) -> Put[Disk]:
    """Register the disk at the request's path, or update the registration."""
    require_own_location(context, request.location)
    group = require_group(context, request.group).name
    refuse_taken_name(context, context.arm_id(group, ("disks", request.name)))
    facts = _look_at(place_of(context, group=group, name=request.name, path=request.path))
    with context.database.write() as conn:
        open_group(conn, group)
        existing = disks.get_disk(conn, group=group, name=request.name)
        refuse_taken_path(context, conn, facts.path, name=request.name, group=group)
        if existing is not None:
            updated = _updated(existing, request, facts)
            disks.update_disk(conn, updated)
            return Put(resource=updated, created=False)
        disk = _new_disk(context, request, facts, group=group)
        disks.insert_disk(conn, disk)
    return Put(resource=disk, created=True)


def place_of(context: RegionContext, *, group: str, name: str, path: str | None) -> Path:
    """Return the disk's resolved path: the one asked for, or the default place."""
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
