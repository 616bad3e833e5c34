"""``disk restore``: every disk of a complete restore point into files of a folder, one disk resource each.

Promises: before the first of several disks is begun, the region has said of each that it could be begun. Not covered: what changes
between that and the start, and free space, which each restore looks for itself; then some disks are begun and others are not.

The same command given again goes on with a restore that runs, or that has failed: what it wrote and proved is kept.
"""

import os
from http import HTTPStatus
from pathlib import Path

from attrs import evolve, frozen

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import section, text
from farpoint.cli.failures import ApiError, UsageError
from farpoint.cli.listing import list_group
from farpoint.cli.lookup import find_point, point_segments
from farpoint.cli.naming import PointName, absolute, source_disk
from farpoint.cli.session import Session
from farpoint.cli.waiting import watch_operation
from farpoint.cli.work import joined
from farpoint.errors import Code
from farpoint.model.documents import JsonObject

#: Names tried for one disk resource: ``<disk>-<point>``, then ``-2`` …
_NAMES_MAX = 1000
#: States of a disk whose restore runs or can go on.
_UNFINISHED = ("Updating", "Creating", "Failed")


@frozen(kw_only=True)
class RestoreRequest:
    """Where the disks go."""

    into: Path
    overwrite: bool = False
    #: Names of the disks to restore; empty: all.
    disks: tuple[str, ...] = ()


@frozen(kw_only=True)
class DiskRestore:
    """One disk that a region restores."""

    disk: str
    client: ArmClient
    path: str
    #: URL of the operation; empty when there is nothing to wait for.
    operation: str
    #: The disk resource as last seen.
    document: JsonObject


@frozen(kw_only=True)
class _Wanted:
    """One disk to be restored."""

    disk: str
    #: Name of its resource, if that is free.
    name: str
    #: Body of the request.
    document: JsonObject


def restore_disks(session: Session, name: PointName, request: RestoreRequest) -> list[DiskRestore]:
    """Begin to restore the disks of a point in the region that has it; none, when one of them is refused."""
    point = find_point(session, name)
    client = point.client
    listed = client.pages(client.compute_path(session.group, *point_segments(name), "diskRestorePoints"))
    chosen = _chosen(listed, request.disks, name)
    wanted = [_wanted(disk_point, name=name, request=request, location=point.region) for disk_point in chosen]
    if len(wanted) > 1:  # one alone is checked by its own start
        for one in wanted:
            _ask(session, client, evolve(one, document=_only_checked(one.document)))
    return [_ask(session, client, one) for one in wanted]


def finish_restores(session: Session, restores: list[DiskRestore], *, title: str) -> list[DiskRestore]:
    """Wait until all disks are restored, each block proven; return them as they are then."""
    watched = {one.disk: watch_operation(one.client, one.operation) for one in restores if one.operation}
    if watched:
        session.wait(lambda: joined({disk: one.look() for disk, one in watched.items()}), title=title)
    return [evolve(one, document=one.client.get(one.path)) for one in restores]


def _chosen(listed: list[JsonObject], wanted: tuple[str, ...], name: PointName) -> list[JsonObject]:
    names = {source_disk(text(one, "name")).lower(): one for one in listed}
    missing = [disk for disk in wanted if disk.lower() not in names]
    if missing or not listed:
        message = f"{name} has no disk {', '.join(missing)}; it has: {', '.join(names)}" if missing else f"{name} has no disks yet"
        raise UsageError(message)
    return [names[disk.lower()] for disk in wanted] if wanted else listed


def _wanted(disk_point: JsonObject, *, name: PointName, request: RestoreRequest, location: str) -> _Wanted:
    disk = source_disk(text(disk_point, "name"))
    facts: dict[str, str | bool] = {"path": str(absolute(request.into) / f"{disk}.raw")}
    if request.overwrite:
        facts["overwrite"] = True
    creation: JsonObject = {"createOption": "Restore", "sourceResourceId": text(disk_point, "id")}
    document: JsonObject = {"location": location, "properties": {"creationData": creation, "farpoint": facts}}
    return _Wanted(disk=disk, name=f"{disk}-{name.point}", document=document)


def _only_checked(document: JsonObject) -> JsonObject:
    """Return a request that is refused as *document* is, and starts nothing."""
    properties = section(document, "properties")
    return {**document, "properties": {**properties, "farpoint": {**section(properties, "farpoint"), "checkOnly": True}}}


def _ask(session: Session, client: ArmClient, wanted: _Wanted) -> DiskRestore:
    """Ask for the disk, under the name it has if it is begun already."""
    known = list_group(client, session.group, "disks")
    begun = next((one for one in known if _is_begun(one, wanted.document)), None)
    try:
        if begun is None:
            path, answer, operation = _put_under_free_name(session, client, wanted.name, wanted.document)
        else:
            path = client.compute_path(session.group, "disks", text(begun, "name"))
            answer, operation = client.put(path, wanted.document)
    except ApiError as error:
        raise _advised(error, next((one for one in known if _is_at_its_path(one, wanted.document)), None)) from error
    return DiskRestore(disk=wanted.disk, client=client, path=path, operation=operation, document=answer)


def _advised(error: ApiError, holder: JsonObject | None) -> ApiError:
    """Return *error* with advice in this command's words; *holder* is the disk that has the wanted path."""
    if error.code == Code.TARGET_NOT_EMPTY:
        return error.advising("Restore into another folder, or give --overwrite.")
    if error.code == Code.CONFLICT and holder is not None:
        forget = f"farpoint disk delete {text(holder, 'name')}"
        return error.advising(f"Restore into another folder, or forget that disk first: {forget} (its file stays).")
    return error


def _is_begun(disk: JsonObject, wanted: JsonObject) -> bool:
    """Tell whether *disk* is what *wanted* asks for and not complete. A complete one is not made again, so asking for it is refused."""
    source = ("properties", "creationData", "sourceResourceId")
    return (
        text(disk, "properties", "provisioningState") in _UNFINISHED
        and text(disk, *source).lower() == text(wanted, *source).lower()
        and _is_at_its_path(disk, wanted)
    )


def _is_at_its_path(disk: JsonObject, wanted: JsonObject) -> bool:
    place = ("properties", "farpoint", "path")
    return os.path.realpath(text(disk, *place)) == os.path.realpath(text(wanted, *place))


def _put_under_free_name(session: Session, client: ArmClient, name: str, document: JsonObject) -> tuple[str, JsonObject, str]:
    """Create the disk as *name*, *name*-2 …: the first that no region has. Return its path, the disk and its operation."""
    for number in range(1, _NAMES_MAX):
        path = client.compute_path(session.group, "disks", name if number == 1 else f"{name}-{number}")
        if client.find(path) is not None:
            continue
        try:
            return path, *client.put(path, document)
        except ApiError as error:
            # Somebody else may have taken the name since we looked; any other conflict is the caller's to hear.
            if error.status != HTTPStatus.CONFLICT or client.find(path) is None:
                raise
    message = f"all names from {name} to {name}-{_NAMES_MAX - 1} are taken"
    raise UsageError(message)
