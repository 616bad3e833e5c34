"""Two linked regions with one of everything in every state that azure-wire.md tells apart."""

import pytest
from tests.integration.api.arm_client import Arm
from tests.integration.api.conftest import east, regions, west
from tests.integration.wire.scene import Scene

__all__ = ["east", "regions", "scene", "west"]


@pytest.fixture
def scene(east: Arm, west: Arm) -> Scene:
    """Register a VM in the east as azure-wire.md §3 shows one."""
    return Scene(east, west)
