"""Packs in which damage was found: relied on no more, still readable, replaced when what they hold is stored again."""

from tests.contract.chunk_index.indexes import LATER, OTHER_SCOPE, SCOPE, Subject, chunk_id, node_id, pack_id, pack_of, place, write

from farpoint.model.index import NodeRow, PackKind
from farpoint.model.operations import Claim
from farpoint.vault.index import ChunkIndex


def test_a_quarantined_pack_and_its_chunks_count_as_absent_for_whoever_relies_on_them(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1))
    assert index.quarantine([pack.id, pack_id(2)]) == {pack.id}
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {}
    assert list(index.packs()) == []
    assert index.unchecked_packs([pack.id]) == {pack.id}


def test_what_lies_in_a_quarantined_pack_can_still_be_read(index: ChunkIndex, claim: Claim) -> None:
    data = write(index, claim, pack_of(1), chunk_id(1))
    nodes = write(index, claim, pack_of(2, PackKind.NODES), node_id(1))
    index.quarantine([data.id, nodes.id])
    assert index.locate_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(data)}
    assert index.locate_nodes(SCOPE, [node_id(1)]) == {node_id(1): NodeRow(place(nodes), None)}
    assert index.find_packs([data.id]) == {data.id: data}


def test_what_is_live_is_located_like_it_is_found(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1))
    assert index.locate_chunks(SCOPE, [chunk_id(1), chunk_id(2)]) == {chunk_id(1): place(pack)}


def test_a_condemned_pack_is_not_even_read(subject: Subject, claim: Claim) -> None:
    write(subject.index, claim, pack_of(1), chunk_id(1))
    subject.condemn(pack_id(1))
    assert subject.index.locate_chunks(SCOPE, [chunk_id(1)]) == {}


def test_a_quarantine_opens_every_node_of_its_scope_and_no_other(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1), chunk_id(1))
    write(index, claim, pack_of(2, PackKind.NODES), node_id(1))
    write(index, claim, pack_of(3, PackKind.NODES, OTHER_SCOPE), node_id(1))
    for scope in (SCOPE, OTHER_SCOPE):
        index.close_nodes(scope, {node_id(1): LATER}, claim)
    index.quarantine([pack_id(1)])
    assert index.find_nodes(SCOPE, [node_id(1)])[node_id(1)].closed_since is None
    assert index.find_nodes(OTHER_SCOPE, [node_id(1)])[node_id(1)].closed_since == LATER


def test_a_chunk_of_a_quarantined_pack_moves_to_the_pack_that_stores_it_again(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1), chunk_id(1))
    write(index, claim, pack_of(3), chunk_id(3))
    index.quarantine([pack_id(1)])
    again = write(index, claim, pack_of(2), chunk_id(1))
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == index.locate_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(again)}


def test_the_condemn_count_rises_with_a_quarantine_that_takes_something(index: ChunkIndex, claim: Claim) -> None:
    write(index, claim, pack_of(1))
    index.quarantine([pack_id(1)])
    assert index.quarantine([pack_id(1), pack_id(9)]) == frozenset()
    assert index.condemn_count() == 1


def test_a_reinstated_pack_is_live_and_has_to_be_read_back_again(index: ChunkIndex, claim: Claim) -> None:
    pack = write(index, claim, pack_of(1), chunk_id(1))
    index.quarantine([pack.id])
    index.reinstate([pack.id, pack_id(9)])
    assert index.find_chunks(SCOPE, [chunk_id(1)]) == {chunk_id(1): place(pack)}
    assert index.unchecked_packs([pack.id]) == {pack.id}


def test_a_condemned_pack_is_not_reinstated(subject: Subject, claim: Claim) -> None:
    write(subject.index, claim, pack_of(1), chunk_id(1))
    subject.condemn(pack_id(1))
    subject.index.reinstate([pack_id(1)])
    assert subject.index.find_chunks(SCOPE, [chunk_id(1)]) == {}
