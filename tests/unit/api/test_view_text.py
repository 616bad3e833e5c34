"""Times, sizes and percents as Azure writes them."""

import datetime as dt

import pytest

from farpoint.api.views.text import arm_time, in_order, shown_percent
from farpoint.units import GIB, whole_gib


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (dt.datetime(2021, 11, 19, 8, 12, 5, 749060, tzinfo=dt.UTC), "2021-11-19T08:12:05.74906+00:00"),
        (dt.datetime(2021, 11, 19, 8, 12, 5, tzinfo=dt.UTC), "2021-11-19T08:12:05+00:00"),
        (dt.datetime(2021, 11, 19, 8, 12, 5, 1, tzinfo=dt.UTC), "2021-11-19T08:12:05.000001+00:00"),
        (dt.datetime(2021, 11, 19, 8, 12, 5, tzinfo=dt.timezone(dt.timedelta(hours=1))), "2021-11-19T07:12:05+00:00"),
    ],
)
def test_times_lose_their_trailing_zeros_and_are_in_utc(moment: dt.datetime, text: str) -> None:
    assert arm_time(moment) == text


@pytest.mark.parametrize(("size", "gib"), [(512, 1), (GIB, 1), (GIB + 512, 2), (30 * GIB, 30)])
def test_sizes_are_whole_gib_rounded_up(size: int, gib: int) -> None:
    assert whole_gib(size) == gib


@pytest.mark.parametrize(
    ("percent", "complete", "expected"),
    [(0.0, False, 0.0), (33.39, False, 33.3), (99.99, False, 99.9), (100.0, False, 99.9), (0.0, True, 100.0)],
)
def test_only_what_is_complete_shows_100_percent(percent: float, complete: bool, expected: float) -> None:
    assert shown_percent(percent, complete=complete) == expected


def test_known_keys_come_first_and_no_key_is_lost() -> None:
    assert list(in_order({"z": 1, "b": 2, "a": 3}, ("a", "missing", "b"))) == ["a", "b", "z"]
