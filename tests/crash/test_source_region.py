"""A copy and its source: answers that are lost, holds that are lost, a source that is away, restarted, or gone for good."""

import datetime as dt

import pytest
from attrs import evolve

from farpoint.errors import Cause, Code, IntegrityError, UnavailableError
from farpoint.metadata.holds import list_holds, list_receipts, release_hold
from farpoint.model.operations import OperationState
from farpoint.services.points import delete_point
from farpoint.testing.crash import Trial, pick_moments
from farpoint.testing.effects import Hook
from farpoint.testing.ground import Ground
from farpoint.testing.invariants import ended_copies_hold_nothing, ended_operations_left_nothing, manifests
from farpoint.testing.point_contents import find_point
from farpoint.testing.regions import CLIENT, SmallRegion
from farpoint.testing.stage import DATA_BYTES, GROUP, OS_BYTES

CALLS = ("ask hold", "ask nodes", "ask measure", "ask blocks", "take block", "ask release")
FAR_AWAY = UnavailableError(Code.PEER_UNAVAILABLE, "peer eastus does not answer")


def calls_of(names: list[str]) -> list[int]:
    """Return the first and last call of each kind in each step."""
    return [number for number in pick_moments(names, every=False)[:-1] if names[number] in CALLS]


def once(number: int) -> Hook:
    def fail(reached: int, _name: str) -> None:
        if reached == number:
            raise FAR_AWAY

    return fail


def always_after(number: int) -> Hook:
    """Let every call fail from effect *number* on."""

    def fail(reached: int, name: str) -> None:
        if reached >= number and name in CALLS:
            raise FAR_AWAY

    return fail


