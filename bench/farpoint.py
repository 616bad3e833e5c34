"""Farpoint as its users run it: two regions under `farpoint dev up`, driven by the command line, copies over TLS.

The disk bytes of the copy are fetched whole by curl, over a signed URL that the Azure SDK asked for.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bench.dataset import Images
from bench.phases import Commands, Phase
from tests.e2e.azure_sdk import GROUP, client_for, credential_for
from tests.e2e.dev_regions import EAST, WEST, DevRegions


def farpoint(images: Images, folder: Path, commands: Commands) -> Iterator[Phase]:
    """Capture, copy to the second region, restore, download and verify there."""
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
    download = partial(_download, commands, _signed_url(regions, f"vm-{WEST}", "increment"))
    yield Phase(name="download", work=download, warm=images.second, servers=(east, west))
    yield phase("verify", images.second, "verify", f"vm-{WEST}/increment")


def _signed_url(regions: DevRegions, collection: str, point: str) -> str:
    """Return where the bytes of a restore point's one disk are read from."""
    with closing(credential_for(regions, WEST)) as credential, closing(client_for(regions, WEST, credential)) as client:
        [disk] = client.disk_restore_point.list_by_restore_point(GROUP, collection, point)
        access = {"access": "Read", "durationInSeconds": 3600}
        granted = client.disk_restore_point.begin_grant_access(GROUP, collection, point, str(disk.name), access).result()
    assert granted.access_sas
    return str(granted.access_sas)


def _download(commands: Commands, url: str) -> None:
    """Read the whole VHD and drop it: what is measured is the region, not a second disk."""
    authority = commands.environment["FARPOINT_CA_FILE"]
    commands.run("curl", "--silent", "--show-error", "--fail", "--cacert", authority, "--output", os.devnull, url)
