"""Two namespaces joined by the relay, with the kernel's own TCP on both sides."""

import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from bench.wan.link import Profile
from bench.wan.network import Site, Wan, emulated_wan, missing_for_wan

PORT = 5000
PROFILE = Profile(delay_seconds=0.02, rate_megabits=400)
#: Prints how long the connection took, and the digest of all that came.
RECEIVE = f"""
import hashlib, socket, sys
listener = socket.create_server(("0.0.0.0", {PORT}))
print("ready", flush=True)
digest = hashlib.sha256()
with listener.accept()[0] as connection:
    while data := connection.recv(1 << 20):
        digest.update(data)
print(digest.hexdigest(), flush=True)
"""
SEND = f"""
import pathlib, socket, sys, time
started = time.monotonic()
with socket.create_connection((sys.argv[1], {PORT})) as connection:
    print(time.monotonic() - started, flush=True)
    connection.sendall(pathlib.Path(sys.argv[2]).read_bytes())
"""


@pytest.fixture
def wan() -> Iterator[Wan]:
    """Give a WAN, or skip with what the machine lacks."""
    missing = missing_for_wan()
    if missing:
        pytest.skip(missing)
    with emulated_wan(PROFILE) as made:
        yield made


@pytest.fixture
def payload(tmp_path: Path, entropy_seed: int) -> Path:
    path = tmp_path / "payload"
    path.write_bytes(random.Random(entropy_seed).randbytes(8 << 20))
    return path


def python(site: Site, program: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(site.inside(sys.executable, "-c", program, *arguments), stdout=subprocess.PIPE, text=True)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_bytes_arrive_whole_though_segments_are_lost_and_late(wan: Wan, payload: Path) -> None:
    wan.change(evolve(PROFILE, loss=0.005, reordering=0.005))
    with python(wan.far, RECEIVE) as receiver:
        assert line(receiver) == "ready"
        with python(wan.near, SEND, wan.far.address, payload):
            assert line(receiver) == hashlib.sha256(payload.read_bytes()).hexdigest()
    sent, _ = wan.counts()
    assert sent.lost > 0
    assert sent.late > 0
    assert sent.carried_bytes > payload.stat().st_size


def test_a_round_trip_takes_both_delays(wan: Wan, payload: Path) -> None:
    with python(wan.far, RECEIVE) as receiver:
        assert line(receiver) == "ready"
        with python(wan.near, SEND, wan.far.address, payload) as sender:
            assert float(line(sender)) >= 2 * PROFILE.delay_seconds


def test_nothing_passes_a_cut_link_until_it_is_mended(wan: Wan, payload: Path) -> None:
    with python(wan.far, RECEIVE) as receiver:
        assert line(receiver) == "ready"
        wan.partition(is_cut=True)
        with python(wan.near, SEND, wan.far.address, payload) as sender:
            time.sleep(0.3)
            sent, answered = wan.counts()
            assert sent.partitioned > 0
            assert answered.carried == 0
            wan.partition(is_cut=False)
            assert float(line(sender)) >= 0.3
            assert line(receiver) == hashlib.sha256(payload.read_bytes()).hexdigest()


def test_nothing_is_left_when_it_is_over() -> None:
    missing = missing_for_wan()
    if missing:
        pytest.skip(missing)
    with emulated_wan(PROFILE) as made:
        names = {made.near.namespace, made.far.namespace}
        assert names <= namespaces()
    assert names & namespaces() == set()


def namespaces() -> set[str]:
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    return {row.split()[0] for row in listed.splitlines()}
