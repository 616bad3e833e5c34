"""The table of limits: whole, in step with the API's statuses, and as docs/limits.md shows it."""

from string import Formatter

import pytest
from tests.unit.model.limits_page import shown_table, table

from farpoint.api.errors import envelope, status_of
from farpoint.model.limits import AZURE, LIFTED, POINTS_PER_VM, RULES, SAME_REGION_COPY, Limits, Rule


def names_in(rule: Rule) -> set[str]:
    return {name for text in (rule.message, rule.hint) for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_refusal_says_rule_what_was_asked_and_what_to_do(rule: Rule) -> None:
    refusal = rule.refusal(target="properties.x", **{name: f"<{name}>" for name in names_in(rule)})
    error = envelope(refusal)["error"]
    assert isinstance(error, dict)
    farpoint = error["farpoint"]
    assert isinstance(farpoint, dict)
    assert (error["code"], error["target"], farpoint["rule"]) == (rule.code.value, "properties.x", rule.name)
    assert rule.status in {None, status_of(refusal)}
    assert all(f"<{name}>" in str(error["message"]) for name in names_in(rule))
    assert farpoint["hint"]
    assert rule.source.startswith("azure-wire §")


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_azure_profile_enforces_all_but_the_hourly_rules_and_the_lifted_one_what_is_no_limit_on_copies() -> None:
    azure, lifted = Limits(profile=AZURE), Limits(profile=LIFTED)
    assert [rule.name for rule in RULES if not azure.enforces(rule)] == ["creates_per_hour", "copies_per_hour"]
    assert [rule.name for rule in RULES if lifted.enforces(rule)] == ["api_version_min", "copy_duration"]


def test_names_in_a_message_are_not_read_as_a_template() -> None:
    refusal = SAME_REGION_COPY.refusal(collection="{region}", region="eastus")
    assert "'{region}'" in refusal.message


def test_the_page_shows_the_table_as_it_is() -> None:
    assert shown_table() == table(), "write it anew: python -m tests.unit.model.limits_page"


def test_a_region_sets_single_rules_otherwise_than_its_profile() -> None:
    limits = Limits(profile=LIFTED, own={"copy_order": True, "points_per_vm": 7})
    assert [rule.name for rule in RULES if limits.enforces(rule)] == ["api_version_min", "copy_order", "copy_duration", "points_per_vm"]
    assert limits.most(POINTS_PER_VM) == 7
