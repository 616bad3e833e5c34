"""Statements of the hot path: compiled once, run with raw driver parameters.

Finding 64 ids among 200,000 took 750 µs with plain SQLAlchemy and takes 420 µs like this, of which the rows themselves are most. So
these are built with SQLAlchemy, turned into text once per size, and run through exec_driver_sql; values go in and come out as the
driver has them, without column types in between.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar, cast

from sqlalchemy import BindParameter, Connection, Select, bindparam
from sqlalchemy.sql.elements import ClauseElement

#: Ids per statement. Lists are padded to the next of these sizes by repeating an id, so that the driver's cache of prepared
#: statements sees a handful of texts and not one per length.
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 500)
IDS_MAX = _SIZES[-1]

IdParameters: TypeAlias = Sequence[BindParameter[bytes]]
IdSelect: TypeAlias = Select[tuple[object, ...]]
_Id = TypeVar("_Id", bound=bytes)
_Row = TypeVar("_Row", bound=tuple[object, ...])


class RawStatement:
    """One statement, compiled at its first use."""

    def __init__(self, statement: ClauseElement, *, ending: Sequence[str]) -> None:
        """Take a statement whose parameters end with those named *ending*, in the order in which values will come."""
        self._statement = statement
        self._ending = list(ending)
        self._text = ""

    def text(self, conn: Connection) -> str:
        """Return the statement in the dialect of the connection."""
        # Two threads may both compile it; they make the same text.
        if not self._text:
            compiled = self._statement.compile(dialect=conn.dialect)
            positions = list(getattr(compiled, "positiontup", None) or ())
            assert positions[len(positions) - len(self._ending) :] == self._ending, f"the parameters are {positions}"
            self._text = str(compiled)
        return self._text

    def run_many(self, conn: Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """Run the statement once per row of driver values."""
        if rows:
            conn.exec_driver_sql(self.text(conn), list(rows))


class IdLookup(Generic[_Row]):
    """A SELECT for many ids: ``… WHERE … AND id IN (?, ?, …)``, with parameters before the ids if it needs any."""

    def __init__(self, build: Callable[[IdParameters], IdSelect]) -> None:
        """*build* makes the statement for a list of id parameters, which must be the last ones in its text."""
        self._build = build
        self._by_size: dict[int, RawStatement] = {}

    def rows(self, conn: Connection, ids: Collection[bytes], *first: str) -> Iterator[_Row]:
        """Run the statement for *ids* in slices of at most 500; *first* are the parameters before the ids."""
        for some in slices(ids):
            size = next(size for size in _SIZES if size >= len(some))
            padding = (some[-1],) * (size - len(some))
            found = conn.exec_driver_sql(self._statement(size).text(conn), (*first, *some, *padding))
            yield from cast("Iterator[_Row]", found)

    def _statement(self, size: int) -> RawStatement:
        statement = self._by_size.get(size)
        if statement is None:
            names = [f"id_{number}" for number in range(size)]
            statement = RawStatement(self._build([bindparam(name) for name in names]), ending=names)
            self._by_size[size] = statement
        return statement


def slices(ids: Collection[_Id]) -> Iterator[Sequence[_Id]]:
    """Cut *ids* into lists of at most 500, as many as one statement may name."""
    listed = tuple(ids)
    return (listed[start : start + IDS_MAX] for start in range(0, len(listed), IDS_MAX))
