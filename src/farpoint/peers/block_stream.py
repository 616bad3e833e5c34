"""The blocks of one disk of a held point, as one stream of a copy pulls them: satisfies farpoint.movers.ports.BlockStream."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing

from farpoint.errors import IntegrityError
from farpoint.model.remote import WireChunk
from farpoint.peers.client import PeerClient
from farpoint.peers.framing import StreamKind
from farpoint.peers.item_streams import ItemStreams
from farpoint.peers.messages import BlocksRequest
from farpoint.peers.protocol import BLOCKS_MAX, Call


class PeerBlockStream:
    """Blocks that were asked for, in the order asked; for one thread."""

    def __init__(self, client: PeerClient, token: str, *, disk: str) -> None:
        """Pull through *client* with the hold's *token*."""
        self._client = client
        self._token = token
        self._disk = disk
        self._streams = ItemStreams(client, Call.BLOCKS, StreamKind.BLOCKS)
        self._asked: deque[Sequence[int]] = deque()

    def ask(self, blocks: Sequence[int]) -> None:
        """Ask for at most 512 blocks."""
        assert 0 < len(blocks) <= BLOCKS_MAX
        self._streams.send(BlocksRequest(token=self._token, disk=self._disk, blocks=blocks).to_json())
        self._asked.append(blocks)

    def take(self) -> Iterator[WireChunk]:
        """Yield the blocks of the first question that was not taken yet; each payload is valid until the next is taken."""
        blocks = self._asked.popleft()
        sent = 0
        with closing(self._streams.items(blocks)) as items:
            for item in items:
                yield WireChunk(block=item.number, compression=item.compression, raw_bytes=item.raw_bytes, payload=item.payload)
                sent += 1
        if sent == 0:
            raise IntegrityError(f"region {self._client.name} sent no block at all of disk {self._disk}")
        if sent < len(blocks):
            # A source may end a stream early, when it has sent a full batch of bytes. On another connection, for on this one the answer
            # to the next question follows.
            with closing(PeerBlockStream(self._client, self._token, disk=self._disk)) as rest:
                rest.ask(blocks[sent:])
                yield from rest.take()

    def close(self) -> None:
        """Let go of what was asked for and not taken."""
        self._asked.clear()
        self._streams.close()