class WaitingWatch:
    """Sees what a user sees the operation wait for."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.seen: set[str] = set()
        trial.region.effects.observers.append(self)

    def __call__(self, _number: int, name: str) -> None:
        if name == "commit":
            self.seen.add(self._trial.region.operation(self._trial.operation).progress.waiting)


def allow_five_minutes(trial: Trial) -> None:
    """Let the copy time out so long after this moment."""
    age = trial.region.clock.now() - trial.region.operation(trial.operation).created_at
    trial.region.bench = evolve(trial.region.bench, copy_deadline=age + dt.timedelta(minutes=5))


def lose_holds(source: SmallRegion) -> None:
    with source.database.write() as conn:
        for hold in list_holds(conn):
            release_hold(conn, hold.token, None)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_is_lost_is_asked_for_again(ground: Ground, when: str) -> None:
    names = ground.trial("copyPoint").clean_run()
    for number in calls_of(names):
        trial = ground.trial("copyPoint")
        trial.tolerate_resending()
        waiting = WaitingWatch(trial)
        setattr(trial.region.effects, when, once(number))
        # The farewell is not waited for: a hold that is not released ends by its ticks.
        trial.source_is_gone = names[number] == "ask release"
        trial.finish()
        assert any("does not answer" in text for text in waiting.seen) == (names[number] != "ask release")


def test_a_hold_that_is_lost_is_taken_again_and_what_arrived_is_not_sent_twice(ground: Ground) -> None:
    names = ground.trial("copyPoint").clean_run()
    for number in [number for number in calls_of(names) if names[number] not in ("ask hold", "take block")]:
        trial = ground.trial("copyPoint")

        def lose(reached: int, _name: str, at: int = number, east: SmallRegion = trial.journey.stage.east) -> None:
            if reached == at:
                lose_holds(east)

        trial.region.effects.before = lose
        trial.finish()


def test_a_source_that_is_killed_at_any_call_is_waited_for(ground: Ground) -> None:
    names = ground.trial("copyPoint").clean_run()
    for number in calls_of(names):
        trial = ground.trial("copyPoint")
        trial.tolerate_resending()
        source = trial.journey.stage.east

        def die(reached: int, _name: str, at: int = number, east: SmallRegion = source) -> None:
            if reached == at:
                east.restart()
                raise FAR_AWAY

        trial.region.effects.before = die
        trial.source_is_gone = names[number] == "ask release"
        trial.finish()


def test_a_source_that_is_away_for_minutes_is_waited_for_in_full_view(ground: Ground) -> None:
    trial = ground.trial("copyPoint")
    waiting = WaitingWatch(trial)
    back = trial.region.clock.monotonic() + 300

    def away(_number: int, name: str) -> None:
        if name in CALLS and trial.region.clock.monotonic() < back:
            raise FAR_AWAY

    trial.region.effects.before = away
    trial.finish()
    assert any("peer eastus does not answer" in text for text in waiting.seen)
    assert trial.region.clock.monotonic() < back + 60


def test_a_copy_that_has_had_its_time_fails_with_its_percent_and_a_new_request_resends_nothing(ground: Ground) -> None:
    names = ground.trial("copyPoint").clean_run()
    blocks = [number for number, name in enumerate(names) if name == "ask blocks"]
    trial = ground.trial("copyPoint")
    allow_five_minutes(trial)
    trial.region.effects.before = always_after(blocks[-1])
    assert trial.run()
    operation = trial.region.operation(trial.operation)
    assert operation.failure is not None
    assert operation.failure.code == Code.COPY_TIMED_OUT
    assert 0 < operation.failure.percent == operation.progress.percent < 100
    assert (operation.failure.cause, operation.failure.attempts) == (Cause.LIMIT, operation.incarnation)
    # Whatever arrived was kept when the copy ended.
    assert operation.failure.bytes_safe == sum(trial.region.source_of("eastus").sent_bytes) == operation.progress.bytes_done
    trial.region.bench = evolve(trial.region.bench, copy_deadline=dt.timedelta(days=14))
    trial.source_is_gone = True
    trial.finish_after_failure()


def test_a_source_point_that_is_deleted_while_it_is_held_is_copied_all_the_same(ground: Ground) -> None:
    names = ground.trial("copyPoint").clean_run()
    for number in [number for number in calls_of(names) if names[number] != "ask hold"]:
        trial = ground.trial("copyPoint")

        def delete(reached: int, _name: str, at: int = number, east: SmallRegion = trial.journey.stage.east) -> None:
            if reached == at:
                operation = delete_point(east.context, group=GROUP, collection="web01", name="rp1", principal=CLIENT)
                assert operation is not None
                east.run(operation.id)

        trial.region.effects.before = delete
        trial.finish()


def test_a_source_point_that_was_deleted_before_the_hold_ends_the_copy(ground: Ground) -> None:
    trial = ground.trial("copyPoint")
    east = trial.journey.stage.east
    deletion = delete_point(east.context, group=GROUP, collection="web01", name="rp1", principal=CLIENT)
    assert deletion is not None
    east.run(deletion.id)
    assert trial.run()
    failure = trial.region.operation(trial.operation).failure
    assert failure is not None
    assert failure.code == Code.COPY_SOURCE_NOT_FOUND
    trial.journey.check_hidden()


def test_a_copy_that_fails_while_it_plans_again_claims_no_safe_bytes(ground: Ground) -> None:
    """Its list is not whole then: what is missing cannot be counted."""
    names = ground.trial("copyPoint").clean_run()
    trial = ground.trial("copyPoint")
    lost_at = [number for number, name in enumerate(names) if name == "ask blocks"][1]

    def fail(reached: int, name: str) -> None:
        if reached == lost_at:
            lose_holds(trial.journey.stage.east)
        if reached > lost_at and name == "ask measure":
            raise IntegrityError("a made-up chunk is damaged")

    trial.region.effects.before = fail
    assert trial.run()
    failure = trial.region.operation(trial.operation).failure
    assert failure is not None
    assert (failure.code, failure.cause, failure.bytes_safe) == (Code.INTEGRITY, Cause.DAMAGE, None)


def test_another_point_of_the_same_name_is_not_taken_for_the_one_that_was_held(ground: Ground) -> None:
    names = ground.trial("copyPoint").clean_run()
    trial = ground.trial("copyPoint")
    stage = trial.journey.stage
    number = [number for number, name in enumerate(names) if name == "ask blocks"][1]

    def replace(reached: int, _name: str) -> None:
        if reached == number:
            lose_holds(stage.east)
            deletion = delete_point(stage.east.context, group=GROUP, collection="web01", name="rp1", principal=CLIENT)
            assert deletion is not None
            stage.east.run(deletion.id)
            stage.write_blocks("os", OS_BYTES, (0, 5))
            stage.write_blocks("data", DATA_BYTES, (1,))
            stage.create_point("rp1")

    before = dict(stage.captured)
    trial.region.effects.before = replace
    assert trial.run()
    stage.captured.update(before)
    failure = trial.region.operation(trial.operation).failure
    assert failure is not None
    assert failure.code == Code.COPY_SOURCE_NOT_FOUND
    trial.journey.check_hidden()
    ended_operations_left_nothing(trial.region)
    ended_copies_hold_nothing(trial.region)


def test_a_copied_point_needs_nothing_from_its_source(ground: Ground) -> None:
    """Promise 4: from publish on, also to end the operation, with every step forgotten and the source gone for good."""
    names = ground.trial("copyPoint", remember=False).clean_run()
    published = names.index("put manifests") + 2
    for number in range(published, len(names)):
        trial = ground.trial("copyPoint", remember=False)
        trial.region.effects.kill_before(number)
        assert not trial.run()
        trial.recover()
        allow_five_minutes(trial)
        trial.region.effects.before = always_after(0)
        trial.source_is_gone = True
        began = trial.region.clock.monotonic()
        trial.finish()
        assert trial.region.clock.monotonic() < began + 60, "it waited for a source it does not need"


def test_the_source_keeps_the_receipt_of_a_copy(ground: Ground) -> None:
    trial = ground.trial("copyPoint")
    trial.finish()
    east = trial.journey.stage.east
    (manifest,) = manifests(east)
    with east.database.read() as conn:
        assert len(list_receipts(conn, manifest.id)) == 1


def test_a_copy_whose_point_is_deleted_leaves_nothing_behind_and_a_new_one_resends_nothing(ground: Ground) -> None:
    names = ground.trial("copyPoint").clean_run()
    last_blocks = [number for number, name in enumerate(names) if name == "ask blocks"][-1]
    for number in (names.index("ask nodes"), last_blocks, names.index("put manifests") + 1):
        trial = ground.trial("copyPoint")
        trial.region.effects.kill_before(number)
        assert not trial.run()
        trial.recover()
        deletion = delete_point(trial.region.context, group=GROUP, collection="web01-westus", name="rp1", principal=CLIENT)
        assert deletion is not None
        trial.region.run(deletion.id)
        assert trial.state is OperationState.FAILED
        ended_operations_left_nothing(trial.region)
        ended_copies_hold_nothing(trial.region)
        assert find_point(trial.region, "web01-westus", "rp1") is None
        trial.finish_new(trial.journey.stage.request_copy("rp1"))
