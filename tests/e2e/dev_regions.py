"""``farpoint dev up`` in a folder of its own, with a counting relay before each region's peer listener; and the means to hurt it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from attrs import evolve, frozen
from tests.orphans import DIES_IN_ORDER

from farpoint.cli.dev.dev_env import parse_exports
from farpoint.cli.dev.layout import DevFolder
from farpoint.config.load import load_config
from farpoint.config.render import render_config
from farpoint.config.values import RegionConfig
from farpoint.model.documents import JsonObject
from farpoint.testing.relay import Relay

EAST, WEST = "eastus", "westus"
#: Generous: the machine may be busy with other things. Whatever takes longer hangs.
PATIENCE_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LOOK_SECONDS = 0.01


@frozen
class Ran:
    """How a command ended, and what it printed."""

    status: int
    output: str
    errors: str

    @property
    def document(self) -> JsonObject:
        """The one JSON object on stdout."""
        return cast("JsonObject", json.loads(self.output))

    @property
    def documents(self) -> list[JsonObject]:
        """The JSON array on stdout."""
        return cast("list[JsonObject]", json.loads(self.output))


class DevRegions:
    """Regions eastus and westus under a real `dev up`; eastus's peers reach it through a relay, and so do westus's."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        self.folder = DevFolder(folder)
        self.relays: dict[str, Relay] = {}
        #: How long one command may take.
        self.command_seconds = PATIENCE_SECONDS
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder.with_name(f"{folder.name}.up.log")

    @property
    def pool(self) -> Path:
        """The disk pool of both regions."""
        return self.folder.pool

    @property
    def environment(self) -> dict[str, str]:
        """The process's environment, with the variables for clients in it."""
        return os.environ | parse_exports(self.folder.environment.read_text(encoding="utf-8"))

    def up(self, *arguments: str) -> None:
        """Start `dev up` and wait until it is ready."""
        regions = ("--dir", str(self.folder.path), "--regions", f"{EAST},{WEST}")
        command = [*DIES_IN_ORDER, sys.executable, "-m", "farpoint", "dev", "up", *regions, *arguments]
        # Anew at each start: an earlier start's "ready" says nothing.
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: "\nready " in f"\n{self._log.read_text(encoding='utf-8')}" or self._has_ended(), "dev up is ready")
        assert not self._has_ended(), self._log.read_text(encoding="utf-8")

    def _has_ended(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None

    def down(self) -> None:
        """Stop `dev up`, which stops its regions, and close the relays."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                # The regions go with it: their parent's death is their own.
                self._process.kill()
                self._process.wait()
            self._process = None
        for relay in self.relays.values():
            relay.close()

    def interpose(self, *, streams: int | None = None) -> None:
        """Lead what regions say to each other through relays; the regions start anew."""
        for name in (EAST, WEST):
            self.relays[name] = Relay(load_config(self.folder.config(name)).listen.peers.port)
        self.configure(lambda config: _through(config, self.relays, streams=streams), EAST, WEST)

    def configure(self, change: Callable[[RegionConfig], RegionConfig], *names: str) -> None:
        """Change the configuration of regions and start them anew with it; `dev up` writes the files at its own start only."""
        for name in names:
            path = self.folder.config(name)
            path.write_text(render_config(change(load_config(path)), heading="Changed by a test."), encoding="utf-8")
        for name in names:
            self.kill(name)
        for name in names:
            until(lambda region=name: self.answers(region), f"{name} answers again")  # type: ignore[misc]  # a default

    def answers(self, name: str) -> bool:
        """Tell whether a region takes connections of clients."""
        address = load_config(self.folder.config(name)).listen.clients
        try:
            socket.create_connection((address.host, address.port), timeout=PATIENCE_SECONDS).close()
        except OSError:
            return False
        return True

    def stop(self, name: str, *options: str) -> None:
        """Play an outage."""
        self.run("dev", "stop", name, "--dir", str(self.folder.path), *options)

    def start(self, name: str) -> None:
        """End the outage."""
        self.run("dev", "start", name, "--dir", str(self.folder.path))

    def pid(self, name: str) -> int:
        """Return the pid of the process that serves a region."""
        return int(self.folder.pid(name).read_text(encoding="ascii"))

    def kill(self, name: str) -> None:
        """End a region's process by SIGKILL; return when `dev up` has started another."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        until(lambda: self.pid(name) != before, f"{name} is started again", step=_LOOK_SECONDS)

    def lose(self, name: str) -> None:
        """Stop a region for good: its folder goes too."""
        self.stop(name, "--kill")
        shutil.rmtree(self.folder.region(name))

    def run(self, *arguments: str, expect: int | None = 0) -> Ran:
        """Run the command line as a user does, in the pool's folder; *expect* is its exit status, None for any."""
        command = [sys.executable, "-m", "farpoint", *arguments]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=self.command_seconds,
            env=self.environment,
            cwd=self.pool,
            stdin=subprocess.DEVNULL,
        )
        assert expect in {None, done.returncode}, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return Ran(done.returncode, done.stdout, done.stderr)

    def show(self, *arguments: str) -> JsonObject:
        """Run a command that prints one resource."""
        return self.run(*arguments, "-o", "json").document

    def point(self, point: str) -> JsonObject:
        """Return a restore point with its instance view."""
        return self.show("point", "show", point)

    def add_vm(self, name: str, *disks: Path) -> None:
        """Register a VM with these disks in eastus; the first is its OS disk."""
        data = [word for disk in disks[1:] for word in ("--data-disk", str(disk))]
        self.run("vm", "add", name, "--region", EAST, "--os-disk", str(disks[0]), *data)

    def capture(self, point: str) -> JsonObject:
        """Create a restore point and wait for it."""
        return self.show("point", "create", point, "--wait")

    def copy(self, point: str, *, wait: bool = True) -> JsonObject:
        """Copy a point to westus."""
        return self.show("point", "copy", point, "--to", WEST, *(["--wait"] if wait else []))

    def restore(self, point: str, into: str) -> list[Path]:
        """Restore the disks of a point below the pool; return the files, in the order of the disks' names."""
        ran = self.run("disk", "restore", point, "--into", into, "--wait", "-o", "json")
        return sorted(Path(path_of(disk)) for disk in ran.documents)

    def wire_bytes(self) -> int:
        """Return how many bytes have passed between the regions."""
        return sum(relay.passed_bytes for relay in self.relays.values())

    def limit(self, bytes_per_second: float | None) -> None:
        """Set the rate between the regions, each way round."""
        for relay in self.relays.values():
            relay.limit(bytes_per_second)


def until(is_so: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS, step: float = 0.02) -> None:
    """Wait until *is_so*; fail when it takes far too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s it is still not so that {what}"
        time.sleep(step)


def path_of(disk: JsonObject) -> str:
    """Return the file of a disk resource."""
    return str(at(disk, "properties", "farpoint", "path"))


def at(document: object, *path: str | int) -> object:
    """Return what lies at *path* in a document; an absent key reads as None."""
    for key in path:
        if isinstance(key, int):
            assert isinstance(document, Sequence)
            document = document[key]
        else:
            document = document.get(key) if isinstance(document, dict) else None
    return document


def _through(config: RegionConfig, relays: dict[str, Relay], *, streams: int | None) -> RegionConfig:
    peers = tuple(evolve(peer, endpoint=f"https://127.0.0.1:{relays[peer.name].port}") for peer in config.peers)
    copy = config.copy if streams is None else evolve(config.copy, streams=streams)
    return evolve(config, peers=peers, copy=copy)
