"""A region is one process: a second one, or one whose port is taken, is refused at once and hurts nothing."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from tests.e2e.dev_regions import EAST, PATIENCE_SECONDS, DevRegions

from farpoint.config.load import load_config
from farpoint.config.render import render_config
from farpoint.config.values import Address

pytestmark = pytest.mark.e2e


def serve(config: Path) -> subprocess.CompletedProcess[str]:
    """Run `farpoint serve`, which is to be refused."""
    command = [sys.executable, "-m", "farpoint", "serve", "--config", str(config)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL)


def free_address() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return Address(host="127.0.0.1", port=probe.getsockname()[1])


def test_a_second_process_on_the_same_state_is_refused_naming_the_first(pair: DevRegions) -> None:
    config = load_config(pair.folder.config(EAST))
    second = pair.folder.region(EAST) / "second.toml"
    listen = evolve(config.listen, clients=free_address(), peers=free_address())
    second.write_text(render_config(evolve(config, listen=listen), heading="On other ports."), encoding="utf-8")
    pid = pair.pid(EAST)
    ran = serve(second)
    assert ran.returncode != 0
    (said,) = (json.loads(line) for line in ran.stderr.splitlines())
    assert (said["level"], said["action"], said["code"]) == ("error", "region_not_started", "InvalidConfiguration")
    assert str(pid) in said["reason"]
    pair.run("region", "show", EAST)
    assert pair.pid(EAST) == pid


def test_a_taken_port_is_named(pair: DevRegions, tmp_path: Path) -> None:
    config = load_config(pair.folder.config(EAST))
    home = tmp_path / "eastus"
    shutil.copytree(pair.folder.region(EAST) / "keys", home / "keys")
    other = home / "config.toml"
    listen = evolve(config.listen, peers=free_address())
    text = render_config(evolve(config, listen=listen, state=home, bucket=home / "bucket"), heading="Another region on eastus's port.")
    other.write_text(text, encoding="utf-8")
    ran = serve(other)
    assert ran.returncode != 0
    assert str(config.listen.clients.port) in ran.stderr
    assert "Traceback" not in ran.stderr


def test_dev_up_on_a_taken_port_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "farpoint", "dev", "up", "--dir", str(tmp_path / "dev"), "--regions", EAST, "--port", str(port)]
        ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env=dict(os.environ))
    assert ran.returncode != 0
    assert f"port {port}" in ran.stderr


def test_a_second_dev_up_on_the_same_folder_is_refused(pair: DevRegions) -> None:
    command = [sys.executable, "-m", "farpoint", "dev", "up", "--dir", str(pair.folder.path)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert ran.returncode != 0
    assert "another `farpoint dev up`" in ran.stderr
    pair.run("region", "list")
