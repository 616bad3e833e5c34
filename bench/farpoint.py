"""Farpoint as its users run it: two regions under `farpoint dev up`, driven by the command line, copies over TLS."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.dataset import Images
from bench.phases import Commands, Phase
from tests.e2e.dev_regions import EAST, WEST, DevRegions


def farpoint(images: Images, folder: Path, commands: Commands) -> Iterator[Phase]:
    """Capture, copy to the second region, restore and verify there."""
    regions = DevRegions(folder / "dev")
    try:
        regions.up()
        yield from _story(regions, images, commands)
    finally:
        regions.down()


def _story(regions: DevRegions, images: Images, commands: Commands) -> Iterator[Phase]:
    commands.environment = regions.environment
    disk, into = regions.pool / "disk.raw", regions.pool / "restored"
    here, there = (regions.folder.region(name) / "bucket" for name in (EAST, WEST))
    east, west = regions.pid(EAST), regions.pid(WEST)

    def phase(name: str, image: Path, *arguments: str, store: Path | None = None) -> Phase:
        work = partial(commands.run, sys.executable, "-m", "farpoint", *arguments)
        return Phase(name=name, work=work, warm=image, store=store, servers=(east, west))

    os.link(images.first, disk)
    regions.add_vm("vm", disk)
    yield phase("first", images.first, "point", "create", "vm/first", "--wait", store=here)
    yield phase("unchanged", images.first, "point", "create", "vm/unchanged", "--wait", store=here)
    yield phase("copy of the first", images.first, "point", "copy", "vm/first", "--to", WEST, "--wait", store=there)
    disk.unlink()
    os.link(images.second, disk)
    yield phase("increment", images.second, "point", "create", "vm/increment", "--wait", store=here)
    yield phase("copy of the increment", images.second, "point", "copy", "vm/increment", "--to", WEST, "--wait", store=there)
    yield phase("restore", images.second, "disk", "restore", f"vm-{WEST}/increment", "--into", str(into), "--wait")
    subprocess.run(["cmp", str(images.second), str(into / "disk.raw")], check=True)
    yield phase("verify", images.second, "verify", f"vm-{WEST}/increment")
