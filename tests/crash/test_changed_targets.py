"""A target that somebody changed while no restore had its lock: what an earlier run wrote is proved before anything leans on it."""

import pytest

from farpoint.testing.effects import Effects
from farpoint.testing.ground import Ground
from farpoint.testing.stage import BLOCK_BYTES, OS_BLOCKS

#: Offsets in what the first checkpoint covers: the first byte, one inside a data block, one that is a hole.
PLACES = (0, OS_BLOCKS[0] * BLOCK_BYTES + 77, (OS_BLOCKS[0] + 1) * BLOCK_BYTES)


def fail(effects: Effects, number: int) -> None:
    def once(at: int, _name: str) -> None:
        if at == number:
            raise OSError(5, "the disk is gone for a moment")

    effects.before = once


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ended", ["killed", "failed"])
def test_a_restore_does_not_go_on_from_bytes_that_are_not_its_own(ground: Ground, ended: str, place: int) -> None:
    names = ground.trial("restoreDisk").clean_run()
    trial = ground.trial("restoreDisk")
    last_write = max(number for number, name in enumerate(names) if name == "write")
    if ended == "killed":
        trial.region.effects.kill_before(last_write)
        assert not trial.run()
        trial.recover()
    else:
        fail(trial.region.effects, last_write)
        assert trial.run()
    restoring = trial.region.pool / "new.raw.restoring"
    with restoring.open("r+b") as file:
        file.seek(place)
        before = file.read(1)
        file.seek(place)
        file.write(bytes([before[0] ^ 1]))
    if ended == "killed":
        trial.finish()
    else:
        trial.finish_after_failure()
