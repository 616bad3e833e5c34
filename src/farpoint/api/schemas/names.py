"""Resource names, by Azure's rules (farpoint.model.names). Only names of new resources are checked."""

from farpoint.model.names import CHILD, GROUP, VM, NameRule
from farpoint.services.refusals import invalid


def check_group_name(name: str) -> str:
    """Return *name* if a resource group may have it."""
    return _check("resourceGroupName", name, GROUP)


def check_disk_name(name: str) -> str:
    """Return *name* if a disk may have it."""
    return _check("diskName", name, CHILD)


def check_snapshot_name(name: str) -> str:
    """Return *name* if a snapshot may have it."""
    return _check("snapshotName", name, CHILD)


def check_vm_name(name: str) -> str:
    """Return *name* if a virtual machine may have it."""
    return _check("vmName", name, VM)


def check_description_name(name: str) -> str:
    """Return *name* if a network, interface or the like may have it."""
    return _check("name", name, CHILD)


def check_deployment_name(name: str) -> str:
    """Return *name* if a deployment may have it."""
    return _check("deploymentName", name, VM)


def check_collection_name(name: str) -> str:
    """Return *name* if a restore point collection may have it."""
    return _check("restorePointCollectionName", name, CHILD)


def check_point_name(name: str) -> str:
    """Return *name* if a restore point may have it."""
    return _check("restorePointName", name, CHILD)


def _check(parameter: str, name: str, rule: NameRule) -> str:
    if not rule.allows(name):
        raise invalid(parameter, f"The name '{name:.100}' is not allowed.", hint=f"{rule}.")
    return name
