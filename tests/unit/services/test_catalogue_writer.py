"""The writer of the catalogue log: what is settled is in the bucket, whoever waits shares, and nobody writes beside it."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from farpoint.bucket.names import entry_name, epoch_name
from farpoint.clock import SystemClock
from farpoint.errors import Code, OutOfSpaceError, RefusedError, SecondWriterError, UnavailableError
from farpoint.metadata import catalogue, disks, groups
from farpoint.metadata.database import Database
from farpoint.model.ids import GroupId, RegionId
from farpoint.model.resources import ResourceGroup
from farpoint.services.catalogue import CHANGES_MAX, CatalogueWriter
from farpoint.testing.catalogue_fold import check_log, fold
from farpoint.testing.example_rows import example_disk, guid
from farpoint.testing.new_database import lay_database
from farpoint.testing.small_vault import SmallVault

PATIENCE_SECONDS = 60.0


@frozen
class Desk:
    """A writer with its database and its vault."""

    writer: CatalogueWriter
    database: Database
    vault: SmallVault
    #: What would have ended the process.
    second_writers: list[SecondWriterError]

    def put(self, *numbers: int) -> None:
        """Commit groups of these numbers."""
        with self.database.write() as conn:
            for number in numbers:
                groups.put_group(
                    conn, ResourceGroup(id=GroupId(guid(number)), name=f"g{number}", location="eastus"), origin=RegionId(guid(100))
                )

    def entry(self, seq: int) -> bytes | None:
        return self.vault.memory.objects.get(entry_name(1, seq))

    def check(self) -> None:
        check_log(self.vault.vault.catalogue, self.database)

    @property
    def length(self) -> int:
        return len(list(self.vault.vault.catalogue.entries()))


def desk_at(path: Path, vault: SmallVault) -> Desk:
    database = Database.open_sqlite(lay_database(path))
    second_writers: list[SecondWriterError] = []
    writer = CatalogueWriter(database=database, log=vault.vault.catalogue, epoch=1, stop=second_writers.append)
    return Desk(writer, database, vault, second_writers)


@pytest.fixture
def vault(entropy_seed: int) -> SmallVault:
    return SmallVault("eastus", seed=entropy_seed)


@pytest.fixture
def desk(tmp_path: Path, vault: SmallVault) -> Iterator[Desk]:
    desk = desk_at(tmp_path / "metadata.sqlite", vault)
    yield desk
    desk.database.close()


def full() -> OutOfSpaceError:
    return OutOfSpaceError("the bucket is full", needed_bytes=2, free_bytes=1)


def fill(vault: SmallVault) -> None:
    """Let no more entries in."""

    def refuse(verb: str, name: str) -> None:
        if verb == "put" and name.startswith("catalogue/"):
            raise full()

    vault.memory.before = refuse


def make_room(vault: SmallVault) -> None:
    vault.memory.before = lambda _verb, _name: None


# What is settled is in the bucket


def test_a_settled_change_is_in_the_bucket_and_recorded(desk: Desk) -> None:
    desk.put(1, 2)
    desk.writer.settle()
    assert desk.length == 1
    desk.check()


def test_settling_with_nothing_to_do_writes_nothing(desk: Desk) -> None:
    desk.put(1)
    desk.writer.settle()
    desk.writer.settle()
    assert desk.length == 1


def test_each_entry_follows_the_one_before(desk: Desk) -> None:
    for number in range(1, 5):
        desk.put(number)
        desk.writer.settle()
    assert desk.length == 4
    desk.check()


def test_a_resource_that_came_and_went_unseen_is_recorded_as_deleted(desk: Desk) -> None:
    with desk.database.write() as conn:
        disks.insert_disk(conn, example_disk())
        disks.delete_disk(conn, example_disk().id)
    desk.writer.settle()
    [entry] = desk.vault.vault.catalogue.entries()
    assert [(change.guid, change.resource) for change in entry.changes] == [(example_disk().id, None)]
    desk.check()


def test_more_changes_than_an_entry_holds_are_all_written(desk: Desk) -> None:
    desk.put(*range(2 * CHANGES_MAX + 1))
    desk.writer.settle()
    assert [len(entry.changes) for entry in desk.vault.vault.catalogue.entries()] == [CHANGES_MAX, CHANGES_MAX, 1]
    desk.check()


def test_writers_that_wait_while_an_entry_is_written_share_the_next_one(desk: Desk) -> None:
    writing, go_on = threading.Event(), threading.Event()

    def wait(verb: str, _name: str) -> None:
        if verb == "put" and not writing.is_set():
            writing.set()
            assert go_on.wait(PATIENCE_SECONDS)

    desk.vault.memory.before = wait
    committed = threading.Barrier(9)

    def write(number: int) -> None:
        desk.put(number)
        committed.wait(PATIENCE_SECONDS)
        desk.writer.settle()

    desk.put(0)
    threads = [threading.Thread(target=desk.writer.settle), *(threading.Thread(target=write, args=(number,)) for number in range(1, 9))]
    threads[0].start()
    assert writing.wait(PATIENCE_SECONDS)
    for thread in threads[1:]:
        thread.start()
    committed.wait(PATIENCE_SECONDS)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert [len(entry.changes) for entry in desk.vault.vault.catalogue.entries()] == [1, 8]
    desk.check()


def test_changes_that_nobody_waits_for_are_written_soon(desk: Desk) -> None:
    written, stopping = threading.Event(), threading.Event()
    desk.vault.memory.before = lambda verb, _name: written.set() if verb == "put" else None
    thread = threading.Thread(target=desk.writer.follow, args=(SystemClock(), stopping))
    thread.start()
    desk.put(1)
    assert written.wait(PATIENCE_SECONDS)
    stopping.set()
    desk.database.committed.set()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    desk.writer.settle()
    desk.check()


# A log that cannot be written


def test_while_the_log_cannot_be_written_nothing_is_settled_and_nothing_may_start(desk: Desk) -> None:
    desk.writer.refuse_when_stuck()
    fill(desk.vault)
    desk.put(1)
    with pytest.raises(UnavailableError, match="the bucket is full") as refusal:
        desk.writer.settle()
    assert refusal.value.code is Code.CATALOGUE_UNAVAILABLE
    with pytest.raises(UnavailableError, match="Nothing was started") as refusal:
        desk.writer.refuse_when_stuck()
    assert refusal.value.code is Code.CATALOGUE_UNAVAILABLE
    make_room(desk.vault)
    desk.writer.settle()
    desk.writer.refuse_when_stuck()
    desk.check()


def test_a_retry_puts_the_bytes_of_the_first_attempt_and_later_changes_go_into_the_next_entry(desk: Desk) -> None:
    fill(desk.vault)
    desk.put(1)
    with pytest.raises(UnavailableError):
        desk.writer.settle()
    with desk.database.read() as conn:
        batch = catalogue.stored_batch(conn)
    assert batch is not None
    make_room(desk.vault)
    desk.put(2)
    desk.writer.settle()
    assert desk.entry(1) == batch.object
    assert desk.length == 2
    desk.check()


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_a_torn_entry_of_an_earlier_attempt_is_replaced(desk: Desk, kept: int) -> None:
    fill(desk.vault)
    desk.put(1)
    with pytest.raises(UnavailableError):
        desk.writer.settle()
    with desk.database.read() as conn:
        batch = catalogue.stored_batch(conn)
    assert batch is not None
    desk.vault.memory.objects[entry_name(1, 1)] = batch.object[:kept]
    make_room(desk.vault)
    desk.writer.settle()
    assert desk.entry(1) == batch.object
    desk.check()


# Two writers, and states that do not belong together


def test_a_second_writer_on_the_log_is_stopped_and_the_first_goes_on(desk: Desk, tmp_path: Path, vault: SmallVault) -> None:
    desk.put(1)
    desk.writer.settle()
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "metadata.sqlite", tmp_path / "copy/metadata.sqlite")
    shutil.copy(tmp_path / "metadata.sqlite-wal", tmp_path / "copy/metadata.sqlite-wal")
    second = desk_at(tmp_path / "copy/metadata.sqlite", vault)
    desk.put(2)
    desk.writer.settle()
    first_wrote = desk.entry(2)
    second.put(3)
    with pytest.raises(SecondWriterError, match="catalogue/1/2"):
        second.writer.settle()
    assert [error.code for error in second.second_writers] == [Code.SECOND_WRITER]
    assert desk.entry(2) == first_wrote
    desk.put(4)
    desk.writer.settle()
    assert desk.second_writers == []
    desk.check()
    second.database.close()


def test_a_database_restored_from_an_old_copy_is_refused_at_the_start(desk: Desk, tmp_path: Path, vault: SmallVault) -> None:
    desk.put(1)
    desk.writer.settle()
    desk.database.close()
    shutil.copy(tmp_path / "metadata.sqlite", tmp_path / "old.sqlite")
    newer = desk_at(tmp_path / "metadata.sqlite", vault)
    newer.put(2)
    newer.writer.settle()
    newer.database.close()
    old = desk_at(tmp_path / "old.sqlite", vault)
    with pytest.raises(RefusedError, match="old copy") as refusal:
        old.writer.open()
    assert refusal.value.code is Code.CONFIGURATION
    old.database.close()


def test_an_old_copy_that_was_made_while_an_entry_was_on_its_way_is_refused_too(desk: Desk, tmp_path: Path, vault: SmallVault) -> None:
    fill(vault)
    desk.put(1)
    with pytest.raises(UnavailableError):
        desk.writer.settle()
    desk.database.close()
    shutil.copy(tmp_path / "metadata.sqlite", tmp_path / "old.sqlite")
    make_room(vault)
    newer = desk_at(tmp_path / "metadata.sqlite", vault)
    newer.put(2)
    newer.writer.settle()
    newer.database.close()
    old = desk_at(tmp_path / "old.sqlite", vault)
    with pytest.raises(RefusedError, match="old copy"):
        old.writer.open()
    old.database.close()


@pytest.mark.parametrize("lost", [1, 2])
def test_a_bucket_put_back_to_an_older_state_is_refused_at_the_start(desk: Desk, lost: int) -> None:
    for number in (1, 2):
        desk.put(number)
        desk.writer.settle()
    for seq in range(3 - lost, 3):
        del desk.vault.memory.objects[entry_name(1, seq)]
    with pytest.raises(RefusedError, match="older state") as refusal:
        desk.writer.open()
    assert refusal.value.code is Code.CONFIGURATION


def test_a_damaged_last_entry_keeps_nobody_from_going_on(desk: Desk) -> None:
    desk.put(1)
    desk.writer.settle()
    desk.vault.memory.objects[entry_name(1, 1)] = b"rot"
    desk.writer.open()
    desk.put(2)
    desk.writer.settle()
    assert desk.vault.vault.catalogue.has_entry(1, 2)


def test_opening_writes_what_an_earlier_process_left(desk: Desk) -> None:
    fill(desk.vault)
    desk.put(1)
    with pytest.raises(UnavailableError):
        desk.writer.settle()
    desk.put(2)
    make_room(desk.vault)
    desk.writer.open()
    assert len(fold(desk.vault.vault.catalogue)) == 2
    desk.check()


def test_opening_with_a_full_bucket_lets_people_read_and_nobody_write(desk: Desk) -> None:
    fill(desk.vault)
    desk.put(1)
    desk.writer.open()
    with pytest.raises(UnavailableError):
        desk.writer.refuse_when_stuck()


def test_the_log_begins_in_the_first_epoch_of_the_vault(desk: Desk) -> None:
    desk.put(1)
    desk.writer.settle()
    assert {name for name in desk.vault.memory.objects if name.startswith(("epochs/", "catalogue/"))} == {epoch_name(1), entry_name(1, 1)}
