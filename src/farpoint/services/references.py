"""References to other resources inside a request, and where resources may be created."""

from collections.abc import Sequence

from farpoint.errors import Code, RefusedError
from farpoint.model.arm_id import ArmId, parse_arm_id
from farpoint.model.regions import region_key
from farpoint.services.context import RegionContext
from farpoint.services.refusals import invalid

VM_TYPE = "Microsoft.Compute/virtualMachines"
DISK_TYPE = "Microsoft.Compute/disks"
SNAPSHOT_TYPE = "Microsoft.Compute/snapshots"
COLLECTION_TYPE = "Microsoft.Compute/restorePointCollections"
POINT_TYPE = f"{COLLECTION_TYPE}/restorePoints"
DISK_POINT_TYPE = f"{POINT_TYPE}/diskRestorePoints"
#: What is only described, so that a VM's description may name it.
NETWORK_TYPES = (
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/publicIPAddresses",
)


def parse_reference(context: RegionContext, text: str, *types: str, target: str) -> ArmId:
    """Parse the id of a resource of one of *types* in this subscription; *target* says where the request names it."""
    try:
        arm_id = parse_arm_id(text)
    except ValueError as error:
        raise invalid(target, f"{error}.", hint=f"Give the whole id of a {' or '.join(types)}.") from error
    if not any(arm_id.is_type(type_name) for type_name in types):
        raise invalid(target, f"'{text}' is a {arm_id.type}.", hint=f"Expected here: {' or '.join(types)}.")
    if arm_id.subscription.lower() != context.subscription_id.lower():
        message = f"'{text}' is in another subscription than this request."
        raise invalid(target, message, hint=f"Resources of subscription {context.subscription_id} can be named here.")
    return arm_id


def excluded_keys(context: RegionContext, disks: Sequence[str], *, target: str) -> frozenset[str]:
    """Return the ARM ids of disks to leave out, in lower case; *target* is the list's JSON path."""
    ids = (parse_reference(context, text, DISK_TYPE, target=f"{target}[{number}].id") for number, text in enumerate(disks))
    return frozenset(arm_id.key for arm_id in ids)


def require_own_location(context: RegionContext, location: str) -> None:
    """Refuse to create here what belongs to another region, saying which endpoint to ask."""
    if context.serves(location):
        return
    require_known_location(context, location)
    key = region_key(location)
    endpoint = next((peer.endpoint for peer in context.peers.regions() if region_key(peer.name) == key), None)
    message = f"Location '{location}' is another region; this endpoint serves '{context.name}'."
    hint = f"Send the request to {endpoint or f'the endpoint of {location}'}."
    raise RefusedError(Code.OPERATION_NOT_ALLOWED, message, hint=hint, target="location")


def require_known_location(context: RegionContext, location: str) -> None:
    """Refuse a location that is neither this region nor one of its peers."""
    known = [context.name, *context.peers.names()]
    if region_key(location) not in {region_key(name) for name in known}:
        hint = f"Known regions: {', '.join(sorted(known))}."
        raise RefusedError(Code.UNKNOWN_REGION, f"The location '{location}' is not a region here.", hint=hint, target="location")
