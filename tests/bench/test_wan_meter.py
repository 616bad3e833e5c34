"""The rate of a copy while it flows leaves out what happens before its first percent and after its last."""

import pytest
from bench.wan.meter import sustained_share_per_second


def test_idle_time_before_and_after_does_not_count() -> None:
    steady = [(10.0 + tenth / 10, 5_000 + tenth * 1000) for tenth in range(101)]
    course = [(0.0, 5_000), *steady, (60.0, 105_000)]
    assert sustained_share_per_second(course) == pytest.approx(0.1)


def test_a_copy_within_one_look_counts_the_whole_look() -> None:
    assert sustained_share_per_second([(0.0, 0), (0.1, 9_000)]) == pytest.approx(10)


def test_nothing_sent_has_no_rate() -> None:
    assert sustained_share_per_second([(0.0, 7), (1.0, 7)]) == 0
