"""Promises of the design (§8) that the long operations keep, by name; 3 and 4 have files of their own (killed_anywhere, source_region)."""

import uuid

import pytest

from farpoint.bucket.names import pack_name
from farpoint.errors import Code, FarpointError
from farpoint.metadata.points import get_point
from farpoint.model.ids import OperationId
from farpoint.model.index import PackKind
from farpoint.model.operations import OperationState
from farpoint.model.resources import CopyState, ProvisioningState
from farpoint.testing.crash import Trial
from farpoint.testing.effects import Hook
from farpoint.testing.ground import Ground
from farpoint.testing.journeys import disk_point_arm_id
from farpoint.testing.memory_bucket import MemoryBucket
from farpoint.testing.point_contents import find_point
from farpoint.testing.regions import CLIENT, SmallRegion
from farpoint.testing.stage import GROUP, point_arm_id

COLLECTIONS = {"createPoint": "web01", "copyPoint": "web01-westus"}


def flip(region: SmallRegion, name: str) -> None:
    """Damage an object in its middle, and start the region anew, so that nothing sound is left in a cache."""
    assert isinstance(region.bucket, MemoryBucket)
    data = region.bucket.objects[name]
    middle = len(data) // 2
    region.bucket.objects[name] = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    region.restart()


@pytest.mark.parametrize("journey", ["restoreDisk", "restoreDiskOverOther", "copyPoint", "verifyPointFull"])
def test_an_operation_may_fail_it_never_returns_wrong_bytes(ground: Ground, journey: str) -> None:
    trial = ground.trial(journey)
    region = trial.region if journey == "verifyPointFull" else trial.journey.stage.east
    kinds = {record.id: record.kind for record in region.vault.index.packs()}
    noticed = set()
    for pack, kind in kinds.items():
        trial = ground.trial(journey)
        flip(region, pack_name(pack))
        assert trial.run()
        failure = trial.region.operation(trial.operation).failure
        if failure is None:
            # Nothing of that pack was needed.
            assert trial.state is OperationState.SUCCEEDED
            if journey != "verifyPointFull":
                trial.journey.check_success()
            continue
        noticed.add(kind)
        assert failure.code == Code.INTEGRITY
        assert failure.place.pack == pack_name(pack)
        if journey != "verifyPointFull":
            trial.journey.check_hidden()
    assert noticed == {PackKind.DATA, PackKind.NODES}


@pytest.mark.parametrize("journey", COLLECTIONS)
def test_no_byte_of_a_point_can_be_restored_or_copied_on_before_publish(ground: Ground, journey: str) -> None:
    trial = ground.trial(journey)
    attempts = Attempts(trial, COLLECTIONS[journey])
    trial.region.effects.before = attempts
    assert trial.run()
    assert trial.state is OperationState.SUCCEEDED
    assert attempts.refused > 10
    # The same attempts succeed once it is published: they were refused for that reason and no other.
    attempts.restore()
    attempts.hold()


class Attempts:
    """Tries to restore from the point and to hold it for a copy, before every effect of the run that makes it."""

    def __init__(self, trial: Trial, collection: str) -> None:
        self._region = trial.region
        self._stage = trial.journey.stage
        self._collection = collection
        self._trying = False
        self.refused = 0

    def __call__(self, _number: int, name: str) -> None:
        found = find_point(self._region, self._collection, "rp1")
        # An attempt that is refused makes effects of its own; a transaction lets nobody else write.
        if self._trying or found is None or found[0].manifest is not None or not found[1]:
            return
        self._trying = True
        for attempt in (self.restore, self.hold):
            with pytest.raises(FarpointError) as caught:
                attempt()
            assert caught.value.code is Code.RESTORE_POINT_NOT_READY
            self.refused += 1
        self._trying = False

    def restore(self) -> None:
        source = disk_point_arm_id(self._region, self._collection, "rp1", "os")
        self._stage.request_restore(self._region, source, name="attempt")

    def hold(self) -> None:
        (other,) = self._region.others.values()
        source = point_arm_id(self._collection, "rp1")
        other.source_of(self._region.name).hold(source_point_id=source, operation=OperationId(uuid.UUID(int=1)), principal=CLIENT)


def test_after_publish_it_only_goes_forward(ground: Ground) -> None:
    journey = "copyPoint"
    names = ground.trial(journey).clean_run()
    # The commit after the manifest is the publish; whatever fails from there on, the point stays.
    for number in range(names.index("put manifests") + 2, len(names)):
        trial = ground.trial(journey)
        trial.source_is_gone = True
        trial.region.effects.before = broken_at(number)
        try:
            trial.region.run(trial.operation, trial.steps())
        except ZeroDivisionError:
            # Between two steps nobody is there to catch it.
            trial.recover()
        trial.finish()
        with trial.region.database.read() as conn:
            point = get_point(conn, group=GROUP, collection="web01-westus", name="rp1")
        assert point is not None
        assert (point.provisioning_state, point.copy_state) == (ProvisioningState.SUCCEEDED, CopyState.SUCCEEDED)


def broken_at(number: int) -> Hook:
    def fail(reached: int, _name: str) -> None:
        if reached == number:
            raise ZeroDivisionError

    return fail
