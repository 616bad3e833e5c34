"""What a user would pick instead, each as its users run it: compressed, encrypted where it can, on the same images."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.dataset import Images
from bench.phases import Commands, Phase

#: Tells its phases one after the other; what it does between them is not timed.
Story = Callable[[Images, Path, Commands], Iterator[Phase]]


def zstd(images: Images, folder: Path, commands: Commands) -> Iterator[Phase]:
    """Compress a whole disk: neither encrypted, nor incremental, nor checked."""
    packed = folder / "disk.zst"
    compress = ("zstd", "-q", "-1", "-T2", "-f", "-o", packed)
    yield Phase(name="first", work=partial(commands.run, *compress, images.first), warm=images.first, store=packed)
    commands.run(*compress, images.second)
    yield Phase(name="restore", work=partial(commands.run, "zstd", "-q", "-d", "--sparse", packed, "-o", folder / "restored"), warm=packed)


def restic(images: Images, folder: Path, commands: Commands) -> Iterator[Phase]:
    """Back up to one repository, copy to a second one with the same chunks, restore from that."""
    here, there, disk = folder / "here", folder / "there", folder / "source" / "disk.raw"
    disk.parent.mkdir()
    commands.environment = {
        **os.environ, "RESTIC_PASSWORD": "x", "RESTIC_PASSWORD2": "x", "RESTIC_CACHE_DIR": str(folder / "cache"),
    }  # fmt: skip
    commands.run("restic", "-r", here, "init", "-q")
    commands.run("restic", "-r", there, "init", "-q", "--copy-chunker-params", "--repo2", here)

    def back_up() -> None:
        commands.run("restic", "-r", here, "backup", "-q", disk)

    def copy() -> None:
        commands.run("restic", "-r", here, "copy", "-q", "--repo2", there)

    os.link(images.first, disk)
    yield Phase(name="first", work=back_up, warm=images.first, store=here)
    yield Phase(name="unchanged", work=back_up, warm=images.first, store=here)
    yield Phase(name="copy of the first", work=copy, warm=images.first, store=there)
    disk.unlink()
    os.link(images.second, disk)
    yield Phase(name="increment", work=back_up, warm=images.second, store=here)
    yield Phase(name="copy of the increment", work=copy, warm=images.second, store=there)
    restore = partial(commands.run, "restic", "-r", there, "restore", "-q", "latest", "--target", folder / "restored")
    yield Phase(name="restore", work=restore, warm=images.second)


def borg(images: Images, folder: Path, commands: Commands) -> Iterator[Phase]:
    """Back up in fixed blocks, as is advised for disks; a repository is copied by rsync."""
    here, there, disk = folder / "here", folder / "there", folder / "disk.raw"
    commands.environment = {
        **os.environ, "BORG_PASSPHRASE": "x", "BORG_BASE_DIR": str(folder / "home"), "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
    }  # fmt: skip
    commands.run("borg", "init", "-e", "repokey-blake2", here)

    def back_up(name: str) -> Callable[[], None]:
        options = ("--compression", "zstd,1", "--chunker-params", "fixed,1048576")
        return partial(commands.run, "borg", "create", *options, f"{here}::{name}", disk)

    def copy() -> None:
        commands.run("rsync", "-a", f"{here}/", f"{there}/")

    os.link(images.first, disk)
    yield Phase(name="first", work=back_up("first"), warm=images.first, store=here)
    yield Phase(name="unchanged", work=back_up("unchanged"), warm=images.first, store=here)
    yield Phase(name="copy of the first", work=copy, warm=images.first, store=there)
    disk.unlink()
    os.link(images.second, disk)
    yield Phase(name="increment", work=back_up("increment"), warm=images.second, store=here)
    yield Phase(name="copy of the increment", work=copy, warm=images.second, store=there)
    restored = folder / "restored"
    restored.mkdir()
    restore = partial(commands.run, "borg", "extract", "--sparse", f"{there}::increment", folder=restored)
    yield Phase(name="restore", work=restore, warm=images.second)
