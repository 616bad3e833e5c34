"""Requests in the words of roles: action and scope of method and path."""

import pytest

from farpoint.api.edge import fold_path
from farpoint.model.actions import Need, requested

S = "/subscriptions/s"
G = f"{S}/resourceGroups/g"
C = f"{G}/providers/Microsoft.Compute"
POINT = f"{C}/restorePointCollections/c/restorePoints/p"
ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"


@pytest.mark.parametrize(
    ("method", "path", "need", "action", "scope"),
    [
        ("GET", S, Need.ANYWHERE, "Microsoft.Resources/subscriptions/read", S),
        ("GET", f"{S}/locations", Need.ANYWHERE, "Microsoft.Resources/subscriptions/locations/read", S),
        ("GET", f"{S}/resourceGroups", Need.BELOW, "Microsoft.Resources/subscriptions/resourceGroups/read", S),
        ("GET", f"{S}/resources", Need.BELOW, "Microsoft.Resources/subscriptions/resources/read", S),
        ("HEAD", G, Need.HERE, "Microsoft.Resources/subscriptions/resourceGroups/read", G),
        ("PUT", G, Need.HERE, "Microsoft.Resources/subscriptions/resourceGroups/write", G),
        ("DELETE", G, Need.HERE, "Microsoft.Resources/subscriptions/resourceGroups/delete", G),
        ("GET", f"{S}/providers/Microsoft.Compute", Need.ANYWHERE, "Microsoft.Resources/subscriptions/providers/read", S),
        ("POST", f"{S}/providers/Microsoft.Compute/register", Need.HERE, "Microsoft.Compute/register/action", S),
        ("GET", f"{S}/providers/Farpoint/regions", Need.ANYWHERE, "Farpoint/regions/read", S),
        ("GET", f"{S}/providers/Microsoft.Compute/disks", Need.BELOW, "Microsoft.Compute/disks/read", S),
        ("GET", f"{C}/disks", Need.BELOW, "Microsoft.Compute/disks/read", G),
        ("PUT", f"{C}/disks/d", Need.HERE, "Microsoft.Compute/disks/write", f"{C}/disks/d"),
        ("PATCH", f"{C}/virtualMachines/v", Need.HERE, "Microsoft.Compute/virtualMachines/write", f"{C}/virtualMachines/v"),
        ("POST", f"{C}/disks/d/beginGetAccess", Need.HERE, "Microsoft.Compute/disks/beginGetAccess/action", f"{C}/disks/d"),
        ("POST", f"{POINT}/verify", Need.HERE, "Microsoft.Compute/restorePointCollections/restorePoints/verify/action", POINT),
        ("PUT", POINT, Need.HERE, "Microsoft.Compute/restorePointCollections/restorePoints/write", POINT),
        (
            "GET",
            f"{POINT}/diskRestorePoints",
            Need.BELOW,
            "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/read",
            POINT,
        ),
        ("PUT", f"{C}/disks/d/{ASSIGNMENTS}/a", Need.HERE, "Microsoft.Authorization/roleAssignments/write", f"{C}/disks/d/{ASSIGNMENTS}/a"),
        ("GET", f"{G}/{ASSIGNMENTS}", Need.BELOW, "Microsoft.Authorization/roleAssignments/read", G),
        ("GET", f"{G}/providers/Microsoft.Authorization/roleDefinitions", Need.ANYWHERE, "Microsoft.Authorization/roleDefinitions/read", G),
        (
            "GET",
            f"{S}/providers/Microsoft.Insights/eventtypes/management/values",
            Need.BELOW,
            "Microsoft.Insights/eventtypes/values/read",
            S,
        ),
        ("PURGE", f"{C}/disks/d", Need.HERE, "Microsoft.Compute/disks/action", f"{C}/disks/d"),
    ],
)
def test_a_request_is_an_action_at_a_scope(method: str, path: str, need: Need, action: str, scope: str) -> None:
    asked = requested(method, fold_path(path))
    assert (asked.need, asked.action, asked.scope) == (need, action, scope)


@pytest.mark.parametrize("path", ["/subscriptions", "/tenants", f"{S}/providers/Microsoft.Compute/locations/eastus/operations/o"])
def test_a_token_is_enough_for_what_everybody_may_ask_or_was_told_the_address_of(path: str) -> None:
    assert requested("GET", fold_path(path)).need is Need.TOKEN


@pytest.mark.parametrize("kind", ["operations", "diskOperations", "operationResults", "operationStatuses"])
@pytest.mark.parametrize(
    "path",
    [
        "/resourceGroups/{}/resources",
        "/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/{}/instanceView",
        "/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/{}/diskRestorePoints",
        "/resourceGroups/g/providers/{}/x",
        "/resourceGroups/providers/locations/l/{}/x",
    ],
)
def test_what_is_named_like_the_url_of_running_work_is_none(path: str, kind: str) -> None:
    assert requested("GET", fold_path(S + path.format(kind))).need is not Need.TOKEN


def test_names_keep_their_case() -> None:
    assert requested("GET", fold_path(f"{S}/RESOURCEGROUPS/Web/PROVIDERS/MICROSOFT.COMPUTE/DISKS/Os")).scope == (
        f"{S}/resourceGroups/Web/providers/Microsoft.Compute/disks/Os"
    )
