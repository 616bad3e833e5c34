"""Restore point collections: of a VM here (local), or of another region's collection (copy target)."""

from collections.abc import Sequence

from attrs import evolve, frozen

from farpoint.metadata import collections, operations, points, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.model import limits
from farpoint.model.arm_id import ArmId
from farpoint.model.documents import JsonObject
from farpoint.model.ids import CollectionId
from farpoint.model.operations import Operation, OperationKind
from farpoint.model.regions import region_key
from farpoint.model.resources import Collection
from farpoint.model.spans import WHOLE, Span
from farpoint.services.access_grants import refuse_if_point_shared
from farpoint.services.context import RegionContext
from farpoint.services.copy_limits import refuse_same_region
from farpoint.services.groups import open_group, require_group
from farpoint.services.new_operations import new_operation, retire, running_operation
from farpoint.services.outcome import Put
from farpoint.services.ownership import own_name
from farpoint.services.references import COLLECTION_TYPE, VM_TYPE, parse_reference, require_own_location
from farpoint.services.refusals import conflict, entity_missing, fixed_property, invalid, not_allowed, resource_missing

SOURCE_TARGET = "properties.source.id"


@frozen(kw_only=True)
class CollectionRequest:
    """A PUT of a collection."""

    group: str
    name: str
    location: str
    tags: JsonObject
    source_id: str


@frozen(kw_only=True)
class CollectionChange:
    """A PATCH of a collection: its tags, None to leave them, and what must be as it is where it is said."""

    tags: JsonObject | None
    location: str | None
    source_id: str | None
    source_location: str | None


def put_collection(context: RegionContext, request: CollectionRequest) -> Put[Collection]:
    """Create a collection, or change the tags of an existing one; its source can never change."""
    require_own_location(context, request.location)
    group = require_group(context, request.group).name
    source = parse_reference(context, request.source_id, VM_TYPE, COLLECTION_TYPE, target=SOURCE_TARGET)
    with context.database.read() as conn:
        existing = collections.get_collection(conn, group=group, name=request.name)
    # A replaced collection needs no peer: only a new source must be found.
    location = existing.source_location if existing is not None else _locate(context, source)
    with own_name(context, collection_id(context, group=group, name=request.name)), context.database.write() as conn:
        open_group(conn, group)
        existing = collections.get_collection(conn, group=group, name=request.name)
        if existing is not None:
            return Put(resource=_retagged(conn, existing, source, request.tags), created=False)
        _refuse_more(context, conn)
        collection = Collection(
            id=CollectionId(context.entropy.guid()),
            group=group,
            name=request.name,
            location=request.location,
            tags=request.tags,
            source_id=str(source),
            source_location=location,
            time_created=context.clock.now(),
        )
        collections.insert_collection(conn, collection)
    return Put(resource=collection, created=True)


def _refuse_more(context: RegionContext, conn: Connection) -> None:
    rule = limits.COLLECTIONS_PER_REGION
    most = context.limits.most(rule)
    if most and (count := collections.count_collections(conn)) >= most:
        raise rule.refusal(region=context.name, count=count, most=most)


def patch_collection(context: RegionContext, *, group: str, name: str, change: CollectionChange) -> Collection:
    """Change the tags; location and source may be repeated as they are."""
    with context.database.write() as conn:
        existing = require_collection(context, conn, group=group, name=name)
        _refuse_move("location", existing.location, change.location)
        _refuse_move("properties.source.location", existing.source_location, change.source_location)
        source = parse_reference(context, change.source_id or existing.source_id, VM_TYPE, COLLECTION_TYPE, target=SOURCE_TARGET)
        return _retagged(conn, existing, source, existing.tags if change.tags is None else change.tags)


def require_collection(context: RegionContext, conn: Connection, *, group: str, name: str) -> Collection:
    """Return the collection, or refuse with ResourceNotFound."""
    found = collections.get_collection(conn, group=group, name=name)
    if found is None:
        raise resource_missing(collection_id(context, group=group, name=name))
    return found


