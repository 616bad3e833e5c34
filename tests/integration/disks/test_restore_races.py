"""Many restores to one path at once: one at a time has it, whatever the others do."""

import random
import threading
from contextlib import closing
from pathlib import Path

import pytest

from farpoint.clock import SystemClock
from farpoint.disks import lock
from farpoint.disks.open_target import open_target
from farpoint.disks.target import RestoreTarget, TargetRequest

PIECE = 1 << 16
SIZE = 4 * PIECE
ROUNDS = 25
THREADS = 6


class Race:
    """What the restores see of one another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inside: list[int] = []
        self.published: set[int] = set()
        self.wrong: list[str] = []

    def run(self, number: int, choice: random.Random) -> None:
        request = TargetRequest(path=self.path, size_bytes=SIZE, data_bytes=0, overwrite=True)
        for _ in range(ROUNDS):
            with closing(open_target(request, clock=SystemClock(), wait=lambda: None)) as target:
                self.inside.append(number)
                self.write(target, number)
                self.look()
                self.inside.remove(number)
                self.end(target, number, choice)

    def write(self, target: RestoreTarget, number: int) -> None:
        for offset in range(0, SIZE, PIECE):
            target.write_at(offset, memoryview(bytes([number]) * PIECE))

    def look(self) -> None:
        if len(self.inside) > 1:
            self.wrong.append(f"{self.inside} at once")
        found = self.path.read_bytes() if self.path.exists() else b""
        if found not in {b"", *(bytes([number]) * SIZE for number in self.published)}:
            self.wrong.append("a disk that nobody published whole")

    def end(self, target: RestoreTarget, number: int, choice: random.Random) -> None:
        way = choice.choice(["publish", "abandon", "leave"])
        if way == "publish":
            target.publish()
            self.published.add(number)
        elif way == "abandon":
            target.abandon()


def test_one_restore_at_a_time_has_the_path_and_the_disk_is_always_whole(
    tmp_path: Path, entropy_seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "POLL_SECONDS", 0.001)
    race = Race(tmp_path / "os.raw")
    threads = [threading.Thread(target=race.run, args=(number, random.Random(entropy_seed + number))) for number in range(1, THREADS + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert race.wrong == []
    assert race.published
    assert {entry.name for entry in tmp_path.iterdir()} <= {"os.raw", "os.raw.restoring"}
