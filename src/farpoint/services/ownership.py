"""Which region has a resource: this one by its rows, a peer by what it last said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from attrs import frozen

from farpoint.errors import RefusedError
from farpoint.metadata import collections, descriptions, disks, snapshots, virtual_machines
from farpoint.metadata.connection import Connection
from farpoint.metadata.replicas import Replica, find_replicas
from farpoint.model.arm_id import ArmId, parse_arm_id
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


@contextmanager
def own_name(context: RegionContext, arm_id: ArmId) -> Iterator[None]:
    """Keep the name of a top-level resource for this region until the resource is written; refuse one that another region has or is giving.

    The peers that answer are asked; one that does not is taken at its last word. A clash that nobody could see, because the regions
    were cut off from each other, is shown by both as ``nameConflict``.
    """
    with context.database.read() as conn:
        is_given = is_here(conn, arm_id)
        known = find_elsewhere(context, conn, arm_id.in_subscription)
    if is_given:
        yield
        return
    what = f"{arm_id.type} '{arm_id.name}'"
    silent = next((one.region for one in known if context.peers.is_down(one.region)), None)
    if silent is not None:
        raise _taken(f"{what} exists in group '{arm_id.group}' already, in region '{silent}'.")
    with claimed_name(context, str(arm_id), what=f"{what} of group '{arm_id.group}'"):
        yield


@contextmanager
def claimed_name(context: RegionContext, name: str, *, what: str) -> Iterator[None]:
    """Claim the ARM id *name* before all regions that answer; refuse with Conflict when one of them has it or claims it first."""
    with context.new_names.claim(name) as claim:
        holder = context.peers.holder_of_name(name)
        if holder is not None:
            raise _taken(f"{what} exists already in region '{holder}', or is being made there.")
        if not context.new_names.grant(claim):
            raise _taken(f"{what} is being made in another region at this moment.")
        yield


def holds_name(context: RegionContext, name: str, *, rival: RegionId) -> bool:
    """Tell a peer that wants to give the ARM id *name* whether this region has it, or is giving it and goes first."""
    # Claims before rows: a claim ends after its row was committed.
    if context.new_names.stands_against(name, rival):
        return True
    try:
        arm_id = parse_arm_id(name)
    except ValueError:
        # A group, which all regions have: its record travels by itself.
        return False
    with context.database.read() as conn:
        return is_owned_type(arm_id.type) and is_here(conn, arm_id)


def _taken(message: str) -> RefusedError:
    return conflict(message, hint="A name is given once over all regions: choose another, or delete that one first.")


def _age_rank(one: Elsewhere) -> tuple[str, RegionId]:
    document = one.replica.document
    created = text_at(document, "properties", "timeCreated") or text_at(document, "properties", "farpoint", "timeCreated")
    return created or "", one.region_id