def get_collection(context: RegionContext, *, group: str, name: str) -> Collection:
    """Return the collection, or refuse with ResourceNotFound."""
    with context.database.read() as conn:
        return require_collection(context, conn, group=group, name=name)


def list_collections(context: RegionContext, *, group: str | None = None, span: Span = WHOLE) -> Sequence[Collection]:
    """Return the region's own collections, of one group or of all, or a stretch of them."""
    with context.database.read() as conn:
        return collections.list_collections(conn, group=group, span=span)


def delete_collection(
    context: RegionContext, *, group: str, name: str, principal: str, request: JsonObject | None = None
) -> Operation | None:
    """Unpublish the collection with all its points and start removing them; None when there is no such collection.

    *request* is kept with the operation.
    """
    with context.database.write() as conn:
        collection = collections.get_collection(conn, group=group, name=name)
        if collection is None:
            return None
        running = running_operation(conn, str(collection.id), OperationKind.DELETE_COLLECTION)
        if running is not None:
            return running
        for point in points.list_points(conn, collection.id):
            refuse_if_point_shared(context, conn, point)
            retire(context, conn, point, why=f"collection '{collection.name}' was deleted")
        arm_id = collection_id(context, group=collection.group, name=collection.name)
        operation = new_operation(
            context, OperationKind.DELETE_COLLECTION, resource=arm_id, subject=str(collection.id), principal=principal, request=request
        )
        operations.insert_operation(conn, operation)
    context.launch(operation.id)
    return operation


def collection_id(context: RegionContext, *, group: str, name: str) -> ArmId:
    """Return the ARM id of a collection of this subscription."""
    return context.arm_id(group, ("restorePointCollections", name))


def _retagged(conn: Connection, existing: Collection, source: ArmId, tags: JsonObject) -> Collection:
    if source.key != existing.source_id.lower():
        raise fixed_property(SOURCE_TARGET, existing.source_id)
    if running_operation(conn, str(existing.id), OperationKind.DELETE_COLLECTION) is not None:
        raise conflict(f"Collection '{existing.name}' is being deleted.", hint="Wait until it is gone, then create it again.")
    updated = evolve(existing, tags=tags)
    collections.update_collection(conn, updated)
    return updated


def _refuse_move(target: str, location: str, wanted: str | None) -> None:
    if wanted is not None and region_key(wanted) != region_key(location):
        raise fixed_property(target, location)


def _locate(context: RegionContext, source: ArmId) -> str:
    """Return the region that has *source*; refuse what cannot be a source here."""
    if _exists_here(context, source):
        if not source.is_type(VM_TYPE):
            refuse_same_region(context, source.name, target=SOURCE_TARGET)
        return context.name
    remote = context.peers.resource(str(source))
    if remote is None:
        raise resource_missing(source, target=SOURCE_TARGET) if len(source.path) == 1 else entity_missing(source, target=SOURCE_TARGET)
    if source.is_type(VM_TYPE):
        message = f"VM '{source.name}' is in region '{remote.region_name}'; its points are created there."
        hint = f"Create a collection for the VM in '{remote.region_name}', and here one whose source is that collection."
        raise not_allowed(message, hint=hint, target=SOURCE_TARGET)
    if region_key(remote.region_name) not in {region_key(name) for name in context.peers.names()}:
        raise invalid(SOURCE_TARGET, f"Region '{remote.region_name}' of the source is not a peer of '{context.name}'.")
    return remote.region_name


def _exists_here(context: RegionContext, source: ArmId) -> bool:
    with context.database.read() as conn:
        if source.is_type(VM_TYPE):
            return virtual_machines.get_vm(conn, group=source.group, name=source.name) is not None
        return collections.get_collection(conn, group=source.group, name=source.name) is not None
