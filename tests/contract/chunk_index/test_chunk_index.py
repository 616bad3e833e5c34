"""What every chunk index must do (farpoint.vault.index.ChunkIndex): the one in SQL and the one in memory."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from tests.contract.chunk_index.indexes import LATER, OTHER_SCOPE, SCOPE, Subject, chunk_id, node_id, pack_id, pack_of, place, write

from farpoint.errors import Code, RefusedError, SupersededError
from farpoint.model.ids import OperationId
from farpoint.model.index import NodeRow, PackKind
from farpoint.model.operations import Claim
from farpoint.testing.example_rows import MOMENT, guid
from farpoint.vault.index import ChunkIndex


def test_chunks_of_a_pack_are_found_where_it_put_them(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1), chunk_id(2))
    found = index.find_chunks(SCOPE, [chunk_id(1), chunk_id(2), chunk_id(3)])
    assert found == {chunk_id(1): place(pack, 0), chunk_id(2): place(pack, 1)}


def test_nothing_is_found_for_no_ids(index: ChunkIndex) -> None:
    assert index.find_chunks(SCOPE, []) == {}
    assert index.find_nodes(SCOPE, []) == {}
    assert index.find_packs([]) == {}


def test_nothing_is_found_in_a_scope_that_has_no_pack(index: ChunkIndex) -> None:
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {}


@pytest.mark.parametrize("count", [1, 16, 17, 499, 500, 501, 1700])
def test_any_number_of_ids_is_found_in_one_call(index: ChunkIndex, claim: Claim, count: int) -> None:
    ids = [chunk_id(number) for number in range(count)]
    pack = write(index, claim, pack_of(1), *ids)
    found = index.find_chunks(SCOPE, [*ids, chunk_id(count)])
    assert found == {id: place(pack, frame) for frame, id in enumerate(ids)}


def test_ids_asked_for_twice_are_found_once(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1))
    assert index.find_chunks(SCOPE, [chunk_id(1)] * 3) == {chunk_id(1): place(pack)}


def test_a_chunk_of_one_scope_is_not_found_in_another(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1), chunk_id(1))
    assert index.find_chunks(OTHER_SCOPE, [chunk_id(1)]) == {}


def test_one_id_may_be_a_chunk_and_a_node_and_lie_in_two_scopes(index: ChunkIndex, claim: Claim) -> None:
    data = write(index, claim, pack_of(1), chunk_id(1))
    nodes = write(index, claim, pack_of(2, PackKind.NODES), node_id(1))
    other = write(index, claim, pack_of(3, scope=OTHER_SCOPE), chunk_id(1))
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(data)}
    assert index.find_nodes(SCOPE, [node_id(1)]) == {node_id(1): NodeRow(place(nodes), None)}
    assert index.find_chunks(OTHER_SCOPE, [chunk_id(1)]) == {chunk_id(1): place(other)}


def test_an_id_that_is_present_keeps_its_first_location(index: ChunkIndex, claim: Claim) -> None:
    first = write(index, claim, pack_of(1), chunk_id(1))
    second = write(index, claim, pack_of(2), chunk_id(1), chunk_id(2))
    found = index.find_chunks(SCOPE, [chunk_id(1), chunk_id(2)])
    assert found == {chunk_id(1): place(first), chunk_id(2): place(second, 1)}


def test_an_id_twice_in_one_pack_keeps_the_first_frame(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1), chunk_id(1))
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(pack, 0)}


def test_a_pack_that_is_only_begun_is_not_there(index: ChunkIndex, claim: Claim) -> None:
    index.begin_pack(pack_of(1), claim)
    assert index.find_packs([pack_id(1)]) == {}
    assert list(index.packs()) == []


def test_a_pack_id_is_begun_once(index: ChunkIndex, claim: Claim) -> None:
    index.begin_pack(pack_of(1), claim)
    with pytest.raises(RefusedError) as refusal:
        index.begin_pack(pack_of(1), claim)
    assert refusal.value.code is Code.CONFLICT


def test_a_pack_that_was_never_begun_is_a_bug(index: ChunkIndex, claim: Claim) -> None:
    with pytest.raises(AssertionError, match="was not begun"):
        index.add_pack(pack_of(1), [], claim, checked_at=None)


def test_an_entry_that_names_another_pack_is_a_bug(index: ChunkIndex, claim: Claim) -> None:
    index.begin_pack(pack_of(1), claim)
    with pytest.raises(AssertionError, match="names another pack"):
        index.add_pack(pack_of(1), [(chunk_id(1), place(pack_of(2)))], claim, checked_at=None)
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {}


def test_a_pack_without_entries_is_live(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1))
    assert index.find_packs([pack.id]) == {pack.id: pack}


def test_adding_a_pack_again_changes_nothing(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1))
    index.add_pack(pack, [(chunk_id(1), place(pack))], claim, checked_at=None)
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(pack)}
    assert index.oldest_check([pack.id]) == MOMENT


def test_find_packs_returns_the_record_with_the_final_size(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1, PackKind.NODES, OTHER_SCOPE), node_id(1))
    assert index.find_packs([pack.id, pack_id(2)]) == {pack.id: pack}


def test_packs_come_in_the_order_they_were_begun(index: ChunkIndex, claim: Claim) -> None:
    written = [write(index, claim, pack_of(number)) for number in (3, 1, 2)]
    assert list(index.packs()) == written


def test_packs_of_one_operation_are_told_apart(subject: Subject, claim: Claim) -> None:
    write(subject.index, claim, pack_of(1))
    other = subject.claim(OperationId(guid(2)))
    mine = write(subject.index, other, pack_of(2))
    assert list(subject.index.packs(claim_operation=str(other.operation))) == [mine]


def test_packs_may_be_written_while_they_are_iterated(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1))
    seen = index.packs()
    first = next(seen)
    write(index, claim, pack_of(2))
    assert first == pack_of(1)
    assert all(pack == pack_of(2) for pack in seen)


def test_a_pack_added_without_a_check_is_unchecked_until_it_is_marked(index: ChunkIndex, claim: Claim) -> None:
    checked = write(index, claim, pack_of(1))
    unchecked = write(index, claim, pack_of(2), checked_at=None)
    assert index.unchecked_packs([checked.id, unchecked.id]) == {unchecked.id}
    index.mark_packs_checked([unchecked.id], LATER, claim)
    assert index.unchecked_packs([checked.id, unchecked.id]) == frozenset()


def test_a_pack_nobody_knows_was_not_checked(index: ChunkIndex, claim: Claim) -> None:
    index.begin_pack(pack_of(1), claim)
    index.mark_packs_checked([pack_id(1), pack_id(2)], LATER, claim)
    assert index.unchecked_packs([pack_id(1), pack_id(2)]) == {pack_id(1), pack_id(2)}


def test_the_oldest_check_is_the_oldest_of_the_packs_asked_about(index: ChunkIndex, claim: Claim) -> None:
    for number, moment in ((1, LATER), (2, MOMENT), (3, None), (4, MOMENT - dt.timedelta(days=1))):
        write(index, claim, pack_of(number), checked_at=moment)
    assert index.oldest_check([pack_id(1), pack_id(2), pack_id(3)]) == MOMENT
    assert index.oldest_check([pack_id(1)]) == LATER


def test_packs_that_were_never_checked_have_no_oldest_check(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1), checked_at=None)
    assert index.oldest_check([pack_id(1)]) is None
    assert index.oldest_check([]) is None


def test_a_newer_check_replaces_the_older(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1), checked_at=MOMENT)
    index.mark_packs_checked([pack_id(1)], LATER, claim)
    assert index.oldest_check([pack_id(1)]) == LATER


def test_a_node_is_not_closed_until_it_is_marked(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1, PackKind.NODES), node_id(1), node_id(2))
    index.close_nodes(SCOPE, {node_id(1): LATER}, claim)
    found = index.find_nodes(SCOPE, [node_id(1), node_id(2)])
    assert found == {node_id(1): NodeRow(place(pack, 0), LATER), node_id(2): NodeRow(place(pack, 1), None)}


def test_nodes_that_are_absent_or_in_another_scope_cannot_be_closed(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1, PackKind.NODES), node_id(1))
    index.close_nodes(OTHER_SCOPE, {node_id(1): LATER}, claim)
    index.close_nodes(SCOPE, {node_id(2): LATER}, claim)
    assert index.find_nodes(SCOPE, [node_id(1), node_id(2)]) == {node_id(1): NodeRow(place(pack), None)}


def test_closing_nothing_is_allowed(index: ChunkIndex, claim: Claim) -> None:
    index.close_nodes(SCOPE, {}, claim)
    index.mark_packs_checked([], LATER, claim)


def test_a_closed_node_stays_closed_when_it_is_stored_again(index: ChunkIndex, claim: Claim) -> None:
    first = write(index, claim, pack_of(1, PackKind.NODES), node_id(1))
    index.close_nodes(SCOPE, {node_id(1): LATER}, claim)
    write(index, claim, pack_of(2, PackKind.NODES), node_id(1))
    assert index.find_nodes(SCOPE, [node_id(1)]) == {node_id(1): NodeRow(place(first), LATER)}


def test_a_condemned_pack_and_its_chunks_count_as_absent(subject: Subject, claim: Claim) -> None:
    pack = write(subject.index, claim, pack_of(1), chunk_id(1))
    subject.condemn(pack.id)
    assert subject.index.find_chunks(SCOPE, [chunk_id(1)]) == {}
    assert subject.index.find_packs([pack.id]) == {}
    assert list(subject.index.packs()) == []
    assert subject.index.unchecked_packs([pack.id]) == {pack.id}


def test_a_chunk_of_a_condemned_pack_moves_to_the_pack_that_stores_it_again(subject: Subject, claim: Claim) -> None:
    write(subject.index, claim, pack_of(1), chunk_id(1))
    subject.condemn(pack_id(1))
    again = write(subject.index, claim, pack_of(2), chunk_id(1))
    assert subject.index.find_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(again)}


def test_a_closed_node_of_a_condemned_pack_is_open_when_it_is_stored_again(subject: Subject, claim: Claim) -> None:
    write(subject.index, claim, pack_of(1, PackKind.NODES), node_id(1))
    subject.index.close_nodes(SCOPE, {node_id(1): LATER}, claim)
    subject.condemn(pack_id(1))
    again = write(subject.index, claim, pack_of(2, PackKind.NODES), node_id(1))
    assert subject.index.find_nodes(SCOPE, [node_id(1)]) == {node_id(1): NodeRow(place(again), None)}


def test_the_condemn_count_rises_with_each_condemning(subject: Subject, claim: Claim) -> None:
    assert subject.index.condemn_count() == 0
    write(subject.index, claim, pack_of(1))
    subject.condemn(pack_id(1))
    assert subject.index.condemn_count() == 1


WRITES: dict[str, Callable[[ChunkIndex, Claim], None]] = {
    "begin_pack": lambda index, claim: index.begin_pack(pack_of(2), claim),
    "add_pack": lambda index, claim: index.add_pack(pack_of(1), [(chunk_id(2), place(pack_of(1)))], claim, checked_at=LATER),
    "mark_packs_checked": lambda index, claim: index.mark_packs_checked([pack_id(1)], LATER, claim),
    "close_nodes": lambda index, claim: index.close_nodes(SCOPE, {node_id(1): LATER}, claim),
}


@pytest.mark.parametrize("write_name", WRITES)
@pytest.mark.parametrize("why", ["taken over", "ended", "unknown"])
def test_a_claim_that_is_gone_writes_nothing(subject: Subject, claim: Claim, write_name: str, why: str) -> None:
    write(subject.index, claim, pack_of(1, PackKind.NODES), node_id(1), checked_at=None)
    gone = claim
    if why == "taken over":
        subject.claim(claim.operation)
    elif why == "ended":
        subject.end(claim)
    else:
        gone = Claim(operation=OperationId(guid(99)), incarnation=1)
    with pytest.raises(SupersededError):
        WRITES[write_name](subject.index, gone)
    assert list(subject.index.packs()) == [pack_of(1, PackKind.NODES)]
    assert subject.index.unchecked_packs([pack_id(1)]) == {pack_id(1)}
    assert subject.index.find_nodes(SCOPE, [node_id(1)])[node_id(1)].closed_since is None
    assert subject.index.find_chunks(SCOPE, [chunk_id(2)]) == {}


def test_a_pack_begun_before_a_takeover_never_becomes_live(subject: Subject, claim: Claim) -> None:
    """A new incarnation draws new pack ids; what the old one had begun stays begun, and becomes an orphan."""
    subject.index.begin_pack(pack_of(1), claim)
    newer = subject.claim(claim.operation)
    write(subject.index, newer, pack_of(2), chunk_id(1))
    with pytest.raises(SupersededError):
        subject.index.add_pack(pack_of(1), [], claim, checked_at=None)
    assert list(subject.index.packs()) == [pack_of(2)]


def test_lanes_write_and_read_at_the_same_time(index: ChunkIndex, claim: Claim) -> None:
    lanes, packs_each, chunks_each = 5, 6, 40
    failures: list[BaseException] = []

    def lane(number: int) -> None:
        try:
            for turn in range(packs_each):
                first = (number * packs_each + turn) * chunks_each
                ids = [chunk_id(first + offset) for offset in range(chunks_each)]
                pack = write(index, claim, pack_of(number * packs_each + turn), *ids)
                assert index.find_chunks(SCOPE, ids) == {id: place(pack, frame) for frame, id in enumerate(ids)}
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=lane, args=(number,)) for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    everything = [chunk_id(number) for number in range(lanes * packs_each * chunks_each)]
    assert index.find_chunks(SCOPE, everything).keys() == set(everything)
