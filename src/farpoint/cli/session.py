"""What every command about regions begins with: the environment, a client per region, a console, a clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import frozen

from farpoint.cli.console import Console
from farpoint.cli.fleet import Fleet
from farpoint.cli.options import SharedOptions
from farpoint.cli.waiting import Patience, wait_for
from farpoint.cli.work import Work
from farpoint.clock import Clock, SystemClock
from farpoint.config.environment import read_environment


@frozen(kw_only=True)
class Session:
    """One command's surroundings."""

    fleet: Fleet
    console: Console
    clock: Clock
    group: str
    #: Region the caller named, empty when any will do.
    region: str
    #: Seconds --wait may take; None for ever.
    timeout_seconds: float | None = None

    def wait(self, look: Callable[[], Work], *, title: str) -> Work:
        """Show the progress of work until it has ended; raise how it failed."""
        patience = Patience(clock=self.clock, timeout_seconds=self.timeout_seconds)
        return wait_for(look, title=title, view=self.console.progress(title), patience=patience)


@contextmanager
def open_session(shared: SharedOptions, *, timeout_seconds: float | None = None) -> Iterator[Session]:
    """Read the environment and join the parts; close the connections at the end."""
    clock = SystemClock()
    console = Console(as_json=shared.output == "json", clock=clock)
    fleet = Fleet(read_environment(), clock=clock, warn=console.warn)
    try:
        yield Session(fleet=fleet, console=console, clock=clock, group=shared.group, region=shared.region, timeout_seconds=timeout_seconds)
    finally:
        fleet.close()
