"""Messages to a peer that are answered by streams of items, the next sent while the answer to the last still arrives."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

from farpoint.errors import IntegrityError, UnavailableError
from farpoint.model.documents import JsonObject
from farpoint.peers.client import OK, PeerClient
from farpoint.peers.conversation import Conversation
from farpoint.peers.documents import encode_document
from farpoint.peers.framing import Item, StreamKind, read_stream
from farpoint.peers.protocol import Call


class ItemStreams:
    """Messages of one call and their answers, for one thread. At most two are sent and not read."""

    def __init__(self, client: PeerClient, call: Call, kind: StreamKind) -> None:
        """Send nothing yet."""
        self._client = client
        self._call = call
        self._kind = kind
        self._conversation = Conversation(client.pool)
        #: The versions of the messages whose answers were not read.
        self._versions: deque[int] = deque()

    def send(self, document: JsonObject) -> None:
        """Send a message in the agreed version."""
        version = self._client.agreed_version()
        with self._heard():
            self._conversation.send(self._call.path, encode_document({**document, "v": version}))
        self._versions.append(version)

    def items(self, numbers: Sequence[int]) -> Generator[Item]:
        """Yield the items of the first answer that was not read yet; each is valid until the next is taken.

        They must have these *numbers*, in this order, but may end before the last.
        """
        peer, version = self._client.name, self._versions.popleft()
        with self._heard(), self._conversation.answer() as (answer, buffer):
            if answer.status != OK:
                raise self._client.problem(answer.read_all(), answer.status)
            with closing(read_stream(answer, kind=self._kind, version=version, peer=peer, buffer=buffer)) as items:
                for number, item in zip(numbers, items, strict=False):
                    if item.number != number:
                        raise IntegrityError(f"region {peer} sent item {item.number} where {number} was asked for")
                    yield item
                # Reading on to the end proves that nothing was cut, and leaves the connection ready for what follows.
                if next(items, None) is not None:
                    raise IntegrityError(f"region {peer} sent more than was asked for")
            answer.expect_end()

    def close(self) -> None:
        """Let go of answers that were not read."""
        self._versions.clear()
        self._conversation.close()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except UnavailableError:
            self._client.forget_version()
            raise
