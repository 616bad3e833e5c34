"""The emulated link: what comes out when, decided from profile, seed and times alone."""

import math

from attrs import evolve
from bench.wan.link import Link, Profile
from tests.bench.tcp_bundle import bundle, shape

#: 1500 bytes take 12 µs.
PROFILE = Profile(delay_seconds=0.075, rate_megabits=1000)
SENT_SECONDS = 12e-6


def arrivals(link: Link) -> list[tuple[float, tuple[int, ...]]]:
    """Wait for everything under way; return when each packet arrived, in µs, and the segments in it."""
    found = []
    while (now := link.next_due) < math.inf:
        found += [(round(now * 1e6, 3), shape(packet).places) for packet in link.due(now)]
    return found


def arrived_segments(link: Link) -> list[int]:
    return [place for _, places in arrivals(link) for place in places]


def test_a_packet_arrives_when_it_is_sent_and_has_travelled() -> None:
    link = Link(PROFILE, seed=1)
    link.offer(bundle(1), 10.0)
    assert list(link.due(10.0 + SENT_SECONDS + 0.0749)) == []
    assert arrivals(link) == [(10_075_012.0, (0,))]
    assert link.next_due == math.inf


def test_packets_wait_for_those_before_them() -> None:
    link = Link(PROFILE, seed=1)
    for _ in range(2):
        link.offer(bundle(10), 0.0)
    assert [time for time, _ in arrivals(link)] == [75_120.0, 75_240.0]


def test_an_idle_link_gathers_no_credit() -> None:
    link = Link(PROFILE, seed=1)
    link.offer(bundle(1), 0.0)
    link.offer(bundle(1), 5.0)
    assert [time for time, _ in arrivals(link)] == [75_012.0, 5_075_012.0]


def test_a_full_buffer_drops_the_segments_that_do_not_fit() -> None:
    link = Link(evolve(PROFILE, buffer_bytes=15_000), seed=1)
    link.offer(bundle(8), 0.0)
    link.offer(bundle(8), 0.0)
    link.offer(bundle(1), 0.0)
    assert arrived_segments(link) == [*range(8), 0, 1]
    assert (link.counts.carried, link.counts.overflowed) == (10, 7)
    link.offer(bundle(1), 1.0)
    assert arrived_segments(link) == [0]


def test_loss_takes_its_share_of_segments_not_of_bundles() -> None:
    link = Link(evolve(PROFILE, loss=0.01, buffer_bytes=1 << 40), seed=7)
    for _ in range(2000):
        link.offer(bundle(45), 0.0)
    assert link.counts.carried + link.counts.lost == 90_000
    assert 800 < link.counts.lost < 1000
    assert len(arrived_segments(link)) == link.counts.carried


def test_the_same_seed_loses_the_same_segments() -> None:
    def survivors(seed: int) -> list[int]:
        link = Link(evolve(PROFILE, loss=0.2), seed=seed)
        link.offer(bundle(40), 0.0)
        return arrived_segments(link)

    assert survivors(3) == survivors(3)
    assert survivors(3) != survivors(4)


def test_a_late_segment_is_overtaken_and_not_lost() -> None:
    link = Link(evolve(PROFILE, reordering=0.1, late_seconds=0.005), seed=2)
    link.offer(bundle(45), 0.0)
    found = arrived_segments(link)
    assert sorted(found) == list(range(45))
    assert found != sorted(found)
    assert link.counts.late == len(found) - found.index(44) - 1


def test_a_cut_link_drops_what_comes_and_still_delivers_what_is_under_way() -> None:
    link = Link(PROFILE, seed=1)
    link.offer(bundle(3), 0.0)
    link.is_partitioned = True
    link.offer(bundle(4), 0.001)
    assert arrived_segments(link) == [0, 1, 2]
    assert link.counts.partitioned == 4
    link.is_partitioned = False
    link.offer(bundle(2), 1.0)
    assert arrived_segments(link) == [0, 1]


def test_everything_and_nothing_are_shares_too() -> None:
    link = Link(evolve(PROFILE, loss=1.0), seed=1)
    link.offer(bundle(5), 0.0)
    assert arrived_segments(link) == []
    link.change(PROFILE)
    link.offer(bundle(5), 1.0)
    assert arrived_segments(link) == [0, 1, 2, 3, 4]
