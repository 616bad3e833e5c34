"""The labels of a disk's size are Azure's."""

import pytest

from farpoint.api.views.disk_tiers import tier_of
from farpoint.units import GIB


@pytest.mark.parametrize(
    ("size_gib", "tier", "operations", "megabytes"),
    [
        (1, "P1", 120, 25),
        (4, "P1", 120, 25),
        (5, "P2", 120, 25),
        (128, "P10", 500, 100),
        (129, "P15", 1100, 125),
        (40_000, "P80", 20_000, 900),
    ],
)
def test_a_premium_disk_has_the_tier_that_holds_it(size_gib: int, tier: str, operations: int, megabytes: int) -> None:
    assert tier_of("Premium_LRS", size_gib * GIB) == {"diskIOPSReadWrite": operations, "diskMBpsReadWrite": megabytes, "tier": tier}


@pytest.mark.parametrize(("size_gib", "operations", "megabytes"), [(1, 500, 60), (4096, 500, 60), (4097, 1300, 300)])
def test_a_standard_disk_has_no_tier(size_gib: int, operations: int, megabytes: int) -> None:
    assert tier_of("Standard_LRS", size_gib * GIB) == {"diskIOPSReadWrite": operations, "diskMBpsReadWrite": megabytes}
