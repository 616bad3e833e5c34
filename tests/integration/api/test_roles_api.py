"""Who may do what: each role and each verb, scopes, linked resources, filtered lists, and the assignments themselves."""

import uuid

import httpx
import pytest
from attrs import evolve
from tests.integration.api.arm_client import Arm, compute

from farpoint.metadata import points
from farpoint.model.roles import CONTRIBUTOR, OWNER, READER, RESTORE_OPERATOR, Role
from farpoint.testing.arm_region import CLIENT, OTHER_CLIENT, SUBSCRIPTION
from farpoint.testing.played_work import play_publish

S = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{S}/resourceGroups/default"
ATTACH = {"creationData": {"createOption": "Attach"}}


@pytest.fixture
def other(east: Arm) -> Arm:
    """Log in as a client that has no role yet."""
    token, _ = east.region.issuer.issue(OTHER_CLIENT)
    return Arm(east.region, east.app, token)


def give(owner: Arm, role: Role, scope: str = S, *, to: str = OTHER_CLIENT) -> str:
    """Assign a role; return the assignment's id."""
    guid = owner.region.context.entropy.guid()
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}"
    answer = owner.send("PUT", path, assignment(role, to=to))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def assignment(role: Role, *, to: str = OTHER_CLIENT, **changed: str) -> dict[str, object]:
    definition = f"{S}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
    return {"properties": {"roleDefinitionId": definition, "principalId": to, "principalType": "ServicePrincipal", **changed}}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error"]["code"])


def furnish(owner: Arm) -> str:
    """Make a VM with a complete restore point in group default; return the point's id."""
    collection = owner.add_collection("web", source=owner.add_vm("web", os_disk=owner.attach("os")))
    assert owner.send("PUT", f"{collection}/restorePoints/rp1", {}).status_code == 201
    with owner.region.context.database.read() as conn:
        point = points.get_point(conn, group="default", collection="web", name="rp1")
    assert point is not None
    play_publish(owner.region.context, point.id)
    return f"{collection}/restorePoints/rp1"


def disk_of(owner: Arm, point: str) -> str:
    return str(owner.send("GET", f"{point}/diskRestorePoints").json()["value"][0]["id"])


