"""Role assignments of two regions: whatever one is told is in force at the other, at once or when it follows; the newest version wins."""

import pytest
from tests.integration.api.arm_client import Arm, compute
from tests.integration.api.test_roles_api import GROUP, S, assignment, code_of, give

from farpoint.errors import Code, RefusedError
from farpoint.metadata import role_assignments
from farpoint.metadata.directory import all_records
from farpoint.model.directory import DirectoryRecord
from farpoint.model.roles import CONTRIBUTOR, READER
from farpoint.testing.arm_region import OTHER_CLIENT


def stranger(arm: Arm) -> Arm:
    """Log in as a client that has no role yet."""
    token, _ = arm.region.issuer.issue(OTHER_CLIENT)
    return Arm(arm.region, arm.app, token)


def may_read(arm: Arm) -> bool:
    """Tell whether that client may read group default at this region."""
    answer = stranger(arm).send("GET", GROUP)
    assert answer.status_code in {200, 403}
    return answer.status_code == 200


def records(arm: Arm) -> list[DirectoryRecord]:
    with arm.region.context.database.read() as conn:
        return [record for record in all_records(conn) if record.kind == "roleAssignment"]


@pytest.mark.parametrize("scope", [S, GROUP, compute("disks", "d")])
def test_an_assignment_is_in_force_at_the_peer_at_once_and_gone_with_the_next_request(east: Arm, west: Arm, scope: str) -> None:
    at_scope = "GET", scope
    assert code_of(stranger(east).send(*at_scope)) == (403, "AuthorizationFailed")
    given = give(west, READER, scope)
    assert stranger(east).send(*at_scope).status_code in {200, 404}
    assert east.send("GET", given).json() == west.send("GET", given).json()
    assert east.send("DELETE", given).status_code == 200
    assert code_of(stranger(west).send(*at_scope)) == (403, "AuthorizationFailed")
    assert [one.deleted for one in records(west)] == [True]


def test_a_peer_that_was_down_learns_by_following(east: Arm, west: Arm) -> None:
    west.region.peers.down = {"eastus"}
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{west.region.context.entropy.guid()}"
    shown = west.send("PUT", path, assignment(READER)).json()["properties"]
    assert shown["farpoint"] == {"configured": False, "unreachable": ["eastus"]}
    assert (may_read(west), may_read(east)) == (True, False)
    east.region.follow()
    assert may_read(east)
    assert west.send("DELETE", path).json()["properties"]["farpoint"]["unreachable"] == ["eastus"]
    assert may_read(east), "it has not heard of the end yet"
    east.region.follow()
    assert not may_read(east)


def test_after_a_partition_the_highest_version_is_in_force_in_both(east: Arm, west: Arm) -> None:
    given = give(east, READER, GROUP)
    east.region.peers.down, west.region.peers.down = {"westus"}, {"eastus"}
    assert east.send("DELETE", given).status_code == 200
    assert west.send("DELETE", given).status_code == 200
    assert west.send("PUT", given, assignment(CONTRIBUTOR)).status_code == 201
    assert (may_read(east), may_read(west)) == (False, True)
    east.region.peers.down = west.region.peers.down = set()
    for arm in (east, west, east):
        arm.region.follow()
    assert (may_read(east), may_read(west)) == (True, True)
    assert records(east) == records(west)
    assert [one.version for one in records(east)] == [3]


def test_an_assignment_the_region_has_not_heard_of_can_be_taken_away(east: Arm, west: Arm) -> None:
    west.region.peers.down = {"eastus"}
    given = give(west, READER, GROUP)
    west.region.peers.down = set()
    assert east.send("DELETE", given).status_code == 200
    assert (may_read(east), may_read(west)) == (False, False)


def test_what_was_given_elsewhere_is_not_given_twice(east: Arm, west: Arm) -> None:
    west.region.peers.down = {"eastus"}
    given = give(west, READER, GROUP)
    twin = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{east.region.context.entropy.guid()}"
    assert code_of(east.send("PUT", twin, assignment(READER))) == (409, "RoleAssignmentExists")
    assert east.send("PUT", given, assignment(READER)).json()["id"] == given


def test_a_record_that_cannot_be_read_gives_nothing_and_keeps_nobody_out(east: Arm, west: Arm) -> None:
    body = {"role": "of tomorrow"}
    path = "/providers/Microsoft.Authorization/roleAssignments/new"
    west.region.peers.tell(
        DirectoryRecord(kind=role_assignments.ASSIGNMENT_KIND, path=path, version=1, origin=west.region.context.region_id, body=body)
    )
    assert east.send("GET", GROUP).status_code == 200
    assert not may_read(east)


def test_a_write_that_is_rolled_back_gives_and_takes_nothing(east: Arm) -> None:
    context = east.region.context
    given = give(east, READER, GROUP)
    assert may_read(east)

    def change_my_mind() -> None:
        with context.database.write() as conn:
            role_assignments.bury_assignment(conn, given.removeprefix(S), origin=context.region_id)
            assert may_read(east)
            raise RefusedError(Code.CONFLICT, "never mind")

    with pytest.raises(RefusedError, match="never mind"):
        change_my_mind()
    assert may_read(east)
    assert east.send("DELETE", given).status_code == 200
    assert not may_read(east)
