"""A worker that was taken over: whatever it was about to do, it changes nothing more, and whoever took over ends well."""

import pytest

from farpoint.bucket.names import MANIFESTS
from farpoint.errors import SupersededError
from farpoint.model.operations import OperationState
from farpoint.testing.crash import Trial, pick_moments
from farpoint.testing.fingerprint import Fingerprint, changes
from farpoint.testing.ground import Ground
from farpoint.testing.journeys import BRIEF, JOURNEYS

#: While it is written, a disk is locked: whoever takes over waits, so what is still written into it is not seen by anybody.
LOCKING = ("restoreDisk", "restoreDiskOverOther", "copyDisk")


class Takeover:
    """Takes the operation over right before one effect, if it still runs then."""

    def __init__(self, trial: Trial, number: int, *, finish: bool) -> None:
        """With *finish* the other worker also does the whole operation, while the first one stands still."""
        self._trial = trial
        self._number = number
        self._finish = finish
        self.before: Fingerprint | None = None
        trial.region.effects.before = self

    def __call__(self, number: int, _name: str) -> None:
        if number != self._number or self._trial.state is not OperationState.RUNNING:
            return
        if self._finish:
            self._trial.region.run(self._trial.operation)
        else:
            self._trial.take_over()
        self.before = self._trial.durable()


def run_on(trial: Trial, takeover: Takeover) -> None:
    """Let the first worker go on; when it was taken over, it must notice."""
    try:
        trial.region.run(trial.operation, trial.steps())
    except SupersededError:
        assert takeover.before is not None
        return
    assert takeover.before is None, "a run that was taken over went on as if nothing had happened"


def take_over_at_each(ground: Ground, journey: str, *, finish: bool, every: bool) -> None:
    names = ground.trial(journey).clean_run()
    # Effect 0 is the first worker's own claim.
    for number in pick_moments(names, every=every)[1 : -1 : 1 if every else 2]:
        trial = ground.trial(journey)
        trial.tolerate_resending()
        # A hold that is asked for after the copy has ended is nobody's, and ends by its ticks.
        trial.source_is_gone = finish and names[number] == "ask hold"
        takeover = Takeover(trial, number, finish=finish)
        try:
            run_on(trial, takeover)
            if takeover.before is not None:
                assert [
                    change for change in changes(takeover.before, trial.durable()) if not may_change(change, names[number], journey)
                ] == []
            trial.finish()
        except BaseException as error:
            error.add_note(f"taken over before effect {number} of {len(names)}: {names[number]}, after {names[:number]}")
            raise


def may_change(change: str, effect: str, journey: str) -> bool:
    """Tell whether *change* is what the effect under way at the takeover may still bring about."""
    if journey == "deleteGroup":
        # Two that clear a group delete the same things, and collections go by operations with claims of their own; the group itself stays.
        return change != "table directory_records"
    if change.startswith("disk new.raw"):
        return True
    # Between the last look at the claim and the put: the manifest stands, and whoever took over publishes that one.
    return effect == "put manifests" and change.startswith(f"object {MANIFESTS}")


@pytest.mark.parametrize("journey", [*BRIEF, "restoreDiskOverOther"])
def test_a_run_that_is_taken_over_changes_nothing_more(ground: Ground, journey: str) -> None:
    take_over_at_each(ground, journey, finish=False, every=False)


@pytest.mark.parametrize("journey", ["createPoint", "copyPoint", "deletePoint", "verifyPoint"])
def test_a_run_whose_work_somebody_else_has_finished_changes_nothing_more(ground: Ground, journey: str) -> None:
    take_over_at_each(ground, journey, finish=True, every=False)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_run_that_is_taken_over_anywhere_changes_nothing_more(ground: Ground, journey: str) -> None:
    take_over_at_each(ground, journey, finish=False, every=True)
    if journey not in LOCKING:
        take_over_at_each(ground, journey, finish=True, every=True)
