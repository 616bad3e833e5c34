"""A relay between two regions that counts every byte that passes, can be slow, and can be cut.

It stands outside both regions, so its counts survive their kills: what tests say about wire bytes is said by it.
"""

import contextlib
import socket
import threading
import time

_PIECE_BYTES = 16 * 1024
_CONNECT_SECONDS = 5.0
#: A sleep that took too long is made up for, up to this much.
_CREDIT_SECONDS = 0.05
_HOST = "127.0.0.1"


class Relay:
    """Listens on a free port of loopback and passes everything on to another one, both ways."""

    def __init__(self, target_port: int) -> None:
        """Listen at once; nothing is held back until a rate is set."""
        self._target_port = target_port
        self._lock = threading.Lock()
        self._passed = 0
        self._rate: float | None = None
        self._free_at = 0.0
        self._connections: set[socket.socket] = set()
        self._is_cut = False
        self._listener = socket.create_server((_HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept_for_ever, name=f"relay-{self.port}", daemon=True).start()

    @property
    def passed_bytes(self) -> int:
        """Bytes taken from either side so far: TLS, headers and all."""
        with self._lock:
            return self._passed

    def limit(self, bytes_per_second: float | None) -> None:
        """Let this much through, both ways and all connections together; None for all there is."""
        with self._lock:
            self._rate = bytes_per_second
            self._free_at = 0.0

    def cut(self) -> None:
        """End all connections and accept no more, as when a cable is pulled and the next router says so."""
        with self._lock:
            self._is_cut = True
            connections, self._connections = self._connections, set()
        for connection in connections:
            _end(connection)

    def mend(self) -> None:
        """Accept connections again."""
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        """End everything."""
        self.cut()
        self._listener.close()

    def _accept_for_ever(self) -> None:
        # The listener is closed under us at the end.
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), name=f"relay-{self.port}-connection", daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            try:
                far = socket.create_connection((_HOST, self._target_port), timeout=_CONNECT_SECONDS)
            except OSError:
                return
            far.settimeout(None)
            with far:
                if self._enlist(near, far):
                    self._pass_both_ways(near, far)

    def _enlist(self, near: socket.socket, far: socket.socket) -> bool:
        with self._lock:
            if not self._is_cut:
                self._connections |= {near, far}
            return not self._is_cut

    def _pass_both_ways(self, near: socket.socket, far: socket.socket) -> None:
        back = threading.Thread(target=self._pass_on, args=(far, near), name=f"relay-{self.port}-back", daemon=True)
        back.start()
        self._pass_on(near, far)
        back.join()
        with self._lock:
            self._connections -= {near, far}

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        buffer = memoryview(bytearray(_PIECE_BYTES))
        # One side that goes away, whatever way, takes the other with it: regions find out as fast as without us.
        with contextlib.suppress(OSError):
            while count := source.recv_into(buffer):
                self._count(count)
                target.sendall(buffer[:count])
        _end(source)
        _end(target)

    def _count(self, count: int) -> None:
        """Count a piece, and wait until it is its turn."""
        with self._lock:
            self._passed += count
            now = time.monotonic()
            if self._rate is None:
                return
            self._free_at = max(now - _CREDIT_SECONDS, self._free_at) + count / self._rate
            pause = self._free_at - now
        if pause > 0:
            time.sleep(pause)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
