"""Every step of every workflow: die before it, die after it, let it fail, let it fail unexpectedly, repeat it, lose its claim."""

from collections.abc import Callable

import pytest
from attrs import evolve

from farpoint.errors import Code, FarpointError, UnavailableError
from farpoint.model.operations import OperationState
from farpoint.testing.crash import Trial
from farpoint.testing.fingerprint import Fingerprint, changes
from farpoint.testing.ground import Ground
from farpoint.testing.journeys import BRIEF
from farpoint.workflows.bench import Work
from farpoint.workflows.recipe import Recipe, Step
from farpoint.workflows.recipes import RECIPES

#: Does a step in some disturbed way: told the trial, the real action and its work.
Disturb = Callable[[Trial, Callable[[Work], str], Work], str]
#: Steps after which nothing may turn back: what was published stays.
PUBLISHED = {"createPoint": 3, "copyPoint": 5}
STEPS = [(journey, number) for journey, count in {
    "createPoint": 3, "copyPoint": 7, "restoreDisk": 1, "restoreDiskOverOther": 1, "deletePoint": 2,
    "deleteCollection": 2, "deleteGroup": 3, "copyDisk": 1, "deleteSnapshot": 2, "verifyPoint": 1, "verifyPointFull": 1, "verifyDisk": 1,
}.items() for number in range(count)]  # fmt: skip
every_step = pytest.mark.parametrize(("journey", "number"), STEPS)


def recipe_of(trial: Trial) -> Recipe:
    return RECIPES[trial.region.operation(trial.operation).kind]


def disturbed(trial: Trial, number: int, disturb: Disturb) -> Recipe:
    """Return the operation's recipe with one step disturbed."""
    recipe = recipe_of(trial)
    step = recipe.steps[number]
    changed = Step(step.name, lambda work: disturb(trial, step.act, work))
    return evolve(recipe, steps=(*recipe.steps[:number], changed, *recipe.steps[number + 1 :]))


def test_every_step_of_every_recipe_is_disturbed(ground: Ground) -> None:
    for journey in BRIEF:
        trial = ground.trial(journey)
        assert len(recipe_of(trial).steps) == len([name for name, _ in STEPS if name == journey])


@every_step
def test_a_run_that_dies_before_a_step_is_continued(ground: Ground, journey: str, number: int) -> None:
    def die(trial: Trial, _act: Callable[[Work], str], _work: Work) -> str:
        trial.region.effects.kill()
        raise AssertionError

    trial = ground.trial(journey, remember=False)
    assert not trial.run(disturbed(trial, number, die))
    trial.recover()
    trial.finish()


@every_step
def test_a_run_that_dies_after_a_step_is_continued(ground: Ground, journey: str, number: int) -> None:
    def do_and_die(trial: Trial, act: Callable[[Work], str], work: Work) -> str:
        act(work)
        trial.region.effects.kill()
        raise AssertionError

    trial = ground.trial(journey, remember=True)
    assert not trial.run(disturbed(trial, number, do_and_die))
    trial.recover()
    trial.finish()


@every_step
def test_a_step_that_fails_ends_the_operation_and_asking_again_works(ground: Ground, journey: str, number: int) -> None:
    def fail(_trial: Trial, _act: Callable[[Work], str], _work: Work) -> str:
        raise UnavailableError(Code.INTERNAL, "the moon is in the way")

    trial = ground.trial(journey)
    assert trial.run(disturbed(trial, number, fail))
    check_failure(trial, journey, number, code=Code.INTERNAL, message="the moon is in the way")


@every_step
def test_a_step_that_fails_after_its_work_ends_the_operation_and_asking_again_works(ground: Ground, journey: str, number: int) -> None:
    def do_and_fail(_trial: Trial, act: Callable[[Work], str], work: Work) -> str:
        act(work)
        raise FarpointError(Code.KEY_UNAVAILABLE, "the key fell into the sea")

    trial = ground.trial(journey)
    last = number == len(recipe_of(trial).steps) - 1
    if last:
        # The operation has ended: there is nothing left to fail, and a run that tries is told so.
        trial.run_superseded(disturbed(trial, number, do_and_fail))
        trial.finish()
        return
    assert trial.run(disturbed(trial, number, do_and_fail))
    check_failure(trial, journey, number + 1, code=Code.KEY_UNAVAILABLE, message="the key fell into the sea")


@every_step
def test_a_step_that_fails_unexpectedly_ends_the_operation_without_leaking_values(ground: Ground, journey: str, number: int) -> None:
    def fail(_trial: Trial, _act: Callable[[Work], str], _work: Work) -> str:
        raise RuntimeError("secret value")

    trial = ground.trial(journey)
    assert trial.run(disturbed(trial, number, fail))
    check_failure(trial, journey, number, code=Code.INTERNAL, message="unexpected RuntimeError")


@every_step
def test_a_step_that_is_repeated_does_nothing_more(ground: Ground, journey: str, number: int) -> None:
    def twice(_trial: Trial, act: Callable[[Work], str], work: Work) -> str:
        act(work)
        return act(work)

    trial = ground.trial(journey)
    last = number == len(recipe_of(trial).steps) - 1
    if last:
        trial.run_superseded(disturbed(trial, number, twice))
    else:
        assert trial.run(disturbed(trial, number, twice))
    trial.finish()


@every_step
def test_a_step_that_lost_its_claim_changes_nothing(ground: Ground, journey: str, number: int) -> None:
    seen: list[Fingerprint] = []

    def lose(trial: Trial, act: Callable[[Work], str], work: Work) -> str:
        trial.take_over()
        seen.append(trial.durable())
        return act(work)

    trial = ground.trial(journey)
    trial.run_superseded(disturbed(trial, number, lose))
    assert changes(seen[0], trial.durable()) == []
    assert trial.state is OperationState.RUNNING
    trial.finish()


def check_failure(trial: Trial, journey: str, number: int, *, code: Code, message: str) -> None:
    """Check an operation whose run failed before step *number*; one that had published goes forward instead."""
    if number >= PUBLISHED.get(journey, 99):
        trial.finish()
        return
    failure = trial.region.operation(trial.operation).failure
    assert failure is not None
    assert failure.code == code.value
    assert message in failure.message
    assert "secret" not in failure.message
    trial.finish_after_failure()
