"""Byte sizes as people write them."""

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
TIB = 1 << 40

_STEPS = (("TiB", TIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB))


def human_bytes(count: float) -> str:
    """Write *count* bytes with a binary unit: ``1536`` becomes ``1.5 KiB``."""
    for unit, size in _STEPS:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def whole_gib(size_bytes: int) -> int:
    """Return ARM's diskSizeGB: whole GiB, rounded up, at least 1."""
    return max(1, -(-size_bytes // GIB))


def round_up(value: int, multiple: int) -> int:
    """Return the smallest multiple of *multiple* that is not below *value*."""
    return -(-value // multiple) * multiple
