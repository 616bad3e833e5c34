"""``$filter`` of the lists that have one: comparisons joined by ``and``, and calls like ``atScope()``. OData knows more; it is refused."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from farpoint.errors import RefusedError
from farpoint.services.refusals import invalid

#: A comparison with a quoted or a bare value (az writes times so), or a call with one argument or none.
_TERM: Final = re.compile(
    r"\s*(?:(?P<field>\w+)\s+(?P<operator>eq|ge|le)\s+(?:'(?P<value>(?:[^']|'')*)'|(?P<bare>[\w.:+-]+))"
    r"|(?P<call>\w+)\(\s*(?:'(?P<argument>(?:[^']|'')*)')?\s*\))\s*",
    re.ASCII,
)
_AND: Final = re.compile(r"and\b", re.IGNORECASE)
_LENGTH_MAX: Final = 4096


@frozen
class Term:
    """One condition: ``name eq 'value'``, or a call ``name('value')``, whose operator is empty."""

    #: Lower-case.
    name: str
    operator: str
    value: str


def parse_filter(text: str | None, *, known: str) -> Sequence[Term]:
    """Return the conditions of a filter, all of which must hold; none without a filter. A refusal says what is *known* to the list."""
    if text is None or not text.strip():
        return ()
    if len(text) > _LENGTH_MAX:
        raise _unreadable(text, known)
    terms, place = [], 0
    while True:
        matched = _TERM.match(text, place)
        if matched is None:
            raise _unreadable(text, known)
        terms.append(_term_of(matched))
        place = matched.end()
        if place == len(text):
            return terms
        joined = _AND.match(text, place)
        if joined is None:
            raise _unreadable(text, known)
        place = joined.end()


def _term_of(matched: re.Match[str]) -> Term:
    part = matched.groupdict(default="")
    quoted = part["value"] or part["argument"]
    return Term((part["field"] or part["call"]).lower(), part["operator"], quoted.replace("''", "'") or part["bare"])


def moment_of(term: Term) -> dt.datetime:
    """Return the time a condition compares with; one without an offset is in UTC."""
    try:
        moment = dt.datetime.fromisoformat(term.value)
    except ValueError as error:
        raise invalid("$filter", f"'{term.value:.50}' is not a time.", hint="Write it as 2026-05-09T07:35:25Z.") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def unknown_term(term: Term, known: str) -> RefusedError:
    """Refuse a condition that this list does not have."""
    return invalid("$filter", f"This list cannot be filtered by '{term.name:.50}'.", hint=_advice(known))


def _unreadable(text: str, known: str) -> RefusedError:
    return invalid("$filter", f"'{text:.200}' cannot be read.", hint=_advice(known))


def _advice(known: str) -> str:
    return f"Filter by {known}; several joined by 'and', values quoted."
