"""Resource names, by Azure's rules: length and characters of each kind. Only names of new resources are checked."""

import re
from typing import Final

from farpoint.services.refusals import invalid

_PLAIN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PLAIN_RULE: Final = "letters, digits, '_', '-' and '.', beginning with a letter or digit and ending with one or '_'"
_GROUP: Final = re.compile(r"[A-Za-z0-9_().-]*[A-Za-z0-9_()-]")
_GROUP_RULE: Final = "letters, digits, '_', '-', '(', ')' and '.', not ending with '.'"
_CHILD_MAX: Final = 80
_VM_MAX: Final = 64
_GROUP_MAX: Final = 90


def check_group_name(name: str) -> str:
    """Return *name* if a resource group may have it."""
    if not 0 < len(name) <= _GROUP_MAX or _GROUP.fullmatch(name) is None:
        raise _refuse("resourceGroupName", name, _GROUP_MAX, _GROUP_RULE)
    return name


def check_disk_name(name: str) -> str:
    """Return *name* if a disk may have it."""
    return _check("diskName", name, _CHILD_MAX)


def check_snapshot_name(name: str) -> str:
    """Return *name* if a snapshot may have it."""
    return _check("snapshotName", name, _CHILD_MAX)


def check_vm_name(name: str) -> str:
    """Return *name* if a virtual machine may have it."""
    return _check("vmName", name, _VM_MAX)


def check_description_name(name: str) -> str:
    """Return *name* if a network, interface or the like may have it."""
    return _check("name", name, _CHILD_MAX)


def check_deployment_name(name: str) -> str:
    """Return *name* if a deployment may have it."""
    return _check("deploymentName", name, _VM_MAX)


def check_collection_name(name: str) -> str:
    """Return *name* if a restore point collection may have it."""
    return _check("restorePointCollectionName", name, _CHILD_MAX)


def check_point_name(name: str) -> str:
    """Return *name* if a restore point may have it."""
    return _check("restorePointName", name, _CHILD_MAX)


def _check(parameter: str, name: str, length_max: int) -> str:
    if len(name) > length_max or _PLAIN.fullmatch(name) is None:
        raise _refuse(parameter, name, length_max, _PLAIN_RULE)
    return name


def _refuse(parameter: str, name: str, length_max: int, rule: str) -> Exception:
    return invalid(parameter, f"The name '{name:.100}' is not allowed.", hint=f"1 to {length_max} characters: {rule}.")
