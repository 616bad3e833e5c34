"""Restore points as tables."""

from collections.abc import Sequence

from farpoint.cli.console import Grid
from farpoint.cli.documents import count, has_number, look, moment, rows, section, text
from farpoint.cli.work import End, work_of_point
from farpoint.cli.work_tables import failure_grids, progress_word
from farpoint.model.documents import JsonObject
from farpoint.units import human_bytes

_LIST_TITLES = ("COLLECTION", "POINT", "REGION", "STATE", "CREATED", "CONSISTENCY")

#: Hexadecimal digits of a root that a table shows.
_ROOT_DIGITS = 16


def list_grid(points: Sequence[tuple[str, JsonObject]]) -> Grid:
    """Show points with the region each is in."""
    return Grid(titles=_LIST_TITLES, rows=[summary_row(region, point) for region, point in points])


def point_grids(region: str, point: JsonObject) -> tuple[Grid, ...]:
    """Show one point, its disks, and why it failed if it did."""
    grids = [list_grid([(region, point)])]
    disks = rows(point, "properties", "farpoint", "disks")
    if disks:
        grids.append(Grid(titles=("DISK", "SIZE", "CAPTURED", "READ", "STORED", "DIGEST"), rows=[_disk_row(disk) for disk in disks]))
    return (*grids, *failure_grids(point))


def summary_row(region: str, point: JsonObject) -> tuple[str, ...]:
    """Show one point in one line."""
    collection = text(point, "id").rpartition("/restorePoints/")[0].rpartition("/")[2]
    properties = section(point, "properties")
    return (
        collection,
        text(point, "name"),
        region,
        state_of(point),
        moment(properties, "timeCreated"),
        text(properties, "consistencyMode"),
    )


def state_of(point: JsonObject) -> str:
    """Say how far a point is; a copy's ARM state only says that it was started."""
    state = text(point, "properties", "provisioningState")
    if state == "Deleting":
        return state
    work = work_of_point(point)
    if work.end is End.SUCCEEDED or look(point, "properties", "farpoint", "complete") is True:
        return "Complete"
    if work.end is End.FAILED:
        return "Failed"
    if not section(point, "properties", "instanceView"):
        return state
    return progress_word("Copying" if section(point, "properties", "sourceRestorePoint") else "Capturing", work)


def _disk_row(disk: JsonObject) -> tuple[str, ...]:
    mode = " ".join(filter(None, [text(disk, "mode"), f"({text(disk, 'whyFull')})" if text(disk, "whyFull") else ""]))
    sizes = [human_bytes(count(disk, key)) if has_number(disk, key) else "" for key in ("sizeBytes", "readBytes", "storedBytes")]
    return (text(disk, "name"), sizes[0], mode, sizes[1], sizes[2], _short(text(disk, "digest")))


def _short(digest: str) -> str:
    """Shorten the root at the end of a digest; JSON has it whole."""
    sizes, dash, root = digest.rpartition("-")
    return f"{sizes}{dash}{root[:_ROOT_DIGITS]}…" if len(root) > _ROOT_DIGITS else digest
