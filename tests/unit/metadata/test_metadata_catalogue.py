"""The catalogue log's rows: what waits, what is on its way, what was published."""

import pytest

from farpoint.metadata.catalogue import (
    Batch,
    Head,
    changes_after,
    has_work,
    head,
    mark_changed,
    newest_object,
    record_batch,
    store_batch,
    stored_batch,
    waiting,
)
from farpoint.metadata.connection import Connection
from farpoint.model.catalogue import Change, ResourceKind
from farpoint.testing.example_rows import guid

DISK = ResourceKind.DISK


def mark(conn: Connection, *numbers: int) -> None:
    for number in numbers:
        mark_changed(conn, DISK, guid(number), f"/disks/d{number}")


def publish(conn: Connection, seq: int, *, deleted: bool = False) -> None:
    store_batch(conn, Batch(seq=seq, object=b"bytes"), [(one, deleted) for one in waiting(conn, 100)])
    record_batch(conn, Head(seq=seq, digest=bytes([seq])))


def change(seq: int, number: int, *, deleted: bool = False) -> Change:
    return Change(seq=seq, kind=DISK, guid=guid(number), arm_path=f"/disks/d{number}", deleted=deleted)


def test_a_new_log_has_no_head_no_work_and_no_changes(conn: Connection) -> None:
    assert (head(conn), newest_object(conn), stored_batch(conn), has_work(conn)) == (0, None, None, False)
    assert changes_after(conn, 0, 10) == []


def test_repeated_changes_of_a_resource_wait_as_one_in_the_order_of_the_first(conn: Connection) -> None:
    mark(conn, 1, 2, 1)
    assert [one.guid for one in waiting(conn, 10)] == [guid(1), guid(2)]


def test_only_as_many_changes_are_taken_as_asked_for_and_the_oldest_first(conn: Connection) -> None:
    mark(conn, 3, 1, 2)
    assert [one.guid for one in waiting(conn, 2)] == [guid(3), guid(1)]


def test_a_change_made_while_the_last_one_is_on_its_way_waits_for_the_next_batch(conn: Connection) -> None:
    mark(conn, 1)
    store_batch(conn, Batch(seq=1, object=b"bytes"), [(one, False) for one in waiting(conn, 10)])
    assert waiting(conn, 10) == []
    mark(conn, 1)
    assert [one.guid for one in waiting(conn, 10)] == [guid(1)]
    record_batch(conn, Head(seq=1, digest=b"hash"))
    assert [one.guid for one in waiting(conn, 10)] == [guid(1)]


def test_what_is_on_its_way_is_not_published(conn: Connection) -> None:
    mark(conn, 1)
    publish(conn, 1)
    mark(conn, 1)
    store_batch(conn, Batch(seq=2, object=b"bytes"), [(one, True) for one in waiting(conn, 10)])
    assert has_work(conn)
    assert head(conn) == 1
    assert changes_after(conn, 0, 10) == [change(1, 1)]


def test_a_recorded_batch_is_the_head_and_its_changes_replace_older_ones(conn: Connection) -> None:
    mark(conn, 1, 2)
    publish(conn, 1)
    mark(conn, 1)
    publish(conn, 2, deleted=True)
    assert newest_object(conn) == Head(seq=2, digest=bytes([2]))
    assert (stored_batch(conn), has_work(conn)) == (None, False)
    assert changes_after(conn, 0, 10) == [change(1, 2), change(2, 1, deleted=True)]
    assert changes_after(conn, 1, 10) == [change(2, 1, deleted=True)]


@pytest.mark.parametrize(("limit", "expected"), [(1, [1, 2, 3]), (3, [1, 2, 3]), (4, [1, 2, 3, 4])])
def test_the_changes_of_one_object_are_never_cut_apart(conn: Connection, limit: int, expected: list[int]) -> None:
    mark(conn, 1, 2, 3)
    publish(conn, 1)
    mark(conn, 4)
    publish(conn, 2)
    assert [one.guid for one in changes_after(conn, 0, limit)] == [guid(number) for number in expected]
