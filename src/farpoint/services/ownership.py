"""Which region has a resource: this one by its rows, a peer by what it last said."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import frozen

from farpoint.metadata import collections, descriptions, disks, snapshots, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.metadata.replicas import Replica, find_replicas
from farpoint.model.arm_id import ArmId
from farpoint.model.ids import RegionId
from farpoint.services.context import RegionContext
from farpoint.services.json_reading import text_at
from farpoint.services.references import COLLECTION_TYPE, DISK_TYPE, NETWORK_TYPES, SNAPSHOT_TYPE, VM_TYPE
from farpoint.services.refusals import conflict

_Look = Callable[[Connection, str, str], object | None]


def _described(type_name: str) -> _Look:
    return lambda conn, group, name: descriptions.get_description(conn, type_name=type_name, group=group, name=name)


#: Every type of resource that regions have of their own; what lies below one of them is where it is.
_OWN: Final[Mapping[str, _Look]] = {
    DISK_TYPE.lower(): lambda conn, group, name: disks.get_disk(conn, group=group, name=name),
    VM_TYPE.lower(): lambda conn, group, name: virtual_machines.get_vm(conn, group=group, name=name),
    SNAPSHOT_TYPE.lower(): lambda conn, group, name: snapshots.get_snapshot(conn, group=group, name=name),
    COLLECTION_TYPE.lower(): lambda conn, group, name: collections.get_collection(conn, group=group, name=name),
    **{type_name.lower(): _described(type_name) for type_name in NETWORK_TYPES},
}


@frozen(kw_only=True)
class Elsewhere:
    """A resource of a peer."""

    #: The peer's name, as configured here.
    region: str
    region_id: RegionId
    replica: Replica


def is_owned_type(type_name: str) -> bool:
    """Tell whether resources of this type belong to one region each."""
    return type_name.lower() in _OWN


def is_here(conn: Connection, arm_id: ArmId) -> bool:
    """Tell whether this region has the top-level resource."""
    return _OWN[arm_id.type.lower()](conn, arm_id.group, arm_id.name) is not None


def find_elsewhere(context: RegionContext, conn: Connection, path: str) -> Sequence[Elsewhere]:
    """Return the peers that have the resource with that path (an ARM id without its subscription), the oldest resource first."""
    names = context.peer_catalogues.names()
    found = [
        Elsewhere(region=names[replica.region], region_id=replica.region, replica=replica)
        for replica in find_replicas(conn, path)
        if replica.region in names
    ]
    return sorted(found, key=_age_rank)


def refuse_taken_name(context: RegionContext, arm_id: ArmId) -> None:
    """Refuse to make a top-level resource that another region has.

    The peers that answer are asked; one that does not is taken at its last word. A clash that nobody could see, because the regions
    were cut off from each other, is shown by both as ``nameConflict``.
    """
    with context.database.read() as conn:
        if is_here(conn, arm_id):
            return
        known = find_elsewhere(context, conn, arm_id.in_subscription)
    holder = context.peers.reachable_holder(str(arm_id))
    silent = next((one.region for one in known if context.peers.is_down(one.region)), None)
    region = holder or silent
    if region is None:
        return
    message = f"{arm_id.type} '{arm_id.name}' exists in group '{arm_id.group}' already, in region '{region}'."
    raise conflict(message, hint="A name is unique in its group over all regions: choose another, or delete that one first.")


def _age_rank(one: Elsewhere) -> tuple[str, RegionId]:
    document = one.replica.document
    created = text_at(document, "properties", "timeCreated") or text_at(document, "properties", "farpoint", "timeCreated")
    return created or "", one.region_id
