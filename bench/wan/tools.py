"""Copies of a first point and of an increment over the WAN, as each tool's users make them: from a store at the near site to the far one.

Everything before the copies (making stores and points) happens at the near site and is not timed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from attrs import frozen
from bench.phases import Commands, Phase
from bench.wan.data import change_disk
from bench.wan.network import Site, Wan
from bench.wan.regions import wan_regions
from tests.e2e.dev_regions import EAST, WEST
from tests.orphans import DIES_AT_ONCE

from farpoint.peers.connection import IDLE_SECONDS_MAX

FIRST, INCREMENT = "first", "increment"
_REST_PORT, _RSYNC_PORT = 8000, 8730
_LISTEN_SECONDS: Final = 20.0
_RSYNC_SETTINGS: Final = "use chroot = no\nuid = 0\ngid = 0\n[there]\npath = {path}\nread only = no\n"


@frozen(kw_only=True)
class Setting:
    """What a tool finds."""

    wan: Wan
    disk: Path
    #: Empty; for stores and whatever else.
    folder: Path
    commands: Commands


#: Yields the copies, each to be run and measured before the next is asked for.
Copies = Callable[[Setting], Iterator[Phase]]


def farpoint(setting: Setting, *, streams: int) -> Iterator[Phase]:
    """Copy between two regions: mutual TLS, sealed anew, verified, published."""
    wan, commands = setting.wan, setting.commands
    with wan_regions(setting.folder / "regions", wan, streams=streams) as regions:
        commands.environment = regions.environment
        disk = regions.folder.pool / "disk.raw"
        os.link(setting.disk, disk)

        def run(site: Site, *words: str) -> None:
            commands.run(*site.inside(sys.executable, "-m", "farpoint", *words))

        run(wan.near, "vm", "add", "vm", "--region", EAST, "--os-disk", str(disk))
        for point in (FIRST, INCREMENT):
            run(wan.near, "point", "create", f"vm/{point}", "--wait")
            # Asked of the region that pulls, as somebody would who needs the copy there.
            copy = partial(run, wan.far, "point", "copy", f"vm/{point}", "--to", WEST, "--wait")
            yield Phase(name=point, work=copy, warm=disk, store=regions.bucket(WEST), servers=tuple(regions.pids.values()))
            if point == FIRST:
                change_disk(disk)
                # Hours lie between two copies in life: no connection of the first is left.
                time.sleep(IDLE_SECONDS_MAX + 2)


def restic(setting: Setting) -> Iterator[Phase]:
    """Copy to a repository behind restic's REST protocol, which rclone serves (no TLS)."""
    wan, commands = setting.wan, setting.commands
    here, served = setting.folder / "here", setting.folder / "there"
    served.mkdir()
    there = f"rest:http://{wan.far.address}:{_REST_PORT}/"
    commands.environment = {
        **os.environ, "RESTIC_PASSWORD": "x", "RESTIC_PASSWORD2": "x", "RESTIC_CACHE_DIR": str(setting.folder / "cache"),
    }  # fmt: skip
    with _listening(wan.far, _REST_PORT, "rclone", "serve", "restic", "--addr", f"{wan.far.address}:{_REST_PORT}", served) as server:
        commands.run("restic", "-r", here, "init", "-q")
        commands.run(*wan.near.inside("restic", "-r", there, "init", "-q", "--copy-chunker-params", "--repo2", here))
        for point in (FIRST, INCREMENT):
            commands.run("restic", "-r", here, "backup", "-q", setting.disk)
            copy = partial(commands.run, *wan.near.inside("restic", "-r", here, "copy", "-q", "--repo2", there))
            yield Phase(name=point, work=copy, warm=setting.disk, store=served, servers=(server,))
            if point == FIRST:
                change_disk(setting.disk)


def borg(setting: Setting) -> Iterator[Phase]:
    """Copy a repository by rsync, to its own daemon (no TLS)."""
    wan, commands = setting.wan, setting.commands
    here, there, settings = setting.folder / "here", setting.folder / "there", setting.folder / "rsyncd.conf"
    there.mkdir()
    settings.write_text(_RSYNC_SETTINGS.format(path=there), encoding="utf-8")
    commands.environment = {**os.environ, "BORG_PASSPHRASE": "x", "BORG_BASE_DIR": str(setting.folder / "home")}
    daemon = ("rsync", "--daemon", "--no-detach", f"--config={settings}", f"--address={wan.far.address}", f"--port={_RSYNC_PORT}")
    with _listening(wan.far, _RSYNC_PORT, *daemon):
        commands.run("borg", "init", "-e", "repokey-blake2", here)
        options = ("--compression", "zstd,1", "--chunker-params", "fixed,1048576")
        for point in (FIRST, INCREMENT):
            commands.run("borg", "create", *options, f"{here}::{point}", setting.disk)
            copy = wan.near.inside("rsync", "-a", f"{here}/", f"rsync://{wan.far.address}:{_RSYNC_PORT}/there/")
            # The daemon's child does the work, and is gone before its time could be read.
            yield Phase(name=point, work=partial(commands.run, *copy), warm=setting.disk, store=there)
            if point == FIRST:
                change_disk(setting.disk)


def copies_by(tools: tuple[str, ...], *, streams: int) -> Mapping[str, Copies]:
    """Return what copies, by the name of the tool."""
    known: Mapping[str, Copies] = {"borg + rsync": borg, "restic": restic, "farpoint": partial(farpoint, streams=streams)}
    return {name: copies for name, copies in known.items() if not tools or name in tools}


@contextmanager
def _listening(site: Site, port: int, *command: str | Path) -> Iterator[int]:
    """Run a server; yield its pid when it listens."""
    words = [*DIES_AT_ONCE, *site.inside(*command)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + _LISTEN_SECONDS
            while f":{port} " not in subprocess.run(site.inside("ss", "-ltn"), check=True, capture_output=True, text=True).stdout:
                if server.poll() is not None or time.monotonic() > deadline:
                    message = f"{command[0]} does not listen on port {port}"
                    raise RuntimeError(message)
                time.sleep(0.05)
            yield server.pid
        finally:
            server.terminate()
