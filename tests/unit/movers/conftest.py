"""Two small regions' vaults."""

import pytest

from farpoint.testing.small_vault import SmallVault


@pytest.fixture
def east() -> SmallVault:
    """Return an empty vault."""
    return SmallVault("eastus", seed=1)


@pytest.fixture
def west() -> SmallVault:
    """Return another, which shares no key with it."""
    return SmallVault("westus", seed=2)
