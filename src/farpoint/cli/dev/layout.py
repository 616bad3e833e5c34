"""Where everything of ``farpoint dev`` lies below its folder. Region names hold no dot, so they cannot collide with our files."""

import os
from pathlib import Path

from attrs import frozen


@frozen
class DevFolder:
    """The folder given with --dir; absolute."""

    path: Path

    @property
    def lock(self) -> Path:
        """Locked by the `dev up` that runs here; holds its pid."""
        return self.path / "dev.lock"

    @property
    def memory(self) -> Path:
        """What is kept for the next start: ids, ports, credentials."""
        return self.path / "dev.json"

    @property
    def environment(self) -> Path:
        """Shell exports for clients."""
        return self.path / "dev.env"

    @property
    def authority(self) -> Path:
        """The throw-away authority's certificate."""
        return self.path / "ca.crt"

    @property
    def pool(self) -> Path:
        """The disk pool that always is."""
        return self.path / "disks"

    def region(self, name: str) -> Path:
        """Everything of one region."""
        return self.path / name

    def config(self, name: str) -> Path:
        """Where the configuration of a region lies."""
        return self.region(name) / "config.toml"

    def log(self, name: str) -> Path:
        """Where a region logs."""
        return self.region(name) / "log"

    def pid(self, name: str) -> Path:
        """Decimal pid of the process that serves a region."""
        return self.path / f"{name}.pid"

    def stop(self, name: str) -> Path:
        """Present while a region is to be down; says how it was to end."""
        return self.path / f"{name}.stop"


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace *path* in one step: a reader sees the old text or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.replace(path)
