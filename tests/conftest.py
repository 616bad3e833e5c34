"""What every test may rely on: folders on a real disk, seeds that are printed, and skips that say what is missing.

Order and seeds come from one number, which pytest-randomly prints first; ``--randomly-seed=N`` repeats a run.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

#: Filesystems without the behaviour that matters here: holes as disks have them, fsync that costs something, room.
MEMORY_FILESYSTEMS = frozenset({"tmpfs", "ramfs"})
SBIN = ("/usr/sbin", "/sbin")


def pytest_configure(config: pytest.Config) -> None:
    """Put pytest's temporary folders on a disk, and let Hypothesis print how to repeat what fails."""
    if config.getoption("basetemp") is None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_folder_on_disk(config.rootpath)))
    # No deadline: the machine's disk and cores are shared with other tests' processes.
    settings.register_profile("farpoint", deadline=None, print_blob=True)
    settings.load_profile("farpoint")


def pytest_report_header() -> str:
    """Say where temporary folders lie."""
    return f"temporary folders in {os.environ.get('PYTEST_DEBUG_TEMPROOT', 'the folder asked for')}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose machine lacks what it needs, naming it."""
    if item.get_closest_marker("root") is not None and os.geteuid() != 0:
        pytest.skip("needs root")
    needed = [name for marker in item.iter_markers("needs_tool") for name in marker.args]
    missing = sorted({name for name in needed if _find_tool(name) is None})
    if missing:
        pytest.skip(f"needs {', '.join(missing)}, which this machine lacks (tools/install-debian-packages)")


@pytest.fixture
def entropy_seed(request: pytest.FixtureRequest) -> int:
    """Give the test a seed of its own, drawn from the run's seed and the test's name; shown when the test fails."""
    run_seed = request.config.getoption("randomly_seed", 0)
    digest = hashlib.sha256(f"{run_seed} {request.node.nodeid}".encode()).digest()
    seed = int.from_bytes(digest[:8], "big")
    sys.stdout.write(f"entropy_seed={seed} (repeat with --randomly-seed={run_seed})\n")
    return seed


def _find_tool(name: str) -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN))
    return shutil.which(name, path=path)


def _folder_on_disk(root: Path) -> Path:
    """Return the first usual folder for temporary files that is not memory; failing that, one in the work tree."""
    for folder in (Path(tempfile.gettempdir()), Path("/var/tmp")):
        if os.access(folder, os.W_OK) and _filesystem_of(folder) not in MEMORY_FILESYSTEMS:
            return folder
    inside = root / "build" / "tmp"
    inside.mkdir(parents=True, exist_ok=True)
    return inside


def _filesystem_of(folder: Path) -> str:
    """Return the type of the filesystem that *folder* lies on, by the longest mount point above it."""
    best, kind = -1, ""
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, mount_point, filesystem, *_ = line.split(" ")
        if folder.resolve().is_relative_to(mount_point) and len(mount_point) >= best:
            best, kind = len(mount_point), filesystem
    return kind
