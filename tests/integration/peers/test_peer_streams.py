"""Nodes and blocks over real sockets: all of them, in order, or an error that says what happened."""

import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.integration.peers.asked import blocks_of
from tests.orphans import DIES_AT_ONCE

from farpoint.errors import Code, IntegrityError, RefusedError, UnavailableError
from farpoint.model.ids import OperationId
from farpoint.model.remote import NodePath
from farpoint.peers.client import PeerClient
from farpoint.peers.connection import PeerConnection
from farpoint.peers.framing import StreamKind
from farpoint.peers.item_streams import ItemStreams
from farpoint.peers.messages import BlocksRequest
from farpoint.peers.protocol import BATCH_BYTES_MAX, Call
from farpoint.peers.source import PeerSource
from farpoint.testing.served_region import CLIENT, ServedRegion, point_id

BLOCK = 256 * 1024
OPERATION = OperationId(uuid.UUID(int=1))


def contents(count: int, size: int = BLOCK) -> list[bytes]:
    draw = random.Random(7)
    return [draw.randbytes(size) for _ in range(count)]


def hold(source: PeerSource, name: str = "rp1") -> str:
    return source.hold(source_point_id=point_id(name), operation=OPERATION, principal=CLIENT).token


def test_all_blocks_arrive_in_the_order_asked(source: PeerSource, eastus: ServedRegion) -> None:
    blocks = contents(150)
    eastus.add_point("rp1", {"os": blocks}, block_bytes=BLOCK)
    order = random.Random(3).sample(range(150), 150)

    arrived = [
        (chunk.block, chunk.compression, chunk.raw_bytes, bytes(chunk.payload))
        for chunk in blocks_of(source, hold(source), disk="os", blocks=order)
    ]

    assert arrived == [(number, 0, BLOCK, blocks[number]) for number in order]


def test_a_block_larger_than_half_a_batch_still_arrives(source: PeerSource, eastus: ServedRegion) -> None:
    size = 4 * 1024 * 1024
    blocks = contents(5, size)
    eastus.add_point("rp1", {"os": blocks}, block_bytes=size)

    assert [bytes(chunk.payload) for chunk in blocks_of(source, hold(source), disk="os", blocks=range(5))] == blocks


