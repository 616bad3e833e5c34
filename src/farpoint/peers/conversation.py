"""Requests to a peer one after the other on one connection, the next sent while the answer to the last still arrives."""

from collections.abc import Iterator
from contextlib import contextmanager

from farpoint.peers.connection import READ_SECONDS, Answer, ConnectionPool, PeerConnection
from farpoint.peers.framing import ReceiveBuffer


class Conversation:
    """At most two requests whose answers are not read: one that arrives, one that the peer has or is about to get.

    Used by one thread. Between questions it holds no connection; one whose answers were not read to their ends is closed.
    """

    def __init__(self, pool: ConnectionPool, *, read_seconds: float = READ_SECONDS) -> None:
        """Take a connection with the first request. *read_seconds* is the longest silence inside an answer."""
        self._pool = pool
        self._read_seconds = read_seconds
        self._connection: PeerConnection | None = None
        #: The answer that arrives, once its head is here.
        self._answer: Answer | None = None
        #: Requests of which nothing has come back.
        self._sent = 0

    def send(self, path: str, body: bytes) -> None:
        """Send a request; its answer comes after those to the requests before."""
        if self._connection is None:
            self._connection = self._pool.take()
        try:
            if self._sent:
                self._receive(self._connection)
            self._connection.send_request(path, body, read_seconds=self._read_seconds)
        except BaseException:
            self.close()
            raise
        self._sent += 1

    @contextmanager
    def answer(self) -> Iterator[tuple[Answer, ReceiveBuffer]]:
        """Lend the first answer that was not read yet, to be read to its end."""
        connection = self._connection
        assert connection is not None, "an answer to nothing"
        try:
            answer = self._answer or self._receive(connection)
            yield answer, connection.buffer
        except BaseException:
            self.close()
            raise
        self._answer = None
        if not answer.leaves_open:
            self.close()
        elif not self._sent:
            self._pool.give_back(connection)
            self._connection = None

    def close(self) -> None:
        """Let go of what is still on its way. Idempotent."""
        connection, self._connection, self._answer, self._sent = self._connection, None, None, 0
        if connection is not None:
            connection.close()

    def _receive(self, connection: PeerConnection) -> Answer:
        assert self._answer is None, "two answers at once"
        self._answer = connection.receive_answer()
        self._sent -= 1
        return self._answer
