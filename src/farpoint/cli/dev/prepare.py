"""Make the files that regions need before they start; doing it again changes nothing."""

from collections.abc import Sequence

from farpoint.bootstrap.new_region import make_dev_authority, make_region_files
from farpoint.cli.dev.layout import DevFolder, write_atomically
from farpoint.cli.dev.memory import DevMemory, DevRegion, memory_text
from farpoint.cli.dev.plan import region_config
from farpoint.config.render import render_config

_HOSTS = ("127.0.0.1", "localhost")
_HEADING = "Written by `farpoint dev up` at each start: edits are lost."
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


def prepare(folder: DevFolder, memory: DevMemory, run: Sequence[DevRegion]) -> None:
    """Write memory, authority, and each region's keys, certificates and configuration."""
    folder.pool.mkdir(exist_ok=True)
    # First of all: what follows is made for these ids.
    write_atomically(folder.memory, memory_text(memory), mode=_PRIVATE_FILE)
    make_dev_authority(folder.path)
    for region in run:
        home = folder.region(region.name)
        home.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        make_region_files(home, authority=folder.path, region_id=region.id, name=region.name, hosts=_HOSTS)
        config = render_config(region_config(folder, memory, region), heading=_HEADING)
        write_atomically(folder.config(region.name), config, mode=_PRIVATE_FILE)
        # What a `dev stop` of an earlier run asked for is over.
        folder.stop(region.name).unlink(missing_ok=True)