def test_one_request_is_answered_with_one_batch_at_most(client: PeerClient, source: PeerSource, eastus: ServedRegion) -> None:
    count = BATCH_BYTES_MAX // BLOCK + 1
    eastus.add_point("rp1", {"os": contents(count)}, block_bytes=BLOCK)
    request = BlocksRequest(token=hold(source), disk="os", blocks=range(count))

    with closing(ItemStreams(client, Call.BLOCKS, StreamKind.BLOCKS)) as streams:
        streams.send(request.to_json())
        sizes = [len(item.payload) for item in streams.items(range(count))]

    assert sizes == [BLOCK] * (BATCH_BYTES_MAX // BLOCK)


def test_measuring_says_what_will_travel(source: PeerSource, eastus: ServedRegion) -> None:
    eastus.add_point("rp1", {"os": [b"a" * 100, None, b"b" * 65536]}, block_bytes=BLOCK)

    assert source.measure(hold(source), disk="os", blocks=[2, 0, 2]) == [65536, 100, 65536]


def test_many_nodes_arrive_in_the_order_asked(source: PeerSource, eastus: ServedRegion) -> None:
    eastus.add_point("rp1", {"os": [b"x"] * (64 * 300)}, block_bytes=BLOCK)
    paths = [NodePath(level=0, index=index) for index in reversed(range(300))] + [NodePath(level=1, index=1), NodePath(level=2, index=0)]

    nodes = source.nodes(hold(source), disk="os", paths=paths)

    assert [node.split(b" of ")[0] for node in nodes] == [f"node {path.level}/{path.index}".encode() for path in paths]


@pytest.mark.parametrize(
    "path", [NodePath(level=0, index=1), NodePath(level=0, index=2), NodePath(level=5, index=0), NodePath(level=10**9, index=10**9)]
)
def test_a_node_that_is_not_there_is_refused(source: PeerSource, eastus: ServedRegion, path: NodePath) -> None:
    eastus.add_point("rp1", {"os": [b"x"] * 64 + [None] * 64}, block_bytes=BLOCK)

    with pytest.raises(RefusedError) as raised:
        source.nodes(hold(source), disk="os", paths=[path])
    assert raised.value.code is Code.INVALID_PARAMETER


@pytest.mark.parametrize(("block", "why"), [(1, "block 1 holds only zeros"), (3, "there is no block 3"), (2**70, "there is no block")])
def test_a_block_that_is_not_there_is_refused(source: PeerSource, eastus: ServedRegion, block: int, why: str) -> None:
    eastus.add_point("rp1", {"os": [b"x", None, b"y"]}, block_bytes=BLOCK)
    token = hold(source)

    with pytest.raises(RefusedError, match=why):
        source.measure(token, disk="os", blocks=[0, block])
    with pytest.raises(RefusedError, match=why):
        list(blocks_of(source, token, disk="os", blocks=[0, block]))


def test_an_unknown_disk_is_refused(source: PeerSource, eastus: ServedRegion) -> None:
    eastus.add_point("rp1", {"os": [b"x"]}, block_bytes=BLOCK)

    with pytest.raises(RefusedError, match="has no disk 'data'"):
        list(blocks_of(source, hold(source), disk="data", blocks=[0]))


def test_damage_at_the_source_arrives_with_its_place(source: PeerSource, eastus: ServedRegion) -> None:
    blocks = contents(20)
    eastus.add_point("rp1", {"os": blocks}, block_bytes=BLOCK)
    token = hold(source)
    eastus.vault.damaged.add(blocks[7])
    arrived: list[int] = []

    with pytest.raises(IntegrityError, match="region eastus says: a frame does not match its tag") as raised:
        arrived.extend(chunk.block for chunk in blocks_of(source, token, disk="os", blocks=range(20)))

    assert arrived == list(range(7))
    place = raised.value.place
    assert (place.disk, place.offset_bytes, place.length_bytes, place.pack, place.frame) == ("os", 7 * BLOCK, BLOCK, "packs/ab/cd", 3)


def test_a_stream_that_breaks_off_is_unavailable(source: PeerSource, eastus: ServedRegion, caplog: pytest.LogCaptureFixture) -> None:
    eastus.add_point("rp1", {"os": contents(32)}, block_bytes=BLOCK)
    token = hold(source)
    left = iter(range(10))

    def break_after_ten() -> None:
        if next(left, None) is None:
            message = "a bug in the middle of a stream"
            raise ZeroDivisionError(message)

    eastus.vault.before_chunk = break_after_ten

    with pytest.raises(UnavailableError) as raised:
        list(blocks_of(source, token, disk="os", blocks=range(32)))
    assert raised.value.code is Code.PEER_UNAVAILABLE
    assert "a bug in the middle of a stream" in caplog.text


def test_a_stream_left_in_the_middle_harms_nobody(source: PeerSource, eastus: ServedRegion) -> None:
    blocks = contents(64)
    eastus.add_point("rp1", {"os": blocks}, block_bytes=BLOCK)
    token = hold(source)

    for _ in range(5):
        stream = blocks_of(source, token, disk="os", blocks=range(64))
        assert bytes(next(stream).payload) == blocks[0]
        del stream

    assert [bytes(chunk.payload) for chunk in blocks_of(source, token, disk="os", blocks=range(64))] == blocks


def test_connections_are_used_again(connects: list[PeerConnection], source: PeerSource, eastus: ServedRegion) -> None:
    eastus.add_point("rp1", {"os": contents(40)}, block_bytes=BLOCK)
    token = hold(source)
    for _ in range(3):
        list(blocks_of(source, token, disk="os", blocks=range(40)))
        source.measure(token, disk="os", blocks=[0])

    assert len(connects) == 1


@pytest.fixture
def process(tmp_path: Path, eastus: ServedRegion, westus: ServedRegion, free_port: int) -> Iterator[subprocess.Popen[str]]:
    """Eastus as a process of its own, which has a point of 64 blocks and sends them slowly."""
    # The process opens the database itself.
    eastus.database.close()
    script = Path(__file__).with_name("region_process.py")
    command = [*DIES_AT_ONCE, sys.executable, str(script), str(tmp_path), str(free_port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


@pytest.fixture
def remote(process: subprocess.Popen[str], westus: ServedRegion, free_port: int) -> Iterator[PeerSource]:
    client = westus.client_of("eastus", port=free_port)
    yield PeerSource(client, westus.issuer)
    client.close()


def test_a_source_killed_in_the_middle_of_a_stream_is_unavailable_at_once(process: subprocess.Popen[str], remote: PeerSource) -> None:
    stream = blocks_of(remote, hold(remote), disk="os", blocks=range(64))
    next(stream)

    process.kill()

    with pytest.raises(UnavailableError) as raised:
        list(stream)
    assert raised.value.code is Code.PEER_UNAVAILABLE


def test_a_source_that_hangs_is_unavailable_after_the_read_timeout(
    process: subprocess.Popen[str], westus: ServedRegion, free_port: int
) -> None:
    client = westus.client_of("eastus", port=free_port)
    client.identity()
    process.send_signal(signal.SIGSTOP)

    with pytest.raises(UnavailableError, match="did not answer in time"):
        client.identity(read_seconds=0.5)

    process.send_signal(signal.SIGCONT)
    assert client.identity().name == "eastus"
    client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_a_region_within_seconds_though_a_stream_is_open(
    process: subprocess.Popen[str], remote: PeerSource, number: signal.Signals
) -> None:
    stream = blocks_of(remote, hold(remote), disk="os", blocks=range(64))
    next(stream)

    process.send_signal(number)

    assert process.wait(timeout=8) == 0
    with pytest.raises(UnavailableError):
        list(stream)
