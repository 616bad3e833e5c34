"""`dev demo` with images of one's own: they come back identical, and are never touched themselves."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.e2e.cli.region_processes import environment
from tests.orphans import DIES_IN_ORDER

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
MIB = 1 << 20


@pytest.fixture
def images(tmp_path: Path, entropy_seed: int) -> list[Path]:
    """Make two images of the same file name, as two users' images may have, which no disk may be called."""
    source = random.Random(entropy_seed)
    paths = [tmp_path / "a" / "my os.raw", tmp_path / "b" / "my os.raw"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(source.randbytes(4 * MIB) + bytes(4 * MIB))
    return paths


def demo(images: list[Path], home: Path) -> "subprocess.Popen[str]":
    home.mkdir()
    # A shell's background job ignores Ctrl-C, and so would its children.
    command = [*DIES_IN_ORDER, "env", "--default-signal=INT", sys.executable, "-m", "farpoint", "dev", "demo", *map(str, images)]
    variables = environment() | {"TMPDIR": str(home)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)


def test_the_demo_ends_with_identical_disks_and_leaves_nothing(images: list[Path], tmp_path: Path) -> None:
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in images]
    with demo(images, tmp_path / "home") as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == "verified: 2 disks identical"
    assert [line.split("  ")[0] for line in out.splitlines()[:-1]] == [
        "STEP",
        "first point",
        "second point",
        "copy of the first",
        "copy of the second",
        "restore",
    ]
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in images] == before
    assert list((tmp_path / "home").iterdir()) == []


def test_an_interrupted_demo_leaves_nothing(images: list[Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    with demo(images, home) as process:
        assert process.stderr is not None
        while "first point" not in process.stderr.readline():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    assert list(home.iterdir()) == []
    assert [path for path in Path("/proc").glob("[0-9]*") if str(home) in _command_line(path)] == []


def test_an_image_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with demo([tmp_path / "missing.raw"], tmp_path / "home") as process:
        _, err = process.communicate()
    assert process.returncode == 2
    assert "missing.raw" in err


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""
