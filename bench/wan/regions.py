"""Two regions, each in its own namespace, as `farpoint dev up` would configure them but for their addresses."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from attrs import evolve, frozen
from bench.wan.network import Site, Wan
from tests.e2e.dev_regions import EAST, WEST
from tests.orphans import DIES_AT_ONCE

from farpoint.bootstrap.new_region import hash_secret, make_dev_authority, make_region_files
from farpoint.cli.dev.dev_env import environment_of
from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.memory import DevMemory, DevRegion
from farpoint.cli.dev.plan import UpRequest, plan, region_config
from farpoint.clock import SystemEntropy
from farpoint.config.render import render_config
from farpoint.config.values import Address, RegionConfig

_LOOPBACK: Final = "127.0.0.1"
_FIRST_PORT: Final = 8441
_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0


@frozen(kw_only=True)
class WanRegions:
    """What a client of the regions needs."""

    folder: DevFolder
    environment: Mapping[str, str]
    #: The processes, by region.
    pids: Mapping[str, int]

    def bucket(self, region: str) -> Path:
        """Where a region keeps its packs."""
        return self.folder.region(region) / "bucket"


@contextmanager
def wan_regions(folder: Path, wan: Wan, *, streams: int) -> Iterator[WanRegions]:
    """Run eastus at the near site and westus at the far one; a copy has *streams* streams."""
    dev = DevFolder(folder)
    memory, regions = plan(UpRequest(regions=(EAST, WEST), port=_FIRST_PORT), None, entropy=SystemEntropy(), hash_secret=hash_secret)
    sites = dict(zip((EAST, WEST), (wan.near, wan.far), strict=True))
    dev.pool.mkdir(parents=True)
    make_dev_authority(dev.path)
    addresses = {region.endpoint: _moved(region.endpoint, sites[region.name]) for region in regions}
    environment = {name: addresses.get(value, value) for name, value in environment_of(dev, memory, regions).items()}
    with ExitStack() as running:
        processes = {}
        for region in regions:
            _configure(dev, memory, region, sites, streams=streams)
            processes[region.name] = running.enter_context(_served(dev, region.name, sites[region.name]))
        for name, process in processes.items():
            _await_ready(dev.log(name), process)
        yield WanRegions(folder=dev, environment={**os.environ, **environment}, pids={name: one.pid for name, one in processes.items()})


def _configure(dev: DevFolder, memory: DevMemory, region: DevRegion, sites: Mapping[str, Site], *, streams: int) -> None:
    home, site = dev.region(region.name), sites[region.name]
    home.mkdir(mode=0o700)
    make_region_files(home, authority=dev.path, region_id=region.id, name=region.name, hosts=(site.address,))
    config = _at_site(region_config(dev, memory, region), sites)
    config = evolve(config, copy=evolve(config.copy, streams=streams))
    dev.config(region.name).write_text(render_config(config, heading="Made for a measurement."), encoding="utf-8")


def _at_site(config: RegionConfig, sites: Mapping[str, Site]) -> RegionConfig:
    site, listen = sites[config.name], config.listen
    return evolve(
        config,
        listen=evolve(
            listen,
            clients=Address(host=site.address, port=listen.clients.port),
            peers=Address(host=site.address, port=listen.peers.port),
            endpoint=_moved(listen.endpoint, site),
        ),
        peers=tuple(evolve(peer, endpoint=_moved(peer.endpoint, sites[peer.name])) for peer in config.peers),
    )


def _moved(url: str, site: Site) -> str:
    return url.replace(_LOOPBACK, site.address)


@contextmanager
def _served(dev: DevFolder, name: str, site: Site) -> Iterator["subprocess.Popen[bytes]"]:
    command = [*DIES_AT_ONCE, *site.inside(sys.executable, "-m", "farpoint", "serve", "--config", dev.config(name))]
    with dev.log(name).open("ab") as log, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_ready(log: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while "region_ready" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            message = f"a region does not start; see {log}"
            raise RuntimeError(message)
        time.sleep(0.05)
