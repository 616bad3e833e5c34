"""The region's two listeners in one process: clients over TLS, peers over mutual TLS.

Steps: bind both addresses (a taken one is refused by name) → accept on both → say so → serve → on SIGTERM or SIGINT stop
accepting, give running answers a moment, cut the rest. Whatever one listener ends by, the other ends with it.
"""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Final

import anyio.to_thread
import uvicorn
from attrs import frozen
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from farpoint.api.bounded_connections import BoundedProtocol
from farpoint.api.peer_connections import PeerProtocol
from farpoint.errors import Code, RefusedError

#: What a stop gives running answers; then their connections are cut, and whoever asked asks again.
GRACE_SECONDS: Final = 2.0
#: What a stop gives finished answers to leave the send buffers. Idle clients do not answer TLS's goodbye, so nobody waits for it.
_FLUSH_SECONDS: Final = 0.3
#: Then even an answer whose thread is stuck is given up.
_GIVE_UP_SECONDS: Final = 5
#: Longer than the peers' clients keep an idle connection.
KEEP_ALIVE_SECONDS: Final = 30
#: Threads that answer requests. Those that wait for their turn to write must leave some for those that only read.
THREADS_MAX: Final = 128
_BACKLOG: Final = 128
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@frozen(kw_only=True)
class Listener:
    """One address and what answers there."""

    #: For messages and logs: ``clients`` or ``peers``.
    name: str
    app: FastAPI
    host: str
    #: 0 takes a free port.
    port: int
    tls: ssl.SSLContext
    protocol: type[H11Protocol]


def client_listener(app: FastAPI, *, host: str, port: int, tls: ssl.SSLContext) -> Listener:
    """Return the listener of the client API, which strangers reach too."""
    return Listener(name="clients", app=app, host=host, port=port, tls=tls, protocol=BoundedProtocol)


def peer_listener(app: FastAPI, *, host: str, port: int, tls: ssl.SSLContext) -> Listener:
    """Return the listener of the peer API, whose connections know which region is at their other end."""
    return Listener(name="peers", app=app, host=host, port=port, tls=tls, protocol=PeerProtocol)


class Listeners:
    """Several listeners that start and stop together."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        """Bind all addresses now; raises RefusedError(CONFIGURATION) naming the one that cannot be had."""
        self._sockets: list[socket.socket] = []
        try:
            for listener in listeners:
                self._sockets.append(_bind(listener))
        except RefusedError:
            self.close()
            raise
        self._servers = [_Server(_config_of(listener)) for listener in listeners]

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports bound, in the order of the listeners."""
        return tuple(bound.getsockname()[1] for bound in self._sockets)

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM, SIGINT or stop(); call *ready* once all accept. Only the main thread hears signals."""
        try:
            asyncio.run(self._run(ready))
        finally:
            self.close()

    def stop(self) -> None:
        """Ask run() to end; from any thread, at any time."""
        for server in self._servers:
            server.should_exit = True

    def close(self) -> None:
        """Let go of the addresses; run() does it by itself."""
        for bound in self._sockets:
            bound.close()

    async def _run(self, ready: Callable[[], None]) -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS_MAX
        _hear_signals(self.stop)
        pairs = zip(self._servers, self._sockets, strict=True)
        running = [asyncio.create_task(server.serve(sockets=[bound])) for server, bound in pairs]
        accepting = asyncio.create_task(self._all_accepting())
        try:
            done, _ = await asyncio.wait([accepting, *running], return_when=asyncio.FIRST_COMPLETED)
            if accepting in done:
                ready()
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            accepting.cancel()
            self.stop()
            await asyncio.gather(*running)

    async def _all_accepting(self) -> None:
        for server in self._servers:
            await server.accepting.wait()


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to Listeners and says when it accepts."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none: two servers would take them from each other."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        self.accepting.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and cut the connections that do not end by themselves in time."""
        loop = asyncio.get_running_loop()
        timers = [
            loop.call_later(_FLUSH_SECONDS, self._cut, lambda connection: connection.cycle is None or connection.cycle.response_complete),
            loop.call_later(GRACE_SECONDS, self._cut, lambda _connection: True),
        ]
        await super().shutdown(sockets=sockets)
        for timer in timers:
            timer.cancel()

    def _cut(self, which: Callable[[H11Protocol], bool]) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, H11Protocol) and which(connection):
                connection.transport.abort()


def _config_of(listener: Listener) -> uvicorn.Config:
    config = uvicorn.Config(
        listener.app,
        http=listener.protocol,
        ws="none",
        lifespan="off",
        # Our own logging, which bootstrap sets up, takes what uvicorn has to say; requests are logged by the applications.
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        # No header says who somebody is.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GIVE_UP_SECONDS,
    )
    config.load()
    config.ssl = listener.tls
    return config


def _bind(listener: Listener) -> socket.socket:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    # asyncio sends without delay (TCP_NODELAY) only on sockets that say they are TCP: 40 ms for each answer otherwise.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A region that was just killed leaves its address in TIME_WAIT; another that listens there is still refused.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((listener.host, listener.port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        why = "another process listens there" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise RefusedError(
            Code.CONFIGURATION,
            f"cannot listen for {listener.name} on {listener.host}:{listener.port}: {why}",
            hint="Stop the other process, or configure another address.",
        ) from error
    return bound


def _hear_signals(stop: Callable[[], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
