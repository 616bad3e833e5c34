"""Disks: registering raw files and block devices of the region's pools, reading them back, changing their tags, forgetting them.

The data is never touched: registering looks at a disk, deleting forgets it and leaves the file where it is.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from attrs import evolve, frozen

from farpoint.disks.inspect import DiskFacts, inspect_disk
from farpoint.disks.restoring_file import discard_restoring_file
from farpoint.errors import RefusedError
from farpoint.metadata import disks
from farpoint.model.documents import JsonObject
from farpoint.model.ids import DiskId
from farpoint.model.resources import CreateOption, Disk, ProvisioningState
from farpoint.model.spans import WHOLE, Span
from farpoint.services.access_grants import refuse_if_shared
from farpoint.services.context import RegionContext
from farpoint.services.groups import open_group
from farpoint.services.outcome import Put
from farpoint.services.refusals import conflict, not_allowed, resource_missing
from farpoint.services.wanted_disks import (
    PATH_TARGET,
    DiskPlace,
    WantedDisk,
    at_path,
    new_disk_row,
    own_place,
    refuse_resize,
    refuse_taken_path,
)


@frozen(kw_only=True)
class AttachRequest:
    """A PUT that registers an existing disk."""

    disk: WantedDisk
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
    with own_place(context, request.disk) as found:
        facts = _look_at(found.path)
        place = evolve(found, path=facts.path)
        _refuse_other_link(context, place)
        with context.database.write() as conn:
            open_group(conn, place.wanted.group)
            existing = disks.get_disk(conn, group=place.wanted.group, name=place.wanted.name)
            refuse_taken_path(context, conn, place)
            disk = new_disk_row(context, place, facts.size_bytes) if existing is None else _updated(existing, place, facts)
            refuse_resize(disk, request.size_gib)
            if existing is None:
                disks.insert_disk(conn, disk)
            else:
                disks.update_disk(conn, disk)
    return Put(resource=disk, created=existing is None)


def refuse_unready(disk: Disk, *, target: str) -> None:
    """Refuse to use a disk that is still being made, or that waits for its upload."""
    if disk.awaits_upload:
        raise not_allowed(f"Disk '{disk.name}' waits for its upload.", hint="Write it over SAS, then end the access.", target=target)
    if disk.provisioning_state is not ProvisioningState.SUCCEEDED:
        message = f"Disk '{disk.name}' is not ready: {disk.provisioning_state}."
        raise not_allowed(message, hint="Wait until it is, then ask again.", target=target)


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
    """Forget the disk; its file stays, and what a failed restore had not finished goes. Return False when there was none."""
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
    if disk.provisioning_state is ProvisioningState.FAILED:
        # Best effort: a later restore to that path would begin it anew.
        with suppress(OSError):
            discard_restoring_file(Path(disk.path))
    return True


def _refuse_other_link(context: RegionContext, place: DiskPlace) -> None:
    """Refuse a file that is registered under another of its names (hard links), which the path does not tell."""
    if place.path.stat().st_nlink == 1:
        return
    with context.database.read() as conn:
        others = [disk for disk in disks.list_disks(conn) if disk.path != str(place.path)]
    for other in others:
        with suppress(OSError):
            if place.path.samefile(other.path):
                message = f"{place.path} is the same file as {other.path}, which is disk '{other.name}' of group '{other.group}'."
                raise conflict(message, hint="One disk is registered once: use that one, or a copy of the file.", target=PATH_TARGET)


def _look_at(path: Path) -> DiskFacts:
    try:
        return inspect_disk(path)
    except RefusedError as error:
        raise at_path(error) from error


def _updated(existing: Disk, place: DiskPlace, facts: DiskFacts) -> Disk:
    """Return the registration with what may change; path, block size and origin may not."""
    wanted = place.wanted
    same = existing.create_option is CreateOption.ATTACH and existing.path == str(place.path)
    if not same or wanted.block_bytes not in {None, existing.block_bytes}:
        message = f"Disk '{existing.name}' exists: {existing.create_option} of {existing.path}, blocks of {existing.block_bytes} bytes."
        raise conflict(message, hint="Path, block size and origin cannot change; delete it first (its file stays).")
    return evolve(existing, tags=wanted.tags, sku=wanted.sku, os_type=wanted.os_type or existing.os_type, size_bytes=facts.size_bytes)
