"""The table of limits: whole, in step with the API's statuses, and as docs/limits.md shows it."""

import re
from pathlib import Path
from string import Formatter

import pytest

from farpoint.api.errors import envelope, status_of
from farpoint.model.limits import AZURE, LIFTED, RULES, SAME_REGION_COPY, Limits, Rule

PAGE = Path(__file__).resolve().parents[3] / "docs" / "limits.md"
ROW = re.compile(r"^\| `(\w+)` \|(.*)\|$", re.MULTILINE)


def names_in(rule: Rule) -> set[str]:
    return {name for text in (rule.message, rule.hint) for _, name, _, _ in Formatter().parse(text) if name}


def documented() -> dict[str, list[str]]:
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in ROW.findall(PAGE.read_text(encoding="utf-8"))}


def yes_or_no(value: bool) -> str:
    return "refused" if value else "allowed"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_refusal_says_rule_what_was_asked_and_what_to_do(rule: Rule) -> None:
    refusal = rule.refusal(target="properties.x", **{name: f"<{name}>" for name in names_in(rule)})
    error = envelope(refusal)["error"]
    assert isinstance(error, dict)
    farpoint = error["farpoint"]
    assert isinstance(farpoint, dict)
    assert (error["code"], error["target"], farpoint["rule"]) == (rule.code.value, "properties.x", rule.name)
    assert status_of(refusal) == rule.status
    assert all(f"<{name}>" in str(error["message"]) for name in names_in(rule))
    assert farpoint["hint"]
    assert rule.source.startswith("azure-wire §")


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_azure_profile_enforces_every_rule_and_the_lifted_one_only_what_is_no_limit_on_copies() -> None:
    azure, lifted = Limits(profile=AZURE), Limits(profile=LIFTED)
    assert [rule.name for rule in RULES if not azure.enforces(rule)] == []
    assert [rule.name for rule in RULES if lifted.enforces(rule)] == ["api_version_min"]


def test_names_in_a_message_are_not_read_as_a_template() -> None:
    refusal = SAME_REGION_COPY.refusal(collection="{region}", region="eastus")
    assert "'{region}'" in refusal.message


def test_the_page_shows_the_table_as_it_is() -> None:
    expected = {
        rule.name: [rule.source, f"{rule.status} `{rule.code}`", yes_or_no(rule.in_azure), yes_or_no(rule.in_lifted)] for rule in RULES
    }
    assert {name: cells[1:] for name, cells in documented().items()} == expected
