"""`dev up`: regions start, stay up, stop when told, and continue on the same folder."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.cli.region_processes import RegionProcesses, dev_regions, environment, is_alive, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_the_environment_names_every_region_and_the_credentials(two_regions: RegionProcesses) -> None:
    variables = two_regions.shell_environment()
    assert variables["FARPOINT_ENDPOINT"] == variables["FARPOINT_ENDPOINT_EASTUS"]
    assert variables["FARPOINT_ENDPOINT_WEST_US"].startswith("https://127.0.0.1:")
    assert Path(variables["FARPOINT_CA_FILE"]).exists()
    assert all(variables[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "SUBSCRIPTION_ID"))


def test_files_with_secrets_are_for_their_owner_alone(two_regions: RegionProcesses) -> None:
    names = ("dev.env", "dev.json", "ca.key", "eastus/config.toml", "eastus/keys/kek.json", "west-us/keys/signing.pem")
    assert {oct((two_regions.folder / name).stat().st_mode & 0o777) for name in names} == {"0o600"}


def test_everything_of_a_region_lies_in_its_folder(two_regions: RegionProcesses) -> None:
    names = {path.name for path in (two_regions.folder / "eastus").iterdir()}
    assert {"config.toml", "keys", "metadata.sqlite", "dbos.sqlite", "bucket", "log"} <= names


def test_region_list_shows_both(two_regions: RegionProcesses) -> None:
    done = two_regions.run("region", "list")
    assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [["eastus", "up"], ["west-us", "up"]]


def test_a_killed_region_is_started_again_within_a_second(two_regions: RegionProcesses) -> None:
    before = two_regions.pid("eastus")
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: two_regions.pid("eastus") != before, seconds=5) <= 1.2
    # Any region answers for all: only this asks eastus itself.
    wait_until(lambda: two_regions.run("region", "show", "eastus").exit == 0, seconds=30)


def test_a_stopped_region_stays_down_until_it_is_started(two_regions: RegionProcesses) -> None:
    folder = ("--dir", str(two_regions.folder))
    pid = two_regions.pid("west-us")
    assert two_regions.run("dev", "stop", "west-us", *folder).exit == 0
    assert not is_alive(pid)
    assert not (two_regions.folder / "west-us.pid").exists()
    down = two_regions.run("vm", "list", "-o", "json")
    assert (down.exit, [vm for vm in down.rows() if vm["location"] != "eastus"]) == (0, [])
    assert two_regions.run("region", "show", "west-us").exit == 4
    assert two_regions.run("dev", "start", "west-us", *folder).exit == 0
    assert two_regions.run("region", "show", "west-us").exit == 0


def test_stopping_an_unknown_region_is_not_found(two_regions: RegionProcesses) -> None:
    assert two_regions.run("dev", "stop", "northpole", "--dir", str(two_regions.folder)).exit == 3


def test_a_second_dev_up_on_the_same_folder_is_refused(two_regions: RegionProcesses) -> None:
    done = two_regions.run("dev", "up", "--dir", str(two_regions.folder))
    assert done.exit == 1
    assert f"(pid {two_regions.process.pid})" in done.err


def test_the_secret_is_in_no_log_and_no_process_list(two_regions: RegionProcesses) -> None:
    secret = two_regions.shell_environment()["AZURE_CLIENT_SECRET"]
    processes = [Path(f"/proc/{two_regions.pid(name)}/cmdline").read_text() for name in ("eastus", "west-us")]
    logs = [(two_regions.folder / name / "log").read_text() for name in ("eastus", "west-us")]
    assert not any(secret in text for text in (*processes, *logs, two_regions.errors()))


def test_a_taken_port_is_refused_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = _up(tmp_path / "regions", "--regions", "eastus", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port}, for clients of eastus, is taken" in done.stderr
    assert not (tmp_path / "regions" / "eastus").exists()


def test_a_new_folder_needs_regions(tmp_path: Path) -> None:
    assert _up(tmp_path / "regions").returncode == 2


def test_regions_die_with_their_supervisor(tmp_path: Path) -> None:
    with dev_regions(tmp_path / "regions", "--regions", "eastus") as running:
        pid = running.pid("eastus")
        running.stop(signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), seconds=5)


def test_it_continues_on_the_same_folder_and_ports(tmp_path: Path) -> None:
    folder, disk = tmp_path / "regions", tmp_path / "pool" / "os.raw"
    disk.parent.mkdir()
    disk.write_bytes(b"x" * 4096)
    with dev_regions(folder, "--regions", "eastus", "--disks", str(disk.parent)) as first:
        assert first.run("vm", "add", "web01", "--region", "eastus", "--os-disk", str(disk)).exit == 0
        before = first.shell_environment()
        assert first.stop(signal.SIGINT) == 0
        assert sorted(path.name for path in folder.glob("*.pid")) == []
    with dev_regions(folder) as second:
        assert second.shell_environment() == before
        assert [vm["name"] for vm in second.run("vm", "list", "-o", "json").rows()] == ["web01"]


def _up(folder: Path, *extra: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "farpoint", "dev", "up", "--dir", str(folder), *extra]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment(), timeout=60)
