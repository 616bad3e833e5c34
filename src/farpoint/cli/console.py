"""What a command says: results on stdout, as a table or as the ARM resources themselves; everything else on stderr."""

import json
import sys
from collections.abc import Sequence
from typing import TextIO

from attrs import frozen

from farpoint.cli.progress import PlainProgress, ProgressView
from farpoint.clock import Clock
from farpoint.model.documents import JsonObject


@frozen(kw_only=True)
class Grid:
    """A table: titles, and rows of as many cells."""

    titles: tuple[str, ...]
    rows: Sequence[Sequence[str]]


class Console:
    """The command's voice."""

    def __init__(self, *, as_json: bool, clock: Clock, out: TextIO | None = None, err: TextIO | None = None) -> None:
        """Print JSON alone on *out* when *as_json*; the streams are the process's own unless given."""
        self._as_json = as_json
        self._clock = clock
        self._out = sys.stdout if out is None else out
        self._err = sys.stderr if err is None else err

    def show(self, document: JsonObject, *grids: Grid) -> None:
        """Print one resource: itself as JSON, or *grids*."""
        self._print(document, grids)

    def show_list(self, documents: Sequence[JsonObject], grid: Grid) -> None:
        """Print resources: an array as JSON, or one table."""
        self._print(documents, (grid,))

    def say(self, sentence: str) -> None:
        """Tell what is going on, on stderr."""
        print(sentence, file=self._err, flush=True)

    def warn(self, sentence: str) -> None:
        """Warn, on stderr."""
        print(f"farpoint: warning: {sentence}", file=self._err, flush=True)

    def progress(self, title: str) -> ProgressView:
        """Open a display for one operation: bars on a terminal, lines elsewhere."""
        if self._err.isatty():
            from farpoint.cli.bars import BarProgress

            return BarProgress(title, out=self._err, clock=self._clock)
        return PlainProgress(title, out=self._err, clock=self._clock)

    def print_grid(self, grid: Grid) -> None:
        """Print a table: drawn on a terminal, columns of plain text elsewhere."""
        grid = Grid(titles=grid.titles, rows=[[_one_line(cell) for cell in row] for row in grid.rows])
        if self._out.isatty():
            from farpoint.cli.drawn_table import draw

            draw(grid.titles, grid.rows, out=self._out)
        else:
            print("\n".join(_columns(grid)), file=self._out, flush=True)

    def _print(self, result: "JsonObject | Sequence[JsonObject]", grids: Sequence[Grid]) -> None:
        if self._as_json:
            print(json.dumps(result, indent=2, ensure_ascii=False), file=self._out, flush=True)
            return
        for place, grid in enumerate(grids):
            if place:
                print(file=self._out)
            self.print_grid(grid)


def _one_line(cell: str) -> str:
    """Write what is no character of a line (a path may hold any) as an escape."""
    return cell if cell.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in cell)


def _columns(grid: Grid) -> list[str]:
    lines = [grid.titles, *grid.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(grid.titles))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
