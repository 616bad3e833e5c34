"""Storage that is full: the operation says what is needed and free, nothing half done is visible, and it goes on after room was made."""

import pytest

from farpoint.errors import Code, OutOfSpaceError
from farpoint.model.operations import OperationKind, OperationState
from farpoint.testing.crash import Trial
from farpoint.testing.effects import Hook
from farpoint.testing.ground import Ground
from farpoint.testing.journeys import BRIEF

NEEDED, FREE = 123_456, 789
#: A point or snapshot whose making failed is in the way of the next attempt.
MAKE_POINTS = {OperationKind.CREATE_POINT, OperationKind.COPY_POINT, OperationKind.CREATE_SNAPSHOT, OperationKind.COPY_SNAPSHOT}


def full() -> OutOfSpaceError:
    return OutOfSpaceError("there is no room", needed_bytes=NEEDED, free_bytes=FREE)


def full_at(number: int) -> Hook:
    def fail(reached: int, _name: str) -> None:
        if reached == number:
            raise full()

    return fail


def full_from(number: int, name: str) -> Hook:
    """Let every effect of that name fail from *number* on."""

    def fail(reached: int, effect: str) -> None:
        if reached >= number and effect == name:
            raise full()

    return fail


def outer_commits(names: list[str]) -> list[int]:
    """Return the commit that enters each step, the one after it, and the last one of the step."""
    ends = [number for number, name in enumerate(names) if name == "remember"]
    steps = [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    commits = [[number for number in step if names[number] == "commit"] for step in steps]
    return sorted({number for own in commits for number in (*own[:2], own[-1])})


def finish(trial: Trial) -> None:
    """Whatever it came to, it came to it cleanly, and asking again works."""
    if trial.state is OperationState.SUCCEEDED:
        trial.finish()
        return
    failure = trial.region.operation(trial.operation).failure
    assert failure is not None
    assert failure.code == Code.OUT_OF_SPACE
    assert f"needed: {NEEDED} bytes, free: {FREE} bytes" in failure.message
    assert ("delete what failed" in failure.hint) == (trial.region.operation(trial.operation).kind in MAKE_POINTS)
    trial.finish_after_failure()


@pytest.mark.parametrize("journey", [name for name in BRIEF if not name.startswith("verify")])
def test_a_bucket_that_is_full_at_any_put_fails_the_operation_and_asking_again_works(ground: Ground, journey: str) -> None:
    names = ground.trial(journey).clean_run()
    for number in [number for number, name in enumerate(names) if name.startswith("put ")]:
        trial = ground.trial(journey)
        trial.region.effects.before = full_at(number)
        assert trial.run()
        # The point was complete when its receipt did not fit: after publish it only goes forward.
        assert (trial.state is OperationState.SUCCEEDED) == (names[number] == "put receipts")
        finish(trial)


def test_a_copy_that_runs_out_of_room_says_how_much_is_left(ground: Ground) -> None:
    told = set()
    for number in outer_commits(ground.trial("copyPoint").clean_run())[1:]:
        trial = ground.trial("copyPoint")
        trial.region.effects.before = full_at(number)
        trial.run()
        operation = trial.region.operation(trial.operation)
        if operation.failure is not None:
            left = operation.progress.bytes_total - operation.progress.bytes_done
            still = f"At least {left} bytes are still to be stored. " if left else ""
            assert operation.failure.hint.startswith(f"{still}Make room, delete what failed,")
            told.add(left > 0)
    assert told == {False, True}


def test_a_target_disk_that_is_full_at_any_write_fails_the_restore_and_asking_again_goes_on(ground: Ground) -> None:
    names = ground.trial("restoreDisk").clean_run()
    for number in [number for number, name in enumerate(names) if name in ("write", "sync", "publish disk")]:
        trial = ground.trial("restoreDisk")
        trial.region.effects.before = full_at(number)
        assert trial.run()
        finish(trial)


@pytest.mark.parametrize("journey", BRIEF)
def test_a_database_that_is_full_at_any_commit_fails_the_operation_and_asking_again_works(ground: Ground, journey: str) -> None:
    names = ground.trial(journey).clean_run()
    for number in outer_commits(names)[1:]:
        trial = ground.trial(journey)
        trial.tolerate_resending()
        trial.region.effects.before = full_at(number)
        assert trial.run()
        finish(trial)


@pytest.mark.parametrize("journey", BRIEF)
def test_an_operation_that_cannot_even_record_its_failure_begins_again_when_there_is_room(ground: Ground, journey: str) -> None:
    names = ground.trial(journey).clean_run()
    for number in outer_commits(names)[::2]:
        trial = ground.trial(journey)
        trial.region.effects.before = full_from(number, "commit")
        with pytest.raises(OutOfSpaceError):
            trial.run()
        assert trial.state is OperationState.RUNNING
        trial.tolerate_resending()
        trial.recover()
        trial.finish()
