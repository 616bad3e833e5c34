"""Resource providers as ARM lists them: which types there are, where, and under which API versions."""

from collections.abc import Mapping, Sequence
from typing import Final

from farpoint.model.documents import JsonObject

#: Every later version is accepted too; tools that take the first one get one that knows all fields.
_COMPUTE: Final = ("2025-04-01", "2024-11-01", "2024-07-01", "2023-03-01", "2021-11-01", "2021-03-01")
_DISKS: Final = ("2025-01-02", "2024-03-02", "2023-10-02", "2023-04-02", "2022-07-02", "2021-04-01")
_NETWORK: Final = ("2022-01-01",)
_RESOURCES: Final = ("2024-11-01", "2022-12-01", "2021-04-01")

_TYPES: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "Microsoft.Compute": {
        "virtualMachines": _COMPUTE,
        "disks": _DISKS,
        "snapshots": _DISKS,
        "restorePointCollections": _COMPUTE,
        "restorePointCollections/restorePoints": _COMPUTE,
        "restorePointCollections/restorePoints/diskRestorePoints": _DISKS,
        "locations/operations": _COMPUTE,
        "locations/diskOperations": _DISKS,
    },
    "Microsoft.Network": {
        "virtualNetworks": _NETWORK,
        "networkInterfaces": _NETWORK,
        "networkSecurityGroups": _NETWORK,
        "publicIPAddresses": _NETWORK,
    },
    "Microsoft.Resources": {
        "subscriptions": _RESOURCES,
        "tenants": _RESOURCES,
        "resourceGroups": _RESOURCES,
        "deployments": _RESOURCES,
    },
    "Microsoft.Authorization": {"roleAssignments": ("2022-04-01",), "roleDefinitions": ("2022-04-01",)},
    "Microsoft.Insights": {"eventTypes": ("2015-04-01",)},
}


def provider_names() -> Sequence[str]:
    """Return the namespaces there are."""
    return tuple(_TYPES)


def find_provider(namespace: str) -> str | None:
    """Return the namespace as it is written, whatever its case; None when there is none of that name."""
    return next((name for name in _TYPES if name.lower() == namespace.lower()), None)


def provider_view(namespace: str, *, subscription: str, locations: Sequence[str]) -> JsonObject:
    """Show one provider, always registered."""
    types: list[JsonObject] = [
        {"resourceType": name, "locations": list(locations), "apiVersions": list(versions), "capabilities": "None"}
        for name, versions in _TYPES[namespace].items()
    ]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationFree",
    }
