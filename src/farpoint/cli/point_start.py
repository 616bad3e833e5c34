"""Start restore points: captures in the region of the VM, copies in another region."""

from contextlib import suppress

from attrs import frozen

from farpoint.cli.arm import ArmClient
from farpoint.cli.documents import look, rows, text
from farpoint.cli.failures import ApiError, CommandError, UsageError
from farpoint.cli.fleet import Found
from farpoint.cli.lookup import COLLECTIONS, POINTS, find_disk, find_point, find_vm, point_segments
from farpoint.cli.naming import PointName, copy_collection
from farpoint.cli.session import Session
from farpoint.cli.waiting import watch_point
from farpoint.cli.work import End, Work, work_of_point
from farpoint.model.documents import JsonObject
from farpoint.model.regions import region_key


@frozen(kw_only=True)
class CaptureRequest:
    """How to capture."""

    #: VM to capture; empty: the one the collection is named after.
    vm: str = ""
    allow_live: bool = False
    #: Names of disks to leave out.
    exclude_disks: tuple[str, ...] = ()


@frozen(kw_only=True)
class StartedPoint:
    """A restore point that a region has begun."""

    name: PointName
    client: ArmClient
    path: str
    document: JsonObject

    @property
    def is_complete(self) -> bool:
        """True when the point was there already, made by the same request: what has just begun is not complete."""
        return look(self.document, "properties", "farpoint", "complete") is True


@frozen
class _Home:
    """The collection that a point goes to."""

    client: ArmClient
    path: str
    #: Made for this point.
    is_new: bool


def create_point(session: Session, name: PointName, request: CaptureRequest) -> StartedPoint:
    """Begin to capture a VM, in the collection of *name*, which is made when it is missing."""
    document = _capture_document(session, request)
    return _put_point(_home_of(session, name, request), session.group, name, document)


def copy_point(session: Session, name: PointName, *, to: str, collection: str = "") -> StartedPoint:
    """Begin to copy a point into the region *to*, keeping its name, in a collection that is made when it is missing."""
    target = session.fleet.region(to)
    source = find_point(session, name)
    copied = PointName(collection or copy_collection(name.collection, region_key(to)), name.point)
    source_id = text(source.value, "id")
    path = target.compute_path(session.group, COLLECTIONS, copied.collection)
    home = _Home(target, path, is_new=target.find(path) is None)
    if home.is_new:
        target.put(home.path, _collection_document(region_key(to), source_id.rpartition("/restorePoints/")[0]))
    return _put_point(home, session.group, copied, {"properties": {"sourceRestorePoint": {"id": source_id}}})


def finish_point(session: Session, point: StartedPoint, *, title: str) -> tuple[JsonObject, Work]:
    """Wait until the point is complete and verified."""
    watched = watch_point(point.client, point.path)
    work = session.wait(watched.look, title=title)
    return watched.document, work


def await_point(session: Session, name: PointName) -> None:
    """Wait for a point that is still being made; what became of it, its next use tells."""
    found = find_point(session, name)
    if work_of_point(found.value).end is End.RUNNING:
        finish_point(session, started(session, name, found), title=str(name))


def started(session: Session, name: PointName, found: Found[JsonObject]) -> StartedPoint:
    """Take up a point that somebody began."""
    path = found.client.compute_path(session.group, *point_segments(name))
    return StartedPoint(name=name, client=found.client, path=path, document=found.value)


def _delete_empty(home: _Home) -> None:
    """Undo the making of a collection, unless somebody has begun a point in it meanwhile."""
    # What went wrong first is what the caller must hear.
    with suppress(CommandError):
        if not rows(home.client.get(home.path, expand=POINTS), "properties", "restorePoints"):
            home.client.delete(home.path)


def _home_of(session: Session, name: PointName, request: CaptureRequest) -> _Home:
    """Return the collection, made where the VM is when no region has it."""
    segments = (session.group, COLLECTIONS, name.collection)
    existing = session.fleet.find_optional(
        f"collection {name.collection}",
        lambda client: client.find(client.compute_path(*segments)),
        region=session.region,
    )
    if existing is not None and not request.vm:
        return _Home(existing.client, existing.client.compute_path(*segments), is_new=False)
    vm = find_vm(session, request.vm or name.collection)
    vm_id = text(vm.value, "id")
    if existing is None:
        home = _Home(vm.client, vm.client.compute_path(*segments), is_new=True)
        home.client.put(home.path, _collection_document(text(vm.value, "location"), vm_id))
        return home
    source = text(existing.value, "properties", "source", "id")
    if source.lower() != vm_id.lower():
        message = f"collection {name.collection} holds the points of {source}, not those of {vm_id}"
        raise UsageError(message)
    return _Home(existing.client, existing.client.compute_path(*segments), is_new=False)


def _put_point(home: _Home, group: str, name: PointName, document: JsonObject) -> StartedPoint:
    """Begin the point; when it is refused, a collection that was made for it goes again."""
    path = home.client.compute_path(group, *point_segments(name))
    try:
        answer, _operation = home.client.put(path, document)
    except ApiError:
        if home.is_new:
            _delete_empty(home)
        raise
    return StartedPoint(name=name, client=home.client, path=path, document=answer)


def _collection_document(location: str, source_id: str) -> JsonObject:
    return {"location": location, "properties": {"source": {"id": source_id}}}


def _capture_document(session: Session, request: CaptureRequest) -> JsonObject:
    properties: dict[str, JsonObject | list[JsonObject]] = {}
    if request.exclude_disks:
        disks = [find_disk(session, disk).value for disk in request.exclude_disks]
        properties["excludeDisks"] = [{"id": text(disk, "id")} for disk in disks]
    if request.allow_live:
        properties["farpoint"] = {"allowLive": True}
    return {"properties": properties} if properties else {}
