"""Two linked regions, each with its real application and a logged-in client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.api.arm_client import Arm

from farpoint.testing.arm_region import ArmRegion, link


@pytest.fixture
def regions(tmp_path: Path, entropy_seed: int) -> Iterator[tuple[ArmRegion, ArmRegion]]:
    """Make two regions that are peers."""
    east = ArmRegion("eastus", tmp_path / "eastus", seed=entropy_seed)
    west = ArmRegion("westus", tmp_path / "westus", seed=entropy_seed + 1)
    link(east, west)
    yield east, west
    east.close()
    west.close()


@pytest.fixture
def east(regions: tuple[ArmRegion, ArmRegion]) -> Arm:
    """Log in at the first region."""
    arm = Arm(regions[0], regions[0].app())
    arm.log_in()
    return arm


@pytest.fixture
def west(regions: tuple[ArmRegion, ArmRegion]) -> Arm:
    """Log in at the second region."""
    arm = Arm(regions[1], regions[1].app())
    arm.log_in()
    return arm


@pytest.fixture
def three(tmp_path: Path, entropy_seed: int) -> Iterator[tuple[Arm, Arm, Arm]]:
    """Log in at each of three linked regions: east, west, north."""
    made = [ArmRegion(name, tmp_path / name, seed=entropy_seed + place) for place, name in enumerate(("eastus", "westus", "northus"))]
    link(*made)
    arms = [Arm(region, region.app()) for region in made]
    for arm in arms:
        arm.log_in()
    yield arms[0], arms[1], arms[2]
    for region in made:
        region.close()
