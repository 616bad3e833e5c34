"""Commands against real regions: what ends them, and what does not."""

import hashlib
import os
import random
import signal
from pathlib import Path

import pytest
from tests.e2e.cli.region_processes import RegionProcesses, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
MIB = 1 << 20


def make_disk(path: Path, *, seed: int, data_bytes: int, size_bytes: int) -> None:
    """Write a sparse image with data at its start and near its end."""
    source = random.Random(seed)
    with path.open("wb") as image:
        image.write(source.randbytes(data_bytes))
        image.seek(size_bytes - MIB)
        image.write(source.randbytes(64 * 1024))
        image.truncate(size_bytes)


def kill(regions: RegionProcesses, region: str) -> None:
    """End a region's process; return when its successor has started."""
    pid = regions.pid(region)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: regions.pid(region) != pid, seconds=5)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_bad_requests_end_with_their_exit_statuses(two_regions: RegionProcesses, tmp_path: Path) -> None:
    pool = two_regions.folder / "disks"
    (pool / "odd.raw").write_bytes(b"x" * 1000)
    add = ("vm", "add", "bad01", "--region", "eastus", "--os-disk")
    outside = two_regions.run(*add, str(tmp_path / "os.raw"))
    assert (outside.exit, "DiskOutsidePools" in outside.err) == (2, True)
    assert two_regions.run(*add, str(pool / "odd.raw")).exit == 2
    assert two_regions.run(*add, str(pool / "missing.raw")).exit in {2, 3}
    assert two_regions.run("point", "create", "bad01/rp1").exit == 3
    assert two_regions.run("point", "copy", "bad01/rp1", "--to", "northpole").exit == 2
    assert two_regions.run("disk", "restore", "bad01/rp1", "--into", str(pool)).exit == 3
    assert {"odd", "missing"} & {disk["name"] for disk in two_regions.run("disk", "list", "-o", "json").rows()} == set()


def test_a_copy_that_is_waited_for_survives_the_loss_of_either_region(two_regions: RegionProcesses, entropy_seed: int) -> None:
    pool = two_regions.folder / "disks"
    make_disk(pool / "big.raw", seed=entropy_seed, data_bytes=48 * MIB, size_bytes=64 * MIB)
    assert two_regions.run("vm", "add", "big01", "--region", "eastus", "--os-disk", str(pool / "big.raw")).exit == 0
    assert two_regions.run("point", "create", "big01/rp1", "--wait").exit == 0
    copy = two_regions.start("point", "copy", "big01/rp1", "--to", "west-us", "--wait", "-o", "json")
    wait_until(lambda: two_regions.run("point", "show", "big01-west-us/rp1").exit == 0, seconds=30)
    for region in ("west-us", "eastus"):
        kill(two_regions, region)
    out, err = copy.communicate(timeout=120)
    assert copy.returncode == 0, err
    assert "ReplicationState/succeeded" in out
    restored = two_regions.run("disk", "restore", "big01-west-us/rp1", "--into", str(pool / "again"), "--wait")
    assert restored.exit == 0, restored.err
    assert digest(pool / "again" / "big.raw") == digest(pool / "big.raw")
    wait_until(lambda: "unreachable" not in two_regions.run("region", "list").out, seconds=60)