#: What is asked, and by whom it may be.
VERBS: list[tuple[str, str, dict[str, object] | None, tuple[Role, ...]]] = [
    ("GET", compute("disks", "os"), None, (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)),
    ("GET", compute("disks"), None, (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)),
    ("GET", f"{S}/resourceGroups/default", None, (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)),
    ("PUT", f"{S}/resourceGroups/new", {"location": "eastus"}, (OWNER, CONTRIBUTOR)),
    ("PUT", compute("disks", "spare"), {"location": "eastus", "properties": ATTACH}, (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
    ("PATCH", compute("restorePointCollections", "web"), {"tags": {}}, (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
    ("PUT", compute("restorePointCollections", "web", "restorePoints", "rp2"), {}, (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
    ("POST", compute("restorePointCollections", "web", "restorePoints", "rp1", "verify"), None, (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
    ("DELETE", compute("restorePointCollections", "web", "restorePoints", "rp1"), None, (OWNER, CONTRIBUTOR)),
    ("DELETE", compute("restorePointCollections", "web"), None, (OWNER, CONTRIBUTOR)),
    ("DELETE", compute("virtualMachines", "web"), None, (OWNER, CONTRIBUTOR)),
    ("DELETE", compute("disks", "none"), None, (OWNER, CONTRIBUTOR)),
    ("GET", f"{S}/providers/Microsoft.Authorization/roleAssignments", None, (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)),
    ("PUT", f"{S}/providers/Microsoft.Authorization/roleAssignments/{uuid.UUID(int=7)}", assignment(READER, to="u"), (OWNER,)),
    ("DELETE", f"{S}/providers/Microsoft.Authorization/roleAssignments/{uuid.UUID(int=8)}", None, (OWNER,)),
]


@pytest.mark.parametrize("role", [OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR], ids=lambda role: role.name)
def test_each_role_may_do_what_it_is_for_and_nothing_else(east: Arm, other: Arm, role: Role) -> None:
    furnish(east)
    spare = east.region.pool / "eastus" / "default" / "spare.raw"
    spare.parent.mkdir(parents=True)
    spare.write_bytes(bytes(512))
    give(east, role)
    refused = []
    for method, path, body, _ in VERBS:
        answer = other.send(method, path, body)
        if answer.status_code == 403:
            assert answer.json()["error"]["code"] == "AuthorizationFailed"
            refused.append((method, path))
        else:
            assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    assert refused == [(method, path) for method, path, _, allowed in VERBS if role not in allowed]


def test_a_client_without_a_role_may_do_nothing_but_log_in(other: Arm) -> None:
    assert {code_of(other.send(method, path, body)) for method, path, body, _ in VERBS} == {(403, "AuthorizationFailed")}
    assert other.send("GET", "/subscriptions").json() == {"value": []}
    assert [code_of(other.send("GET", path)) for path in (S, f"{S}/locations", f"{S}/providers/Farpoint/regions")] == [
        (403, "AuthorizationFailed")
    ] * 3


def test_the_refusal_is_in_azures_words(other: Arm) -> None:
    answer = other.send("PUT", compute("disks", "d"), {}).json()["error"]
    disk = compute("disks", "d")
    assert answer["message"].startswith(
        f"The client '{OTHER_CLIENT}' with object id '{OTHER_CLIENT}' does not have authorization to perform action "
        f"'Microsoft.Compute/disks/write' over scope '{disk}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )
    assert "Microsoft.Compute/disks/write" in answer["farpoint"]["hint"]


def test_nobody_without_a_role_learns_what_exists(east: Arm, other: Arm) -> None:
    furnish(east)
    paths = [compute("disks", "os"), compute("disks", "none"), compute("disks", "x", group="none")]
    assert [code_of(other.send("GET", path)) for path in paths] == [(403, "AuthorizationFailed")] * 3


def test_a_role_in_a_group_is_for_that_group_and_lists_show_only_it(east: Arm, other: Arm) -> None:
    furnish(east)
    assert east.send("PUT", f"{S}/resourceGroups/mine", {"location": "eastus"}).status_code == 201
    path = str(east.region.disk_file("mine"))
    body = {"location": "eastus", "properties": {**ATTACH, "farpoint": {"path": path}}}
    give(east, CONTRIBUTOR, f"{S}/resourceGroups/MINE")
    assert other.send("PUT", compute("disks", "mine", group="mine"), body).status_code == 200
    assert [disk["name"] for disk in other.send("GET", f"{S}/providers/Microsoft.Compute/disks").json()["value"]] == ["mine"]
    assert [group["name"] for group in other.send("GET", f"{S}/resourceGroups").json()["value"]] == ["mine"]
    assert other.send("GET", "/subscriptions").json()["value"][0]["subscriptionId"] == SUBSCRIPTION
    assert code_of(other.send("GET", compute("disks"))) == (403, "AuthorizationFailed")
    assert code_of(other.send("GET", compute("disks", "os"))) == (403, "AuthorizationFailed")


def test_a_role_on_one_resource_is_for_it_and_what_is_in_it(east: Arm, other: Arm) -> None:
    point = furnish(east)
    give(east, READER, compute("restorePointCollections", "web"))
    assert other.send("GET", point).status_code == 200
    assert other.send("GET", disk_of(east, point)).status_code == 200
    assert [row["name"] for row in other.send("GET", compute("restorePointCollections")).json()["value"]] == ["web"]
    assert code_of(other.send("GET", compute("virtualMachines", "web"))) == (403, "AuthorizationFailed")


def test_a_role_taken_away_is_gone_with_the_next_request(east: Arm, other: Arm) -> None:
    furnish(east)
    given = give(east, READER)
    assert other.send("GET", compute("disks", "os")).status_code == 200
    assert east.send("DELETE", given).json()["id"] == given
    assert code_of(other.send("GET", compute("disks", "os"))) == (403, "AuthorizationFailed")
    assert east.send("DELETE", given).status_code == 204


def test_copying_needs_a_look_at_the_source(east: Arm, west: Arm) -> None:
    point = furnish(east)
    target = west.add_collection("copies", source=point.rpartition("/restorePoints/")[0])
    token, _ = west.region.issuer.issue(OTHER_CLIENT)
    other = Arm(west.region, west.app, token)
    give(west, RESTORE_OPERATOR, target)
    body = {"properties": {"sourceRestorePoint": {"id": point}}}
    refused = other.send("PUT", f"{target}/restorePoints/rp1", body)
    assert code_of(refused) == (403, "LinkedAuthorizationFailed")
    assert f"'Microsoft.Compute/restorePointCollections/restorePoints/read' on the linked scope(s) '{point}'" in refused.text
    give(west, READER, point)
    assert other.send("PUT", f"{target}/restorePoints/rp1", body).status_code == 201


def test_restoring_needs_a_look_at_the_disk_restore_point(east: Arm, other: Arm) -> None:
    source = disk_of(east, furnish(east))
    assert east.send("PUT", f"{S}/resourceGroups/mine", {"location": "eastus"}).status_code == 201
    give(east, RESTORE_OPERATOR, f"{S}/resourceGroups/mine")
    creation = {"createOption": "Restore", "sourceResourceId": source}
    body = {"location": "eastus", "properties": {"creationData": creation}}
    assert code_of(other.send("PUT", compute("disks", "r", group="mine"), body)) == (403, "LinkedAuthorizationFailed")
    assert east.region.launched == east.region.launched[:1]
    give(east, READER, source)
    assert other.send("PUT", compute("disks", "r", group="mine"), body).status_code == 202


def test_a_disk_is_not_taken_into_a_vm_by_whoever_may_only_read_it(east: Arm, other: Arm) -> None:
    disk = east.attach("os")
    assert east.send("PUT", f"{S}/resourceGroups/mine", {"location": "eastus"}).status_code == 201
    give(east, CONTRIBUTOR, f"{S}/resourceGroups/mine")
    give(east, READER, disk)
    body = {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": disk}}}}}
    refused = other.send("PUT", compute("virtualMachines", "v", group="mine"), body)
    assert code_of(refused) == (403, "LinkedAuthorizationFailed")
    assert "'Microsoft.Compute/disks/write'" in refused.text


def test_attaching_in_a_call_of_its_own_takes_the_right_to_write_the_disk_too(east: Arm, other: Arm) -> None:
    vm, spare = east.add_vm("v", os_disk=east.attach("os")), east.attach("spare")
    give(east, CONTRIBUTOR, vm)
    give(east, READER, spare)
    body = {"dataDisksToAttach": [{"diskId": spare}]}
    refused = other.send("POST", f"{vm}/attachDetachDataDisks", body)
    assert code_of(refused) == (403, "LinkedAuthorizationFailed")
    assert f"'Microsoft.Compute/disks/write' on the linked scope(s) '{spare}'" in refused.text
    give(east, CONTRIBUTOR, spare)
    assert other.send("POST", f"{vm}/attachDetachDataDisks", body).status_code == 200


def test_detaching_takes_the_right_to_write_the_vm_alone(east: Arm, other: Arm) -> None:
    os_disk, data = east.attach("os"), east.attach("data")
    vm = east.add_vm("v", os_disk=os_disk, data_disks=(data,))
    for scope in (vm, os_disk):
        give(east, RESTORE_OPERATOR, scope)
    without_data = {"location": "eastus", "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": os_disk}}}}}
    assert other.send("PUT", vm, without_data).status_code == 200
    assert "managedBy" not in east.send("GET", data).json()


def test_overwriting_takes_the_right_to_delete(east: Arm, other: Arm) -> None:
    source = disk_of(east, furnish(east))
    creation = {"createOption": "Restore", "sourceResourceId": source}
    body = {"location": "eastus", "properties": {"creationData": creation, "farpoint": {"overwrite": True}}}
    give(east, RESTORE_OPERATOR)
    refused = other.send("PUT", compute("disks", "r"), body)
    assert code_of(refused) == (403, "AuthorizationFailed")
    assert "'Microsoft.Compute/disks/delete'" in refused.text
    give(east, CONTRIBUTOR)
    assert other.send("PUT", compute("disks", "r"), body).status_code == 202


def test_an_operation_is_shown_to_whoever_started_it_or_may_write_its_resource(east: Arm, other: Arm) -> None:
    point = furnish(east)
    url = east.send("POST", f"{point}/verify").headers["azure-asyncoperation"]
    give(east, READER)
    assert code_of(other.send("GET", url)) == (403, "AuthorizationFailed")
    assert east.send("GET", url).status_code == 200
    give(east, RESTORE_OPERATOR)
    assert other.send("GET", url).status_code == 200


def test_roles_are_listed_in_azures_shape_at_every_scope(east: Arm) -> None:
    path = f"{S}/providers/Microsoft.Authorization/roleDefinitions"
    for scope in (S, GROUP, compute("disks", "any")):
        listed = east.send("GET", path.replace(S, scope)).json()["value"]
        assert [row["properties"]["roleName"] for row in listed] == ["Owner", "Contributor", "Reader", "Restore Operator"]
    named = east.send("GET", path, filter="roleName eq 'reader'").json()["value"]
    assert named == [east.send("GET", f"{path}/{READER.id}").json()]
    assert named[0]["name"] == "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert named[0]["properties"]["permissions"][0]["actions"] == ["*/read"]
    assert named[0]["properties"]["type"] == "BuiltInRole"
    assert code_of(east.send("GET", f"{path}/{uuid.UUID(int=1)}")) == (404, "RoleDefinitionDoesNotExist")
    assert east.send("GET", path, filter="color eq 'red'").status_code == 400


def test_an_assignment_is_shown_as_it_was_made(east: Arm) -> None:
    given = give(east, READER, GROUP)
    shown = east.send("GET", given).json()
    assert shown["id"] == given
    assert shown["type"] == "Microsoft.Authorization/roleAssignments"
    assert shown["name"] == given.rpartition("/")[2]
    properties = shown["properties"]
    assert (properties["scope"], properties["principalId"], properties["createdBy"]) == (GROUP, OTHER_CLIENT, CLIENT)
    assert properties["roleDefinitionId"].endswith(str(READER.id))


def test_assignments_are_listed_at_above_and_below_and_filtered(east: Arm) -> None:
    path = "/providers/Microsoft.Authorization/roleAssignments"
    at_group, elsewhere = give(east, READER, GROUP), give(east, READER, compute("disks", "d"))
    configured = next(iter(east.region.context.authorities.configured))

    def listed(scope: str, query: str = "") -> list[str]:
        return sorted(row["name"] for row in east.send("GET", f"{scope}{path}", filter=query).json()["value"])

    names = {name: name.rpartition("/")[2] for name in (at_group, elsewhere)}
    everything = sorted([str(configured.id), *names.values()])
    assert listed(S) == everything
    assert listed(GROUP, "atScope()") == sorted([str(configured.id), names[at_group]])
    assert listed(S, f"principalId eq '{OTHER_CLIENT}'") == sorted(names.values())
    assert listed(S, f"assignedTo('{CLIENT}')") == [str(configured.id)]


def test_the_role_of_the_configuration_is_shown_and_cannot_be_taken_away(east: Arm) -> None:
    configured = next(iter(east.region.context.authorities.configured))
    path = f"{S}/providers/Microsoft.Authorization/roleAssignments/{configured.id}"
    assert east.send("GET", path).json()["properties"]["farpoint"] == {"configured": True}
    assert code_of(east.send("DELETE", path)) == (409, "Conflict")


def test_the_same_asked_again_is_answered_alike_and_anything_else_refused(east: Arm) -> None:
    given = give(east, READER, GROUP)
    assert east.send("PUT", given, assignment(READER)).json()["id"] == given
    assert code_of(east.send("PUT", given, assignment(OWNER))) == (409, "RoleAssignmentUpdateNotPermitted")
    twin = given.replace(given[-12:], "0" * 12)
    assert code_of(east.send("PUT", twin, assignment(READER))) == (409, "RoleAssignmentExists")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"roleDefinitionId": str(uuid.UUID(int=1))}, 404),
        ({"roleDefinitionId": "Reader"}, 404),
        ({"principalId": ""}, 400),
        ({"principalType": "Group"}, 400),
        ({"condition": "@Resource[x] StringEquals 'y'"}, 400),
    ],
)
def test_an_assignment_that_means_nothing_here_is_refused(east: Arm, changed: dict[str, str], status: int) -> None:
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{uuid.UUID(int=9)}"
    assert east.send("PUT", path, assignment(READER, **changed)).status_code == status
    assert east.send("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("scope", "name", "status"),
    [
        (f"{S}/resourceGroups/none", str(uuid.UUID(int=9)), 404),
        (f"{S}/resourceGroups/default/providers/Microsoft.Compute/disks", str(uuid.UUID(int=9)), 404),
        (S, "not-a-guid", 400),
        ("/subscriptions/other", str(uuid.UUID(int=9)), 404),
    ],
)
def test_a_scope_must_be_one_and_a_name_a_guid(east: Arm, scope: str, name: str, status: int) -> None:
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    assert east.send("PUT", path, assignment(READER)).status_code == status


def test_a_contributor_cannot_make_itself_an_owner(east: Arm, other: Arm) -> None:
    give(east, CONTRIBUTOR)
    path = f"{S}/providers/Microsoft.Authorization/roleAssignments/{uuid.UUID(int=9)}"
    assert code_of(other.send("PUT", path, assignment(OWNER))) == (403, "AuthorizationFailed")


def test_another_spelling_of_a_principal_is_the_same_one(east: Arm, other: Arm) -> None:
    give(east, READER, to=OTHER_CLIENT.upper())
    assert other.send("GET", S).status_code == 200


def test_a_configured_client_without_a_role_has_none(east: Arm) -> None:
    east.region.context = evolve(east.region.context, authorities=evolve(east.region.context.authorities, configured=()))
    alone = Arm(east.region, east.region.app())
    alone.log_in()
    assert code_of(alone.send("GET", S)) == (403, "AuthorizationFailed")
