"""Two stub regions that the environment names, and the command line run against them in this process."""

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.cli.region_stub import SUBSCRIPTION, Farpoint, Outcome, RegionStub, start_stub, take_down

from farpoint.cli.main import run
from farpoint.keys.certificates import issue_certificate, make_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with ca.crt and a server's certificate and key."""
    folder = tmp_path_factory.mktemp("authority")
    now = dt.datetime.now(dt.UTC)
    made = make_authority("stub authority", now)
    server = issue_certificate(made, name="stub", hosts=("127.0.0.1",), region_id=None, now=now)
    (folder / "ca.crt").write_bytes(made.certificate)
    (folder / "server.pem").write_bytes(server.certificate + server.key)
    return folder


@pytest.fixture
def regions(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, RegionStub]]:
    """Run two regions, eastus and westus, and let the environment name them."""
    stubs = {name: start_stub(name, authority) for name in ("eastus", "westus")}
    for stub in stubs.values():
        stub.peers.extend(other for other in stubs.values() if other is not stub)
    monkeypatch.setenv("FARPOINT_CA_FILE", str(authority / "ca.crt"))
    monkeypatch.setenv("FARPOINT_ENDPOINT", stubs["eastus"].endpoint)
    monkeypatch.setenv("AZURE_TENANT_ID", str(uuid.UUID(int=2)))
    monkeypatch.setenv("AZURE_CLIENT_ID", str(uuid.UUID(int=3)))
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "not-a-secret")
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
    for name, stub in stubs.items():
        monkeypatch.setenv(f"FARPOINT_ENDPOINT_{name.upper()}", stub.endpoint)
    yield stubs
    for stub in stubs.values():
        take_down(stub)


@pytest.fixture
def farpoint(capsys: pytest.CaptureFixture[str]) -> Farpoint:
    """Run one command in this process."""

    def command(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = run(arguments)
        captured = capsys.readouterr()
        return Outcome(exit=status, out=captured.out, err=captured.err)

    return command
