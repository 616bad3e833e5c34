"""$filter: the conditions that are read, and everything else refused."""

import datetime as dt

import pytest

from farpoint.api.filters import Term, moment_of, parse_filter
from farpoint.errors import RefusedError


def test_conditions_are_joined_by_and() -> None:
    text = "eventTimestamp ge '2026-01-01T00:00:00Z' and resourceGroupName eq 'a''b' AND atScope()"
    assert parse_filter(text, known="a eq 'VALUE'") == [
        Term("eventtimestamp", "ge", "2026-01-01T00:00:00Z"),
        Term("resourcegroupname", "eq", "a'b"),
        Term("atscope", "", ""),
    ]
    assert parse_filter("eventTimestamp le 2026-11-25T01:32:37.929569", known="") == [
        Term("eventtimestamp", "le", "2026-11-25T01:32:37.929569")
    ]
    assert parse_filter("assignedTo('x')", known="") == [Term("assignedto", "", "x")]
    assert (parse_filter(None, known=""), parse_filter(" ", known="")) == ((), ())


@pytest.mark.parametrize(
    "text", ["x", "a eq (b)", "a eq 'b' or c eq 'd'", "a eq 'b' and", "a eq 'b' c eq 'd'", "a eq 'b", "(a eq 'b')", "x" * 5000]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_filter(text, known="a eq 'VALUE'")
    assert caught.value.target == "$filter"
    assert "Filter by a eq 'VALUE'" in caught.value.hint


def test_a_time_without_an_offset_is_in_utc() -> None:
    assert moment_of(Term("t", "ge", "2026-01-01T10:00:00")) == dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)
    assert moment_of(Term("t", "ge", "2026-01-01T10:00:00+01:00")) == dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC)
    with pytest.raises(RefusedError):
        moment_of(Term("t", "ge", "yesterday"))
