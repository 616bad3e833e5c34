"""Tables drawn for a terminal."""

from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def draw(titles: Sequence[str], rows: Sequence[Sequence[str]], *, out: TextIO) -> None:
    """Draw a table as wide as it needs; names are never cut, they wrap."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        # Text, not markup: a name may hold brackets.
        table.add_row(*(Text(cell) for cell in row))
    Console(file=out).print(table)
