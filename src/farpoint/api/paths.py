"""Paths of the ARM API, their fixed words in lower case: the edge writes every request's path so (edge.fold_path)."""

from typing import Final

from farpoint.model.arm_id import ArmId, compute_id

#: What is asked of the region itself, under names that nobody chooses.
TENANTS: Final = "/tenants"
CLOUD: Final = "/metadata/endpoints"
DOCUMENT: Final = "/openapi.json"
#: What stands below a tenant.
TOKEN: Final = "oauth2/v2.0/token"  # noqa: S105 - a path
OPENID: Final = "v2.0/.well-known/openid-configuration"
KEYS: Final = "discovery/v2.0/keys"
SUBSCRIPTION: Final = "/subscriptions/{subscription}"
GROUPS: Final = f"{SUBSCRIPTION}/resourcegroups"
GROUP: Final = f"{GROUPS}/{{group}}"
#: Resources of the whole subscription, and of one group.
ALL: Final = f"{SUBSCRIPTION}/providers/microsoft.compute"
IN_GROUP: Final = f"{GROUP}/providers/microsoft.compute"
COLLECTION: Final = f"{IN_GROUP}/restorepointcollections/{{collection}}"
POINT: Final = f"{COLLECTION}/restorepoints/{{point}}"
DISK_POINTS: Final = f"{POINT}/diskrestorepoints"
DISK: Final = f"{IN_GROUP}/disks/{{disk}}"
SNAPSHOT: Final = f"{IN_GROUP}/snapshots/{{snapshot}}"
VM: Final = f"{IN_GROUP}/virtualmachines/{{vm}}"
PROVIDERS: Final = f"{SUBSCRIPTION}/providers"
PROVIDER: Final = f"{PROVIDERS}/{{namespace}}"
#: Networks, interfaces and the like, which are described and not run.
NETWORK_ALL: Final = f"{SUBSCRIPTION}/providers/microsoft.network/{{kind}}"
NETWORK_IN_GROUP: Final = f"{GROUP}/providers/microsoft.network/{{kind}}"
NETWORK: Final = f"{NETWORK_IN_GROUP}/{{name}}"
DEPLOYMENTS: Final = f"{GROUP}/providers/microsoft.resources/deployments"
DEPLOYMENT: Final = f"{DEPLOYMENTS}/{{deployment}}"
#: At any scope: the subscription, a group, a resource.
ROLE_DEFINITIONS: Final = "/{scope:path}/providers/microsoft.authorization/roledefinitions"
ROLE_ASSIGNMENTS: Final = "/{scope:path}/providers/microsoft.authorization/roleassignments"
REGIONS: Final = f"{SUBSCRIPTION}/providers/farpoint/regions"
LIMITS: Final = f"{SUBSCRIPTION}/providers/farpoint/limits"


def point_arm_id(*, subscription: str, group: str, collection: str, point: str) -> ArmId:
    """Return the id that a restore point's path names."""
    path = (("restorePointCollections", collection), ("restorePoints", point))
    return compute_id(subscription=subscription, group=group, path=path)


def snapshot_arm_id(*, subscription: str, group: str, snapshot: str) -> ArmId:
    """Return the id that a snapshot's path names."""
    return compute_id(subscription=subscription, group=group, path=(("snapshots", snapshot),))


def disk_arm_id(*, subscription: str, group: str, disk: str) -> ArmId:
    """Return the id that a disk's path names."""
    return compute_id(subscription=subscription, group=group, path=(("disks", disk),))
