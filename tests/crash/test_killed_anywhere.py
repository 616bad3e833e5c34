"""Promise 3: kill -9 anywhere, any number of times: the work ends well after restart, and at most one window is sent again.

Every run is killed right before one of its outside effects: a put, a commit, a call to the peer, a write to a disk, or remembering
that a step is done. What is durable then is also what a kill right after the effect before leaves.
"""

import pytest

from farpoint.errors import FarpointError
from farpoint.testing.crash import pick_moments
from farpoint.testing.ground import Ground
from farpoint.testing.invariants import check_region
from farpoint.testing.journeys import BRIEF, JOURNEYS


def kill_before_each_effect(ground: Ground, journey: str, *, remember: bool, every: bool) -> None:
    names = ground.trial(journey, remember=remember).clean_run()
    # Remembered and forgotten go the same way up to the kill: of the brief form, half will do for the second.
    for number in pick_moments(names, every=every)[:: 1 if every or remember else 2]:
        trial = ground.trial(journey, remember=remember)
        trial.region.effects.kill_before(number)
        try:
            if not trial.run():
                trial.recover()
            trial.finish()
        except BaseException as error:
            error.add_note(f"killed before effect {number} of {len(names)}: {names[number : number + 1]}, after {names[:number]}")
            raise


def look_after_every_effect(ground: Ground, journey: str) -> None:
    trial = ground.trial(journey)
    broken: list[str] = []

    def look(number: int, name: str) -> None:
        try:
            check_region(trial.region)
        except (AssertionError, FarpointError) as error:
            # Noted rather than raised: a recipe takes any error for one of its step's.
            broken.append(f"after effect {number}, {name}: {error}")

    trial.region.effects.observers.append(look)
    trial.finish()
    assert broken == []


@pytest.mark.parametrize("journey", BRIEF)
def test_the_invariants_hold_after_every_single_effect(ground: Ground, journey: str) -> None:
    look_after_every_effect(ground, journey)


@pytest.mark.parametrize("journey", BRIEF)
def test_killed_before_each_kind_of_effect_the_work_ends_well(ground: Ground, journey: str) -> None:
    kill_before_each_effect(ground, journey, remember=True, every=False)


@pytest.mark.parametrize("journey", BRIEF)
def test_killed_anywhere_with_all_steps_forgotten_the_work_ends_well(ground: Ground, journey: str) -> None:
    kill_before_each_effect(ground, journey, remember=False, every=False)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("remember", [True, False], ids=["remembered", "forgotten"])
@pytest.mark.parametrize("journey", JOURNEYS)
def test_killed_before_every_single_effect_the_work_ends_well(ground: Ground, journey: str, remember: bool) -> None:
    kill_before_each_effect(ground, journey, remember=remember, every=True)


@pytest.mark.long
@pytest.mark.parametrize("journey", [name for name in JOURNEYS if name not in BRIEF])
def test_the_invariants_hold_after_every_single_effect_of_the_others_too(ground: Ground, journey: str) -> None:
    look_after_every_effect(ground, journey)


@pytest.mark.parametrize("journey", BRIEF)
def test_killed_again_and_again_the_work_ends_well(ground: Ground, journey: str) -> None:
    trial = ground.trial(journey)
    deaths = 0
    trial.region.effects.kill_before(deaths)
    while not trial.run():
        trial.recover()
        deaths += 1
        trial.region.effects.kill_before(2 * deaths)
    assert deaths > 1
    trial.finish()
