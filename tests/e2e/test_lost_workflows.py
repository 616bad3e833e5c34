"""The workflow engine's own database is lost in the middle of a copy: our rows are the truth, so nothing is."""

import random

import pytest
from tests.e2e.arm_http import ArmHttp
from tests.e2e.dev_regions import WEST, DevRegions, until
from tests.e2e.images import are_identical, make_image
from tests.e2e.watching import until_ended

from farpoint.units import MIB

pytestmark = pytest.mark.e2e


def test_a_copy_ends_well_when_the_workflow_database_is_deleted(victims: DevRegions, dice: random.Random) -> None:
    disk = make_image(victims.pool / "forgotten.raw", 64 * MIB, dice)
    victims.add_vm("forgotten", disk)
    victims.capture("forgotten/rp1")
    start = victims.wire_bytes()
    victims.limit(24 * MIB)
    try:
        victims.copy("forgotten/rp1", wait=False)
        until(lambda: victims.wire_bytes() - start > dice.randint(4 * MIB, 32 * MIB), "the transfer is under way", step=0.005)
        victims.stop(WEST, "--kill")
    finally:
        victims.limit(None)
    assert victims.wire_bytes() - start < 60 * MIB
    files = list(victims.folder.region(WEST).glob("dbos.sqlite*"))
    assert files
    for file in files:
        file.unlink()
    victims.start(WEST)
    with ArmHttp(victims.environment, WEST) as west:
        assert until_ended(west, "restorePointCollections", "forgotten-westus", "restorePoints", "rp1").state == "Succeeded"
    [restored] = victims.restore("forgotten-westus/rp1", "forgotten-out")
    assert are_identical(disk, restored)
