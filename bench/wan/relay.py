"""The process that carries packets between two TUN devices, each way over a link (link.py).

usage: python -m bench.wan.relay DEVICE DEVICE SEED

Makes the devices and prints "ready". Then it reads commands, one JSON object a line, and answers each with one line: ``{"profile": {…}}``
changes both links, ``{"partition": true}`` cuts them, ``{}`` changes nothing. The answer is what became of the segments so far, each way.
It ends with its standard input.
"""

import contextlib
import json
import math
import os
import select
import sys
import time
from typing import Final

import attrs
from bench.wan.link import Link, Profile
from bench.wan.segments import OFFLOAD_BYTES
from bench.wan.tun import open_tun

_PACKET_BYTES_MAX: Final = OFFLOAD_BYTES + 65_536
#: Packets read from a device before anything is delivered: reading must not delay what is due.
_BATCH: Final = 64


class Relay:
    """Two devices and the links between them."""

    def __init__(self, names: tuple[str, str], *, seed: int) -> None:
        """Make the devices."""
        self._devices = [open_tun(name) for name in names]
        self._links = [Link(Profile(), seed=seed), Link(Profile(), seed=seed + 1)]

    def run(self) -> None:
        """Carry packets until standard input ends."""
        commands = sys.stdin.fileno()
        while True:
            now = time.monotonic()
            wait = min(link.next_due for link in self._links) - now
            ready, _, _ = select.select([*self._devices, commands], [], [], None if wait == math.inf else max(0.0, wait))
            for device, link in zip(self._devices, self._links, strict=True):
                if device in ready:
                    _take(device, link)
            self._deliver()
            if commands in ready:
                line = sys.stdin.readline()
                if not line:
                    return
                self._obey(line)

    def _deliver(self) -> None:
        now = time.monotonic()
        for device, link in zip(reversed(self._devices), self._links, strict=True):
            for packet in link.due(now):
                # A device that is not up takes nothing; whoever sends will send again.
                with contextlib.suppress(OSError):
                    os.write(device, packet)

    def _obey(self, line: str) -> None:
        command = json.loads(line)
        for link in self._links:
            link.is_partitioned = command.get("partition", link.is_partitioned)
            if "profile" in command:
                link.change(Profile(**command["profile"]))
        print(json.dumps([attrs.asdict(link.counts) for link in self._links]), flush=True)


def _take(device: int, link: Link) -> None:
    for _ in range(_BATCH):
        try:
            packet = os.read(device, _PACKET_BYTES_MAX)
        except BlockingIOError:
            return
        link.offer(packet, time.monotonic())


if __name__ == "__main__":
    relay = Relay((sys.argv[1], sys.argv[2]), seed=int(sys.argv[3]))
    print("ready", flush=True)
    relay.run()
