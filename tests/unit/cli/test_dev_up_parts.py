"""Parts of `dev up`: the pools it takes, and what it tells of a region that died."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.cli.region_stub import Farpoint

from farpoint.cli.dev.layout import DevFolder
from farpoint.cli.dev.region_log import last_words
from farpoint.cli.dev.supervisor import Supervisor
from farpoint.cli.failures import CommandError
from farpoint.clock import SystemClock


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_pool_that_is_not_a_folder_is_a_usage_error(farpoint: Farpoint, tmp_path: Path, kind: str) -> None:
    pool = tmp_path / "pool"
    if kind == "file":
        pool.write_bytes(b"")
    outcome = farpoint("dev", "up", "--dir", str(tmp_path / "dev"), "--regions", "eastus", "--disks", str(pool))
    assert outcome.exit == 2
    assert f"the disk pool {pool} is not a folder" in outcome.err
    assert not (tmp_path / "dev" / "dev.json").exists()


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Undo what a command does to this process's logging."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("own_logging")
def test_serve_says_in_json_why_it_does_not_start(farpoint: Farpoint, tmp_path: Path) -> None:
    outcome = farpoint("serve", "--config", str(tmp_path / "none.toml"))
    said = json.loads(outcome.err)
    assert (outcome.exit, outcome.out, said["action"], said["code"]) == (2, "", "region_not_started", "InvalidConfiguration")
    assert "none.toml" in said["reason"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["Traceback (most recent call last):", "ValueError: no"], "ValueError: no"),
        ([json.dumps({"action": "region_not_started", "reason": "the port is taken"}), ""], "the port is taken"),
        ([json.dumps({"action": "request_failed", "traceback": "Traceback:\nKeyError: 1"})], "KeyError: 1"),
        ([json.dumps({"action": "region_ready"})], "region_ready"),
        ([], ""),
    ],
)
def test_the_last_words_of_a_log_are_a_reason(tmp_path: Path, lines: list[str], words: str) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(lines), encoding="utf-8")
    assert last_words(log) == words
    assert last_words(tmp_path / "none") == ""


def test_a_log_says_nothing_of_a_run_that_wrote_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(json.dumps({"action": "region_not_started", "reason": "the port is taken"}) + "\n", encoding="utf-8")
    since = log.stat().st_size
    assert last_words(log, since_bytes=since) == ""
    with log.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"reason": "the key is gone"}) + "\n")
    assert last_words(log, since_bytes=since) == "the key is gone"


@pytest.mark.parametrize(("free", "cause"), [(0, "exit status 1: the file system of {} is full"), (1 << 30, "exit status 1")])
def test_a_region_that_ends_without_a_word_is_not_explained_by_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, cause: str
) -> None:
    folder = DevFolder(tmp_path)
    log = folder.log("eastus")
    log.parent.mkdir()
    log.write_text(json.dumps({"reason": "the port was taken last year"}) + "\n", encoding="utf-8")
    monkeypatch.setattr("farpoint.cli.dev.region_process.sys.executable", "/bin/false")
    monkeypatch.setattr("farpoint.cli.dev.supervisor.shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    supervisor = Supervisor(folder, ["eastus"], clock=SystemClock(), say=lambda _: None)
    with pytest.raises(CommandError) as caught:
        supervisor.start_until(lambda: False, timeout_seconds=10)
    assert f"({cause.format(log.parent)})" in str(caught.value)
