"""A goal for the WAN is absolute where the machine carries it, and a share of iperf3's rate where it does not."""

from bench.goals import RateGoal

GOAL = RateGoal(link="no loss", point="first", at_least_megabits=900)


def test_a_machine_that_carries_the_rate_has_to_reach_it() -> None:
    assert GOAL.threshold(900) == 900
    assert GOAL.threshold(960) == 900


def test_a_slower_machine_has_to_come_near_iperf3() -> None:
    assert GOAL.threshold(400) == 340
