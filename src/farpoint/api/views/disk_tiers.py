"""What Azure writes on a disk of each size: performance tier, operations and megabytes per second. Labels; nothing here is metered."""

from bisect import bisect_left
from typing import Final

from farpoint.model.documents import JsonObject
from farpoint.units import whole_gib

#: (largest size in GiB, tier number, premium IOPS, premium MB/s, standard IOPS, standard MB/s).
_TIERS: Final = (
    (4, 1, 120, 25, 500, 60),
    (8, 2, 120, 25, 500, 60),
    (16, 3, 120, 25, 500, 60),
    (32, 4, 120, 25, 500, 60),
    (64, 6, 240, 50, 500, 60),
    (128, 10, 500, 100, 500, 60),
    (256, 15, 1100, 125, 500, 60),
    (512, 20, 2300, 150, 500, 60),
    (1024, 30, 5000, 200, 500, 60),
    (2048, 40, 7500, 250, 500, 60),
    (4096, 50, 7500, 250, 500, 60),
    (8192, 60, 16000, 500, 1300, 300),
    (16384, 70, 18000, 750, 2000, 500),
    (65536, 80, 20000, 900, 2000, 500),
)
_SIZES: Final = tuple(row[0] for row in _TIERS)


def tier_of(sku: str, size_bytes: int) -> JsonObject:
    """Return diskIOPSReadWrite and diskMBpsReadWrite, and for premium disks the tier's name."""
    _, number, *rates = _TIERS[min(bisect_left(_SIZES, whole_gib(size_bytes)), len(_TIERS) - 1)]
    premium_operations, premium_megabytes, operations, megabytes = rates
    if sku.lower().startswith("premium"):
        return {"diskIOPSReadWrite": premium_operations, "diskMBpsReadWrite": premium_megabytes, "tier": f"P{number}"}
    return {"diskIOPSReadWrite": operations, "diskMBpsReadWrite": megabytes}
