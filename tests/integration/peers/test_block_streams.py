"""Questions that are asked before the answer to the last has been read, on one connection."""

import random
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from farpoint.errors import HoldLostError, IntegrityError, UnavailableError
from farpoint.model.ids import OperationId
from farpoint.peers.block_stream import PeerBlockStream
from farpoint.peers.connection import PeerConnection
from farpoint.peers.protocol import BATCH_BYTES_MAX
from farpoint.peers.source import PeerSource
from farpoint.testing.served_region import CLIENT, ServedRegion, point_id

BLOCK = 256 * 1024
OPERATION = OperationId(uuid.UUID(int=1))


@pytest.fixture
def blocks(eastus: ServedRegion) -> list[bytes]:
    """Give eastus a point with more blocks than one answer holds."""
    draw = random.Random(7)
    blocks = [draw.randbytes(BLOCK) for _ in range(BATCH_BYTES_MAX // BLOCK + 8)]
    eastus.add_point("rp1", {"os": blocks}, block_bytes=BLOCK)
    return blocks


@pytest.fixture
def token(source: PeerSource, blocks: Sequence[bytes]) -> str:
    assert blocks
    return source.hold(source_point_id=point_id("rp1"), operation=OPERATION, principal=CLIENT).token


@pytest.fixture
def stream(source: PeerSource, token: str) -> Iterator[PeerBlockStream]:
    with closing(source.block_stream(token, disk="os")) as stream:
        yield stream


def taken(stream: PeerBlockStream) -> list[tuple[int, bytes]]:
    return [(chunk.block, bytes(chunk.payload)) for chunk in stream.take()]


def test_answers_come_in_the_order_of_the_questions_on_one_connection(
    stream: PeerBlockStream, blocks: Sequence[bytes], connects: list[PeerConnection]
) -> None:
    questions = [range(start, start + 20) for start in range(0, 80, 20)]
    connects.clear()
    found = []
    stream.ask(questions[0])
    for question in questions[1:]:
        stream.ask(question)
        found.append(taken(stream))
    found.append(taken(stream))
    assert found == [[(number, blocks[number]) for number in question] for question in questions]
    # The one that asked for the hold.
    assert connects == []


def test_the_second_question_is_served_before_the_first_answer_has_been_taken(
    stream: PeerBlockStream, eastus: ServedRegion, blocks: Sequence[bytes]
) -> None:
    served = [threading.Event() for _ in range(4)]
    left = iter(served)
    eastus.vault.before_chunk = lambda: next(left).set()
    stream.ask([0, 1])
    stream.ask([2, 3])
    first = stream.take()
    assert bytes(next(first).payload) == blocks[0]
    assert all(one.wait(20) for one in served)
    assert bytes(next(first).payload) == blocks[1]
    assert next(first, None) is None
    assert taken(stream) == [(2, blocks[2]), (3, blocks[3])]


def test_an_answer_that_ends_early_is_completed_before_the_next_one(
    stream: PeerBlockStream, blocks: Sequence[bytes], connects: list[PeerConnection]
) -> None:
    connects.clear()
    stream.ask(range(len(blocks)))
    stream.ask([3])
    assert taken(stream) == list(enumerate(blocks))
    assert taken(stream) == [(3, blocks[3])]
    assert len(connects) == 1


def test_a_refusal_comes_when_it_is_its_turn(source: PeerSource, token: str, stream: PeerBlockStream, blocks: Sequence[bytes]) -> None:
    stream.ask([0])
    source.release(token, receipt=None)
    stream.ask([1])
    assert taken(stream) == [(0, blocks[0])]
    with pytest.raises(HoldLostError):
        taken(stream)


def test_damage_in_one_answer_ends_the_stream(stream: PeerBlockStream, eastus: ServedRegion, blocks: Sequence[bytes]) -> None:
    eastus.vault.damaged.add(blocks[1])
    stream.ask([0, 1])
    stream.ask([2])
    with pytest.raises(IntegrityError):
        taken(stream)


def test_what_is_on_its_way_may_be_left_at_any_time(source: PeerSource, token: str, blocks: Sequence[bytes]) -> None:
    for steps in range(4):
        with closing(source.block_stream(token, disk="os")) as stream:
            stream.ask(range(64))
            if steps > 0:
                stream.ask(range(64, 100))
            if steps > 1:
                assert bytes(next(stream.take()).payload) == blocks[0]
            if steps > 2:
                stream.close()
        # And again: nothing is left of it on a connection that is used by somebody else.
        assert source.measure(token, disk="os", blocks=[0, 1]) == [BLOCK, BLOCK]


def test_a_source_that_is_lost_between_two_answers_is_unavailable(
    connects: list[PeerConnection], source: PeerSource, token: str, stream: PeerBlockStream, blocks: Sequence[bytes]
) -> None:
    stream.ask([0])
    # More than is on the way at once.
    stream.ask(range(100))
    assert taken(stream) == [(0, blocks[0])]
    [connection] = connects
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(UnavailableError):
        taken(stream)
    assert source.measure(token, disk="os", blocks=[0]) == [BLOCK]
