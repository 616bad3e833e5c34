"""Roles: which actions they allow, where, and for whom."""

import uuid

import pytest

from farpoint.model.roles import (
    CONTRIBUTOR,
    OWNER,
    READER,
    RESTORE_OPERATOR,
    ROLES,
    Role,
    RoleAssignment,
    covers,
    find_role,
    principal_key,
    role_named,
)

GUID = "2f4a7c3e-0000-4000-8000-00000000000c"


def role(*actions: str, without: tuple[str, ...] = ()) -> Role:
    return Role(id=uuid.UUID(int=1), name="r", description="", actions=actions, not_actions=without)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "Microsoft.Compute/disks/write", True),
        ("*/read", "Microsoft.Compute/disks/read", True),
        ("*/read", "Microsoft.Compute/disks/read/action", False),
        ("Microsoft.Compute/*/read", "microsoft.compute/restorePointCollections/restorePoints/READ", True),
        ("Microsoft.Compute/*/read", "Microsoft.ComputeX/disks/read", False),
        ("Microsoft.Compute/disks/*", "Microsoft.Compute/disks/beginGetAccess/action", True),
        ("Microsoft.Compute/disks/write", "MicrosoftxCompute/disks/write", False),
        ("Microsoft.Compute/disks/write", "Microsoft.Compute/disks/write/more", False),
    ],
)
def test_a_star_stands_for_anything_and_case_means_nothing(pattern: str, action: str, expected: bool) -> None:
    assert role(pattern).allows(action) is expected


def test_what_a_role_leaves_out_it_does_not_allow() -> None:
    limited = role("*", without=("A/*/write",))
    assert [limited.allows(action) for action in ("A/b/write", "A/b/read", "B/b/write")] == [False, True, True]


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("Microsoft.Compute/disks/read", (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)),
        ("Microsoft.Compute/disks/write", (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
        ("Microsoft.Compute/disks/delete", (OWNER, CONTRIBUTOR)),
        ("Microsoft.Compute/restorePointCollections/restorePoints/write", (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
        ("Microsoft.Compute/restorePointCollections/restorePoints/verify/action", (OWNER, CONTRIBUTOR, RESTORE_OPERATOR)),
        ("Microsoft.Compute/restorePointCollections/restorePoints/delete", (OWNER, CONTRIBUTOR)),
        ("Microsoft.Compute/restorePointCollections/delete", (OWNER, CONTRIBUTOR)),
        ("Microsoft.Resources/subscriptions/resourceGroups/delete", (OWNER, CONTRIBUTOR)),
        ("Microsoft.Authorization/roleAssignments/write", (OWNER,)),
        ("Microsoft.Authorization/roleAssignments/delete", (OWNER,)),
        ("Microsoft.Authorization/roleAssignments/read", (OWNER, CONTRIBUTOR, READER, RESTORE_OPERATOR)),
    ],
)
def test_the_roles_are_what_they_are_called(asked: str, allowed: tuple[Role, ...]) -> None:
    assert [one.name for one in ROLES if one.allows(asked)] == [one.name for one in allowed]


def test_no_role_but_owner_and_contributor_deletes_anything() -> None:
    words = ("disks", "snapshots", "virtualMachines", "restorePointCollections", "restorePointCollections/restorePoints")
    assert not any(one.allows(f"Microsoft.Compute/{word}/delete") for one in (READER, RESTORE_OPERATOR) for word in words)


@pytest.mark.parametrize(
    ("scope", "other", "expected"),
    [
        ("/subscriptions/s", "/subscriptions/S/resourceGroups/g", True),
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourcegroups/G", True),
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g2", False),
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s", False),
    ],
)
def test_a_scope_covers_what_lies_below_it(scope: str, other: str, expected: bool) -> None:
    assert covers(scope, other) is expected


def test_an_assignment_allows_its_roles_actions_at_its_scope_only() -> None:
    scope = "/subscriptions/s/resourceGroups/g"
    given = RoleAssignment(id=uuid.UUID(int=2), scope=scope, role=READER, principal="p", principal_type="User", description="")
    assert given.allows("Microsoft.Compute/disks/read", f"{scope}/providers/Microsoft.Compute/disks/d")
    assert not given.allows("Microsoft.Compute/disks/write", f"{scope}/providers/Microsoft.Compute/disks/d")
    assert not given.allows("Microsoft.Compute/disks/read", "/subscriptions/s/resourceGroups/other")


def test_roles_are_found_by_id_and_name() -> None:
    assert [find_role(one.id) for one in ROLES] == list(ROLES)
    assert role_named("restore OPERATOR") is RESTORE_OPERATOR
    assert (find_role(uuid.UUID(int=0)), role_named("King")) == (None, None)


def test_principals_that_are_guids_are_compared_as_such_and_others_to_the_letter() -> None:
    assert {principal_key(text) for text in (GUID, GUID.upper(), f"{{{GUID}}}", GUID.replace("-", ""))} == {GUID}
    assert principal_key("Alice") != principal_key("alice")
