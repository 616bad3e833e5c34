"""The source region does not answer while a copy runs: the wait is visible, and ends soon after the region is back."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from tests.e2e.arm_http import ArmHttp
from tests.e2e.dev_regions import EAST, WEST, DevRegions, at, until
from tests.e2e.images import are_identical, make_image
from tests.e2e.watching import sample_of, until_ended

from farpoint.clock import SystemClock
from farpoint.config.load import load_config
from farpoint.config.values import RegionConfig
from farpoint.testing.region_certificates import RegionAuthority
from farpoint.units import MIB

pytestmark = pytest.mark.e2e

SIZE = 32 * MIB
#: Back-off of at most 10 s, and the machine may be busy.
BACK_SECONDS = 30.0


def start_slow_copy(regions: DevRegions, vm: str, dice: random.Random) -> Path:
    """Start a copy that takes seconds; return its disk once some of it has travelled."""
    disk = make_image(regions.pool / f"{vm}.raw", SIZE, dice)
    regions.add_vm(vm, disk)
    regions.capture(f"{vm}/rp1")
    start = regions.wire_bytes()
    regions.limit(16 * MIB)
    regions.copy(f"{vm}/rp1", wait=False)
    until(lambda: regions.wire_bytes() > start + 6 * MIB, "the transfer is under way")
    return disk


def until_it_waits(regions: DevRegions, vm: str) -> None:
    """Wait until the copy says that it waits for eastus, everywhere that it shows."""

    def waits() -> bool:
        point = regions.point(f"{vm}-westus/rp1")
        disk = at(point, "properties", "instanceView", "diskRestorePoints", 0, "replicationStatus", "farpoint", "waiting")
        work = sample_of(point)
        return work.runs and EAST in work.waiting and EAST in str(disk)

    until(waits, "the copy waits for eastus, visibly")


def check_end(regions: DevRegions, vm: str, disk: Path) -> None:
    with ArmHttp(regions.environment, WEST) as west:
        end = until_ended(west, "restorePointCollections", f"{vm}-westus", "restorePoints", "rp1", seconds=BACK_SECONDS)
    assert (end.state, end.waiting) == ("Succeeded", "")
    [restored] = regions.restore(f"{vm}-westus/rp1", f"{vm}-out")
    assert are_identical(disk, restored)


def test_a_copy_waits_for_a_source_that_cannot_be_reached(victims: DevRegions, dice: random.Random) -> None:
    disk = start_slow_copy(victims, "unreached", dice)
    victims.relays[EAST].cut()
    until_it_waits(victims, "unreached")
    # Long enough for the pauses to have grown.
    time.sleep(2)
    victims.limit(None)
    victims.relays[EAST].mend()
    check_end(victims, "unreached", disk)


def test_a_copy_waits_for_a_source_that_was_stopped(victims: DevRegions, dice: random.Random) -> None:
    disk = start_slow_copy(victims, "stopped", dice)
    victims.stop(EAST)
    until_it_waits(victims, "stopped")
    victims.limit(None)
    victims.start(EAST)
    check_end(victims, "stopped", disk)


@pytest.fixture
def betrayed(victims: DevRegions, tmp_path: Path) -> Iterator[tuple[DevRegions, Path]]:
    """Regions of which westus, for a while, trusts another authority than eastus's; and what it trusts."""
    stranger = RegionAuthority(tmp_path / "stranger", name="Another authority", now=SystemClock().now()).ca_file
    trusted = load_config(victims.folder.config(WEST)).peers[0].ca
    try:
        yield victims, stranger
    finally:
        victims.limit(None)
        victims.configure(lambda config: trusting(config, trusted), WEST)


def trusting(config: RegionConfig, authority: Path) -> RegionConfig:
    return evolve(config, peers=tuple(evolve(peer, ca=authority) for peer in config.peers))


def test_a_peer_that_shows_a_strangers_certificate_is_refused(betrayed: tuple[DevRegions, Path], dice: random.Random) -> None:
    regions, stranger = betrayed
    start_slow_copy(regions, "betrayed", dice)
    regions.configure(lambda config: trusting(config, stranger), WEST)
    # The copy under way fails: this is no outage, and does not end by waiting.
    with ArmHttp(regions.environment, WEST) as west:
        assert until_ended(west, "restorePointCollections", "betrayed-westus", "restorePoints", "rp1").state == "Failed"
    error = at(regions.point("betrayed-westus/rp1"), "properties", "farpoint", "error")
    assert at(error, "code") == "PeerUntrusted"
    assert str(stranger) in str(at(error, "message"))
    # A new one does not start.
    ran = regions.run("point", "copy", "betrayed/rp1", "--to", WEST, "--collection", "another", "--wait", expect=None)
    assert ran.status != 0
    assert "certificate" in ran.errors
    assert str(stranger) in ran.errors
