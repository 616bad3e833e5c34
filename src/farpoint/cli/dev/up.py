"""``dev up``: prepare the folder, run its regions, tell clients where they are, and stay until asked to end."""

import os
from pathlib import Path

from attrs import evolve

from farpoint.cli.console import Console
from farpoint.cli.dev.dev_env import environment_of, exports
from farpoint.cli.dev.layout import DevFolder, write_atomically
from farpoint.cli.dev.lock import exclusive
from farpoint.cli.dev.memory import DevMemory, DevRegion, read_memory
from farpoint.cli.dev.plan import UpRequest, plan
from farpoint.cli.dev.ports import require_free
from farpoint.cli.dev.prepare import prepare
from farpoint.cli.dev.supervisor import Supervisor
from farpoint.cli.failures import ApiError, CommandError, UnreachableError, UsageError
from farpoint.cli.fleet import Fleet
from farpoint.clock import Clock, Entropy, SystemEntropy
from farpoint.config.environment import read_environment
from farpoint.keys.clients import hash_secret

_READY_SECONDS = 120.0
_PRIVATE_FILE = 0o600


def run_up(path: Path, request: UpRequest, *, console: Console, clock: Clock) -> None:
    """Run the regions in the foreground."""
    folder = _make_folder(path)
    with exclusive(folder):
        entropy = SystemEntropy()
        before = _reborn(read_memory(folder.memory), folder, entropy)
        memory, run = plan(request, before, entropy=entropy, hash_secret=lambda secret: hash_secret(secret, entropy))
        _require_folders(memory)
        for region in run:
            require_free(region.client_port, f"clients of {region.name}")
            require_free(region.peer_port, f"peers of {region.name}")
        # Clients of an earlier run must not take its environment for this one's.
        folder.environment.unlink(missing_ok=True)
        prepare(folder, memory, run)
        _supervise(folder, memory, run, console=console, clock=clock)


def _make_folder(path: Path) -> DevFolder:
    folder = DevFolder(Path(os.path.realpath(path)))
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder {folder.path}: {error.strerror}"
        raise CommandError(message) from error
    return folder


def _require_folders(memory: DevMemory) -> None:
    """Refuse pools that are not there: a region would start, and refuse every disk in them."""
    for pool in memory.pools:
        if not pool.is_dir():
            message = f"the disk pool {pool} is not a folder; make it, or name other pools with --disks"
            raise UsageError(message)


def _reborn(memory: DevMemory | None, folder: DevFolder, entropy: Entropy) -> DevMemory | None:
    """Give a region whose folder was removed a new id: it will have new keys, so to its peers it is another region."""
    if memory is None:
        return None
    lost = (one for one in memory.regions if not folder.region(one.name).exists())
    for one in lost:
        memory = memory.with_region(evolve(one, id=entropy.guid()))
    return memory


def _supervise(folder: DevFolder, memory: DevMemory, run: list[DevRegion], *, console: Console, clock: Clock) -> None:
    supervisor = Supervisor(folder, [one.name for one in run], clock=clock, say=console.say)
    variables = environment_of(folder, memory, run)
    fleet = Fleet(read_environment(variables), clock=clock, warn=console.warn)
    with supervisor.signals():
        try:
            if supervisor.start_until(lambda: _all_answer(fleet), timeout_seconds=_READY_SECONDS):
                write_atomically(folder.environment, exports(variables), mode=_PRIVATE_FILE)
                places = " ".join(f"{one.name}={one.endpoint}" for one in run)
                print(f"ready {places} (. {folder.environment})", flush=True)
                supervisor.run()
        finally:
            fleet.close()
            supervisor.stop_all()


def _all_answer(fleet: Fleet) -> bool:
    """Tell whether every region gives a token and accepts it. One region after the other: no threads beside the supervisor's."""
    try:
        for name in fleet.endpoints:
            client = fleet.region(name)
            client.get(client.subscription_path("locations"))
    except (UnreachableError, ApiError):
        return False
    return True
