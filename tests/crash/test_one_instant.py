"""A capture shows its disks at one instant: what was read before a kill never enters a map of a later one."""

import threading

import pytest

from farpoint.errors import SupersededError
from farpoint.testing.crash import Trial
from farpoint.testing.ground import Ground
from farpoint.testing.invariants import check_region, manifests
from farpoint.testing.point_contents import find_point, read_point
from farpoint.testing.stage import DATA_BLOCKS, DATA_BYTES, OS_BLOCKS, OS_BYTES, Stage


def change_disks(stage: Stage) -> dict[str, bytes]:
    """Write other contents to some blocks of both disks, data and zeros, and return what the disks hold now."""
    stage.write_blocks("os", OS_BYTES, OS_BLOCKS[1:4])
    stage.write_blocks("data", DATA_BYTES, DATA_BLOCKS[1:])
    with stage.disk_path("os").open("r+b") as file:
        file.write(bytes(4096))
    return {disk: stage.disk_path(disk).read_bytes() for disk in ("os", "data")}


def shown(stage: Stage) -> dict[str, bytes]:
    return read_point(stage.east, "web01", "rp1")


@pytest.mark.parametrize("remember", [True, False], ids=["remembered", "forgotten"])
def test_a_capture_killed_while_it_reads_shows_only_what_the_disks_hold_at_the_next_instant(ground: Ground, remember: bool) -> None:
    names = ground.trial("createPoint", remember=remember).clean_run()
    # Its last commit makes the states of the capture durable.
    captured = names.index("remember") - 1 if remember else names.index("put manifests") - 4
    for number in range(2, captured, 3):
        trial = ground.trial("createPoint", remember=remember)
        trial.region.effects.kill_before(number)
        assert not trial.run()
        trial.recover()
        now = change_disks(trial.journey.stage)
        trial.journey.stage.captured["rp1"] = now
        trial.finish()
        assert shown(trial.journey.stage) == now


def test_a_capture_whose_commit_was_forgotten_shows_one_instant_in_rows_and_manifest(ground: Ground) -> None:
    """The manifest is the commit: a run that does not remember it captures anew, finds it, and the rows follow it."""
    names = ground.trial("createPoint", remember=False).clean_run()
    trial = ground.trial("createPoint", remember=False)
    before = dict(trial.journey.stage.captured["rp1"])
    trial.region.effects.kill_before(names.index("put manifests") + 1)
    assert not trial.run()
    trial.recover()
    change_disks(trial.journey.stage)
    trial.journey.stage.captured["rp1"] = before
    trial.finish()
    assert shown(trial.journey.stage) == before


def test_a_commit_of_a_run_that_was_taken_over_is_the_commit_of_whoever_took_over(ground: Ground) -> None:
    """The first worker stands still right before its manifest; the second captures anew and gets as far; then the first goes on."""
    trial = ground.trial("createPoint", remember=False)
    before = dict(trial.journey.stage.captured["rp1"])
    both = Standstill(trial)
    both.run_first()
    change_disks(trial.journey.stage)
    trial.run()
    trial.journey.stage.captured["rp1"] = before
    assert isinstance(both.first_error, SupersededError)
    assert shown(trial.journey.stage) == before
    check_region(trial.region)
    found = find_point(trial.region, "web01", "rp1")
    assert found is not None
    assert [manifest.id for manifest in manifests(trial.region) if manifest.id == found[0].manifest] == [found[0].manifest]


class Standstill:
    """Two workers, the first of which waits in front of its manifest until the second is there too."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._arrived = threading.Event()
        self._go_on = threading.Event()
        self._first = threading.Thread(target=self._work, name="first-worker")
        self.first_error: BaseException | None = None

    def run_first(self) -> None:
        """Run the first worker up to its manifest."""
        self._trial.region.effects.before = self._stop
        self._first.start()
        assert self._arrived.wait(20)

    def _stop(self, _number: int, name: str) -> None:
        if name != "put manifests":
            return
        if threading.current_thread() is self._first:
            self._arrived.set()
            assert self._go_on.wait(20)
        elif self._first.is_alive():
            self._go_on.set()
            self._first.join(20)

    def _work(self) -> None:
        try:
            self._trial.region.run(self._trial.operation)
        except SupersededError as error:
            self.first_error = error
