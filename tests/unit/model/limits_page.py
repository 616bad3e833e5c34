"""The table of docs/limits.md, from the rules themselves. ``python -m tests.unit.model.limits_page`` writes it anew."""

import re
from pathlib import Path
from typing import Final

from farpoint.model.limits import RULES, Rule, RuleValue

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "limits.md"
_TABLE: Final = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->\n)", re.DOTALL)


def table() -> str:
    """Return the rows as Markdown."""
    rows = ["| rule | refuses | source | answer | azure | lifted |", "|---|---|---|---|---|---|", *map(_row, RULES)]
    return "".join(f"{row}\n" for row in rows)


def shown_table() -> str:
    """Return the table as the page has it."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None, f"{PAGE} has no table between its marks"
    return found[0]


def _row(rule: Rule) -> str:
    answer = f"`{rule.code}`" if rule.status is None else f"{rule.status} `{rule.code}`"
    cells = [f"`{rule.name}`", rule.refuses, rule.source, answer, _word(rule.azure), _word(rule.lifted)]
    return f"| {' | '.join(cells)} |"


def _word(value: RuleValue) -> str:
    if isinstance(value, bool):
        return "refused" if value else "allowed"
    return f"{value:,}" if value else "any"


if __name__ == "__main__":
    PAGE.write_text(_TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
