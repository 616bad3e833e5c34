"""Progress while a copy runs, as a client that polls every 100 ms sees it: fresh, and never going back, whatever is killed."""

import random
import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest
from tests.e2e.arm_http import ArmHttp
from tests.e2e.dev_regions import EAST, WEST, DevRegions, until
from tests.e2e.images import make_image
from tests.e2e.watching import Sample, Watcher, sample, until_ended

from farpoint.units import MIB

pytestmark = pytest.mark.e2e

#: One second is promised; the rest is for a machine that is busy with other tests.
AGE_SECONDS_MAX = 1.0 + 2.0


def start_copy(regions: DevRegions, vm: str, size_bytes: int, dice: random.Random) -> tuple[str, ...]:
    regions.add_vm(vm, make_image(regions.pool / f"{vm}.raw", size_bytes, dice))
    regions.capture(f"{vm}/rp1")
    regions.copy(f"{vm}/rp1", wait=False)
    return ("restorePointCollections", f"{vm}-westus", "restorePoints", "rp1")


def running(samples: Sequence[Sample]) -> list[Sample]:
    """Return what was seen while the copy moved bytes."""
    return [one for one in samples if one.runs and one.planned]


def check_never_back(samples: Sequence[Sample]) -> None:
    assert [pair for pair in pairwise(samples) if pair[1].percent < pair[0].percent] == []
    planned = [one for one in samples if one.planned]
    assert [pair for pair in pairwise(planned) if pair[1].done_bytes < pair[0].done_bytes] == []


def test_progress_over_a_slow_link_is_fresh_and_only_grows(victims: DevRegions, dice: random.Random) -> None:
    # One stream at this rate needs five seconds for a full request of 4 MiB: progress must not wait for whole requests.
    victims.limit(0.8 * MIB)
    names = start_copy(victims, "slow", 3 * MIB, dice)
    with ArmHttp(victims.environment, WEST) as west, Watcher(lambda: sample(west, *names)) as watcher:
        assert until_ended(west, *names).state == "Succeeded"
    seen = running(watcher.samples)
    sys.stdout.write(f"{len(seen)} polls, oldest {max(one.age_seconds for one in seen):.2f} s\n")
    assert len(seen) > 20
    assert [one for one in seen if one.age_seconds > AGE_SECONDS_MAX] == []
    check_never_back(watcher.samples)
    # It is seen to grow within the one request.
    assert len({one.done_bytes for one in seen}) >= 4


def test_progress_never_goes_back_over_kills_of_either_region(victims: DevRegions, dice: random.Random) -> None:
    victims.limit(20 * MIB)
    names = start_copy(victims, "killedprogress", 48 * MIB, dice)
    with ArmHttp(victims.environment, WEST) as west, Watcher(lambda: sample(west, *names)) as watcher:
        for name in (WEST, EAST):
            before = victims.wire_bytes()
            goal = dice.randint(4 * MIB, 20 * MIB)
            until(lambda start=before, more=goal: victims.wire_bytes() >= start + more, "bytes travel")  # type: ignore[misc]  # defaults
            victims.kill(name)
        victims.limit(None)
        last = until_ended(west, *names)
    # The watcher's own last poll may lie before the end.
    assert (last.state, last.percent) == ("Succeeded", 100)
    check_never_back(watcher.samples)
    assert len(running(watcher.samples)) > 10
