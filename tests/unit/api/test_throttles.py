"""Token buckets: what they let through, how long they make wait, and what they forget."""

import pytest

from farpoint.api.throttles import Rates, Throttles, TokenBuckets
from farpoint.errors import Code, RefusedError, ThrottledError
from farpoint.testing.ambient import FakeClock

WRONG = RefusedError(Code.AUTHENTICATION_FAILED, "wrong")


def test_a_bucket_gives_what_it_holds_and_then_what_comes_in() -> None:
    clock = FakeClock()
    buckets = TokenBuckets(per_second=2, size=4, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0]
    assert buckets.take("a") == buckets.wait("a") == 0.5
    clock.advance(0.5)
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    clock.advance(3600)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]


def test_each_key_has_a_bucket_of_its_own_and_waiting_takes_nothing() -> None:
    buckets = TokenBuckets(per_second=1, size=1, clock=FakeClock())
    assert [buckets.wait("a"), buckets.take("a"), buckets.take("b")] == [0, 0, 0]
    assert buckets.take("a") == 1


def test_a_rate_of_0_never_refuses() -> None:
    buckets = TokenBuckets(per_second=0, size=0, clock=FakeClock())
    assert {buckets.take("a") for _ in range(100)} == {0}


def test_the_bucket_unseen_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farpoint.api.throttles._BUCKETS_MAX", 2)
    buckets = TokenBuckets(per_second=1, size=2, clock=FakeClock())
    for key in ("a", "b", "a", "c"):
        buckets.take(key)
    assert (buckets.take("a"), buckets.take("b")) == (1, 0)


def test_reads_and_writes_are_counted_apart_and_per_client() -> None:
    throttles = Throttles(Rates(reads_per_second=1, writes_per_second=1, failed_logins_per_minute=0), FakeClock())
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        throttles.admit("a", method)
    with pytest.raises(ThrottledError, match="too many reads") as reading:
        throttles.admit("a", "GET")
    with pytest.raises(ThrottledError, match="too many writes"):
        throttles.admit("a", "POST")
    throttles.admit("b", "POST")
    assert (reading.value.code, reading.value.retry_after_seconds) == (Code.TOO_MANY_REQUESTS, 1)


def test_a_guesser_waits_and_is_not_looked_at() -> None:
    clock = FakeClock()
    throttles = Throttles(Rates(reads_per_second=0, writes_per_second=0, failed_logins_per_minute=2), clock)
    assert [throttles.failed("10.0.0.1", WRONG) for _ in range(2)] == [WRONG, WRONG]
    assert isinstance(throttles.failed("10.0.0.1", WRONG), ThrottledError)
    with pytest.raises(ThrottledError) as refused:
        throttles.refuse_guesser("10.0.0.1")
    assert refused.value.retry_after_seconds == 30
    throttles.refuse_guesser("10.0.0.2")
    clock.advance(30)
    throttles.refuse_guesser("10.0.0.1")


def test_addresses_of_one_ipv6_network_are_one() -> None:
    throttles = Throttles(Rates(reads_per_second=0, writes_per_second=0, failed_logins_per_minute=1), FakeClock())
    throttles.failed("2001:db8::1", WRONG)
    with pytest.raises(ThrottledError):
        throttles.refuse_guesser("2001:db8::ffff")
    throttles.refuse_guesser("2001:db8:0:1::1")
