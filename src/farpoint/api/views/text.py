"""How times, sizes and percents are written in ARM's JSON."""

import datetime as dt
import math
from collections.abc import Sequence

from farpoint.model.documents import JsonObject, JsonValue

#: What encrypts every disk restore point and disk until customer keys exist.
PLATFORM_KEY: JsonObject = {"type": "EncryptionAtRestWithPlatformKey"}
#: A hundred percent means complete and usable, so unfinished work never shows more than this.
_PERCENT_UNFINISHED_MAX = 99.9


def arm_time(moment: dt.datetime) -> str:
    """Write *moment* as Azure does: fraction without trailing zeros, offset ``+00:00``."""
    utc = moment.astimezone(dt.UTC)
    fraction = f"{utc.microsecond:06}".rstrip("0")
    return f"{utc:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}+00:00"


def optional_time(moment: dt.datetime | None) -> str | None:
    """Write *moment* if there is one."""
    return None if moment is None else arm_time(moment)


def sku_view(name: str) -> JsonObject:
    """Show a disk's or snapshot's sku, with the tier that its name begins with."""
    return {"name": name, "tier": name.partition("_")[0]}


def shown_percent(percent: float, *, complete: bool) -> float:
    """Round *percent* down to a tenth; exactly 100 is kept for what is complete."""
    return 100.0 if complete else min(_PERCENT_UNFINISHED_MAX, math.floor(percent * 10) / 10)


def in_order(document: JsonObject, keys: Sequence[str]) -> dict[str, JsonValue]:
    """Return *document* with *keys* first, in that order, and the others after them."""
    first = {key: document[key] for key in keys if key in document}
    return first | {key: value for key, value in document.items() if key not in first}


def tags_of(tags: JsonObject) -> JsonObject | None:
    """Return the tags to show: none when none were given."""
    return tags or None
