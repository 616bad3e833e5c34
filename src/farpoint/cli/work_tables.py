"""Work under way, and why it failed, in the tables of whatever it makes."""

from farpoint.cli.console import Grid
from farpoint.cli.documents import section
from farpoint.cli.work import Work, failure_sentence
from farpoint.model.documents import JsonObject


def progress_word(word: str, work: Work) -> str:
    """Say how far work is, and what it waits for: ``Copying, 56 %, waiting: peer eastus does not answer``, ``Copying, 100 %, verify``."""
    total = sum(disk.total_bytes or 0 for disk in work.disks)
    done = sum(disk.done_bytes for disk in work.disks)
    percent = f"{100 * done // total} %" if total else ""
    return ", ".join(filter(None, [word, percent, work.last_step, f"waiting: {work.waiting}" if work.waiting else ""]))


def failure_grids(resource: JsonObject) -> tuple[Grid, ...]:
    """Show why the making of *resource* failed, if it did."""
    error = section(resource, "properties", "farpoint", "error")
    return (Grid(titles=("FAILURE",), rows=[(failure_sentence(error),)]),) if error else ()
