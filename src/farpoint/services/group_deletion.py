"""Deleting a resource group: refused before anything starts, or started as one operation that clears it in every region."""

from attrs import evolve, frozen

from farpoint.errors import Code, RefusedError, UnavailableError
from farpoint.metadata import collections, descriptions, disks, groups, operations, points, snapshots, virtual_machines
from farpoint.metadata.replicas import regions_with_group
from farpoint.model.directory import DirectoryRecord
from farpoint.model.documents import JsonObject
from farpoint.model.ids import OperationId
from farpoint.model.operations import Failure, Operation, OperationKind, OperationState
from farpoint.model.resources import GroupState, ProvisioningState
from farpoint.services.access_grants import refuse_if_point_shared, refuse_if_shared
from farpoint.services.collections import delete_collection
from farpoint.services.context import RegionContext
from farpoint.services.disks import delete_disk
from farpoint.services.groups import require_group
from farpoint.services.new_operations import new_operation, running_operation
from farpoint.services.refusals import group_missing
from farpoint.services.snapshots import delete_snapshot
from farpoint.services.virtual_machines import delete_vm

#: Key in the request of a collection's or snapshot's deletion: the operation that deletes its group.
_FOR_OPERATION = "groupOperation"


def delete_group(context: RegionContext, name: str, *, principal: str) -> Operation:
    """Close the group and start deleting it; refuse while a region that has something in it does not answer."""
    name = require_group(context, name).name
    context.peer_catalogues.refresh()
    _refuse_silent_holders(context, name)
    with context.database.write() as conn:
        group = groups.get_group(conn, name)
        if group is None:
            raise group_missing(name)
        running = running_operation(conn, str(group.id), OperationKind.DELETE_GROUP)
        if running is not None:
            return running
        record = groups.put_group(conn, evolve(group, state=GroupState.DELETING), origin=context.region_id)
        operation = new_operation(
            context,
            OperationKind.DELETE_GROUP,
            resource=f"/subscriptions/{context.subscription_id}/resourceGroups/{name}",
            subject=str(group.id),
            principal=principal,
            request={"group": name},
        )
        operations.insert_operation(conn, operation)
    context.peers.tell(record)
    context.launch(operation.id)
    return operation


def _refuse_shared(context: RegionContext, group: str) -> None:
    """Refuse to delete this region's resources of a group while a URL shows the bytes of one of them."""
    with context.database.read() as conn:
        for disk in disks.list_disks(conn, group=group):
            refuse_if_shared(context, conn, disk.id)
        for snapshot in snapshots.list_snapshots(conn, group=group):
            refuse_if_shared(context, conn, snapshot.id)
        for collection in collections.list_collections(conn, group=group):
            for point in points.list_points(conn, collection.id):
                refuse_if_point_shared(context, conn, point)


def clear_own_group(context: RegionContext, group: str, *, operation: OperationId, principal: str, look_only: bool) -> int:
    """Delete this region's resources of a group that is being deleted; return how many are left, to be asked again until none is.

    With *look_only* nothing is deleted, and 0 returned when it could be.
    """
    with context.database.read() as conn:
        found = groups.get_group(conn, group)
    if found is not None and found.state is not GroupState.DELETING:
        # The word that it is being deleted has not arrived yet; without it new resources would go on coming.
        raise UnavailableError(Code.PEER_UNAVAILABLE, f"region {context.name} does not know yet that group {group} is being deleted")
    if look_only:
        _refuse_shared(context, group)
        return 0
    return _delete_own(context, group, operation=operation, principal=principal)


def _delete_own(context: RegionContext, group: str, *, operation: OperationId, principal: str) -> int:
    with context.database.read() as conn:
        vms = virtual_machines.list_vms(conn, group=group)
        held = disks.list_disks(conn, group=group)
        kept = collections.list_collections(conn, group=group)
        snapped = snapshots.list_snapshots(conn, group=group)
        described = descriptions.list_descriptions(conn, group=group)
    for vm in vms:
        delete_vm(context, group=group, name=vm.name)
    restoring = [disk for disk in held if disk.provisioning_state is ProvisioningState.UPDATING]
    for disk in held:
        if disk not in restoring:
            delete_disk(context, group=group, name=disk.name)
    request: JsonObject = {_FOR_OPERATION: str(operation)}
    for collection in kept:
        _refuse_failed(context, f"collection {collection.name}", str(collection.id), operation)
        delete_collection(context, group=group, name=collection.name, principal=principal, request=request)
    for snapshot in snapped:
        _refuse_failed(context, f"snapshot {snapshot.name}", str(snapshot.point), operation)
        delete_snapshot(context, group=group, name=snapshot.name, principal=principal, request=request)
    with context.database.write() as conn:
        for description in described:
            descriptions.delete_description(conn, description.id)
    return len(restoring) + len(kept) + len(snapped)


@frozen(kw_only=True)
class GroupDeletion:
    """Satisfies workflows.bench.GroupWork."""

    context: RegionContext

    def look(self, group: str, *, operation: OperationId, principal: str) -> None:
        """Refuse what clear() would be refused for in some region, before anything is deleted in any."""
        self._in_every_region(group, operation=operation, principal=principal, look_only=True)

    def clear(self, group: str, *, operation: OperationId, principal: str) -> int:
        """Delete what can be deleted now, in every region; return how many resources are left."""
        return self._in_every_region(group, operation=operation, principal=principal, look_only=False)

    def _in_every_region(self, group: str, *, operation: OperationId, principal: str, look_only: bool) -> int:
        context = self.context
        left = clear_own_group(context, group, operation=operation, principal=principal, look_only=look_only)
        for name in context.peers.names():
            try:
                left += context.peers.clear_group(name, group=group, operation=operation, principal=principal, look_only=look_only)
            except UnavailableError:
                # One that had nothing of the group when it was last heard of keeps nobody waiting; it will hear of the tombstone.
                if name in _holders(context, group):
                    raise
        return left

    def tell(self, record: DirectoryRecord) -> None:
        """Tell the peers that answer about a directory record."""
        self.context.peers.tell(record)


def _holders(context: RegionContext, group: str) -> list[str]:
    names = context.peer_catalogues.names()
    with context.database.read() as conn:
        return sorted(names[region] for region in regions_with_group(conn, group) if region in names)


def _refuse_silent_holders(context: RegionContext, group: str) -> None:
    silent = [name for name in _holders(context, group) if context.peers.is_down(name)]
    if silent:
        message = f"Group '{group}' has resources in region '{', '.join(silent)}', which does not answer."
        raise UnavailableError(Code.PEER_UNAVAILABLE, message, hint="Nothing was deleted. Ask again when the region is back.")


def _refuse_failed(context: RegionContext, what: str, subject: str, operation: OperationId) -> None:
    """Give up on what could not be deleted for this very operation; *subject* is that of its deletion."""
    with context.database.read() as conn:
        last = operations.find_operation_of(conn, subject)
    if last is None or last.state is not OperationState.FAILED or last.request.get(_FOR_OPERATION) != str(operation):
        return
    failure = last.failure or Failure(code=Code.INTERNAL.value, message="it ended without leaving a reason")
    message = f"{what} in region {context.name} could not be deleted: {failure.message}"
    raise RefusedError(Code(failure.code) if failure.code in set(Code) else Code.INTERNAL, message, hint=failure.hint)
