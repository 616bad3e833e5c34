"""The catalogue log over deaths: die before and after each act of its writer; no gap, nothing acknowledged missing, rows and log agree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farpoint.bucket.names import CATALOGUE, entry_name
from farpoint.metadata import catalogue, disks
from farpoint.services.disks import AttachRequest, attach_disk
from farpoint.testing.catalogue_fold import check_log
from farpoint.testing.effects import KilledError
from farpoint.testing.ground import Ground
from farpoint.testing.journeys import BRIEF
from farpoint.testing.regions import SmallRegion
from farpoint.testing.stage import GROUP, Stage, wanted_disk

#: What a write costs: its own rows; then the log's bytes are kept, put, and recorded.
ACTS = ["commit", "commit", "put catalogue", "commit"]


@pytest.fixture
def region(tmp_path: Path) -> Iterator[SmallRegion]:
    """Make a region whose log has an entry already."""
    stage = Stage(tmp_path / "stage", seed=7)
    stage.east.context.catalogue.open()
    stage.east.effects.reset()
    yield stage.east
    stage.stop()


def write(region: SmallRegion, name: str) -> None:
    """Do what a PUT of a disk does until it is answered."""
    path = region.pool / f"{name}.raw"
    path.write_bytes(bytes(4096))
    attach_disk(region.context, AttachRequest(disk=wanted_disk(name, path, location=region.name)))
    region.context.catalogue.settle()


def die(region: SmallRegion, *, before: int | None = None, after: int | None = None) -> None:
    """Write a disk, and die at one act of it."""
    region.effects.before = lambda number, _name: region.effects.kill() if number == before else None
    region.effects.after = lambda number, _name: region.effects.kill() if number == after else None
    with pytest.raises(KilledError):
        write(region, "victim")


def start_again(region: SmallRegion) -> None:
    region.restart()
    region.context.catalogue.open()


def check(region: SmallRegion) -> None:
    check_log(region.vault.catalogue, region.database)
    assert region.second_writers == []


def has_disk(region: SmallRegion, name: str) -> bool:
    with region.database.read() as conn:
        return disks.get_disk(conn, group=GROUP, name=name) is not None


def test_a_write_costs_two_transactions_and_one_put_more(region: SmallRegion) -> None:
    write(region, "first")
    assert region.effects.names == ACTS


@pytest.mark.parametrize("number", range(len(ACTS)))
def test_a_region_that_dies_before_an_act_goes_on(region: SmallRegion, number: int) -> None:
    write(region, "first")
    region.effects.reset()
    die(region, before=number)
    start_again(region)
    check(region)
    assert has_disk(region, "victim") == (number > 0)
    write(region, "last")
    check(region)


@pytest.mark.parametrize("number", range(len(ACTS)))
def test_a_region_that_dies_after_an_act_goes_on(region: SmallRegion, number: int) -> None:
    write(region, "first")
    region.effects.reset()
    die(region, after=number)
    start_again(region)
    check(region)
    assert has_disk(region, "victim")
    write(region, "last")
    check(region)


def test_a_region_that_dies_while_it_recovers_goes_on(region: SmallRegion) -> None:
    die(region, before=2)
    for act in range(2):
        region.restart()
        region.effects.kill_before(act)
        with pytest.raises(KilledError):
            region.context.catalogue.open()
    start_again(region)
    check(region)


def test_an_entry_torn_by_a_crash_is_replaced_by_the_same_bytes(region: SmallRegion) -> None:
    die(region, before=2)
    with region.database.read() as conn:
        batch = catalogue.stored_batch(conn)
    assert batch is not None
    region.bucket.put(entry_name(1, batch.seq), [batch.object[:100]])
    start_again(region)
    assert region.bucket.get(entry_name(1, batch.seq)) == batch.object
    check(region)


def test_a_death_after_the_torn_entry_is_removed_loses_nothing(region: SmallRegion) -> None:
    die(region, before=2)
    with region.database.read() as conn:
        batch = catalogue.stored_batch(conn)
    assert batch is not None
    region.bucket.put(entry_name(1, batch.seq), [b""])
    region.restart()
    region.effects.after = lambda _number, name: region.effects.kill() if name == "delete catalogue" else None
    with pytest.raises(KilledError):
        region.context.catalogue.open()
    start_again(region)
    check(region)


@pytest.mark.parametrize("journey", BRIEF)
def test_the_log_of_a_whole_journey_folds_to_the_rows(ground: Ground, journey: str) -> None:
    trial = ground.trial(journey)
    for region in trial.journey.stage.regions:
        region.context.catalogue.open()
    trial.finish()
    for region in trial.journey.stage.regions:
        region.context.catalogue.settle()
        check(region)
        assert [info.name for info in region.bucket.list(CATALOGUE)] != []
