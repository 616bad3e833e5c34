"""Names by Azure's rules."""

from collections.abc import Callable

import pytest

from farpoint.api.schemas.names import check_collection_name, check_disk_name, check_group_name, check_point_name, check_vm_name
from farpoint.errors import Code, RefusedError

CHILDREN = [check_disk_name, check_vm_name, check_collection_name, check_point_name]
Check = Callable[[str], str]


@pytest.mark.parametrize("check", CHILDREN)
@pytest.mark.parametrize("name", ["a", "web01", "os_disk-1.raw", "1", "A_", "a" * 64])
def test_good_names_are_taken(check: Check, name: str) -> None:
    assert check(name) == name


@pytest.mark.parametrize("check", CHILDREN)
@pytest.mark.parametrize("name", ["", ".", "..", "a.", "a-", "-a", "_a", "a b", "a/b", "ä", "a\n", "a\0", "a" * 81, "a:b", "%2e"])
def test_bad_names_are_refused_with_the_rule(check: Check, name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check(name)
    assert caught.value.code is Code.INVALID_PARAMETER
    assert caught.value.target.endswith("Name")
    assert "characters" in caught.value.hint


def test_a_vm_name_is_shorter_than_a_disk_name() -> None:
    assert check_disk_name("a" * 80)
    with pytest.raises(RefusedError):
        check_vm_name("a" * 65)


@pytest.mark.parametrize("name", ["default", "rg(1)", "_x", "-", "a" * 90])
def test_group_names_may_have_parentheses(name: str) -> None:
    assert check_group_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "rg.", "a" * 91, "a/b", "é"])
def test_bad_group_names_are_refused(name: str) -> None:
    with pytest.raises(RefusedError):
        check_group_name(name)
