"""``dev stop`` and ``dev start``: play the outage of one region, through files that the running `dev up` looks at."""

from collections.abc import Callable

from farpoint.cli.connection import Connection, Request, client_tls
from farpoint.cli.dev.layout import DevFolder, write_atomically
from farpoint.cli.dev.lock import is_running
from farpoint.cli.dev.memory import DevRegion, read_memory
from farpoint.cli.dev.supervisor import KILL
from farpoint.cli.failures import CommandError, MissingError, UnreachableError
from farpoint.clock import Clock

_LOOK_SECONDS = 0.05
_STOP_SECONDS = 20.0
_START_SECONDS = 60.0


def stop_region(folder: DevFolder, name: str, *, kill: bool, clock: Clock) -> DevRegion:
    """Stop a region until it is started again; return when its process is gone. *kill* gives it no time (kill -9)."""
    region = _require(folder, name)
    write_atomically(folder.stop(region.name), f"{KILL if kill else 'stop'}\n")
    pid = folder.pid(region.name)
    _wait(lambda: not pid.exists(), f"{region.name} has not stopped", seconds=_STOP_SECONDS, clock=clock)
    return region


def start_region(folder: DevFolder, name: str, *, clock: Clock) -> DevRegion:
    """Start a region that was stopped; return when it answers."""
    region = _require(folder, name)
    folder.stop(region.name).unlink(missing_ok=True)
    connection = Connection(region.endpoint, client_tls(folder.authority), region=region.name)
    _wait(
        lambda: _answers(connection), f"{region.name} does not answer; see {folder.log(region.name)}", seconds=_START_SECONDS, clock=clock
    )
    return region


def _require(folder: DevFolder, name: str) -> DevRegion:
    memory = read_memory(folder.memory)
    if memory is None or not is_running(folder):
        message = f"no `farpoint dev up` runs on {folder.path}; give its folder with --dir"
        raise CommandError(message)
    region = memory.region(name)
    if region is None or not folder.region(region.name).is_dir():
        message = f"{folder.path} has no region {name}; it has: {', '.join(one.name for one in memory.regions)}"
        raise MissingError(message)
    return region


def _answers(connection: Connection) -> bool:
    try:
        connection.send(Request(method="GET", target="/metadata/endpoints?api-version=2022-09-01", headers={}, is_harmless=True))
    except UnreachableError:
        return False
    return True


def _wait(is_so: Callable[[], bool], otherwise: str, *, seconds: float, clock: Clock) -> None:
    deadline = clock.monotonic() + seconds
    while not is_so():
        if clock.monotonic() > deadline:
            raise CommandError(otherwise)
        clock.sleep(_LOOK_SECONDS)
