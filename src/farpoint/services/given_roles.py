"""The role assignments of the directory, kept in memory: every request asks for somebody's, and they seldom change.

What is answered is what the database holds at that moment, whoever wrote it: each question reads the number of the directory's
newest change, and the assignments again when it is another than when they were last read.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from farpoint.metadata import role_assignments
from farpoint.metadata.database import Database
from farpoint.metadata.directory import newest_change
from farpoint.model.roles import RoleAssignment, principal_key


@frozen(kw_only=True)
class _Read:
    """The assignments as of one change of the directory."""

    change: int
    all: Sequence[RoleAssignment]
    by_principal: Mapping[str, Sequence[RoleAssignment]] = field(init=False)

    @by_principal.default
    def _by_principal(self) -> Mapping[str, Sequence[RoleAssignment]]:
        found: defaultdict[str, list[RoleAssignment]] = defaultdict(list)
        for one in self.all:
            found[principal_key(one.principal)].append(one)
        return dict(found)


class GivenRoles:
    """Finds assignments. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        """Read nothing yet."""
        self._database = database
        self._reading = threading.Lock()
        self._kept: _Read | None = None

    def to(self, principal: str) -> Sequence[RoleAssignment]:
        """Return what is assigned to one principal."""
        return self._now().by_principal.get(principal_key(principal), ())

    def all(self) -> Sequence[RoleAssignment]:
        """Return all assignments, by path."""
        return self._now().all

    def _now(self) -> _Read:
        with self._database.read() as conn:
            change = newest_change(conn)
        kept = self._kept
        return kept if kept is not None and kept.change >= change else self._read_again(change)

    def _read_again(self, change: int) -> _Read:
        # One thread reads for all that wait; nobody holds a connection while it waits.
        with self._reading:
            if self._kept is None or self._kept.change < change:
                with self._database.read() as conn:
                    # Number and assignments come from one snapshot.
                    self._kept = _Read(change=newest_change(conn), all=role_assignments.list_assignments(conn))
            return self._kept
