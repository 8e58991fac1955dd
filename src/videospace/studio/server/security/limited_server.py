"""The web server, which counts connections by client from the moment they are accepted."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from videospace.runtime.interrupts import handled
from videospace.studio.server.security import connections
from videospace.studio.server.security.clients import client_of
from videospace.studio.server.security.connection_limits import Connection, ConnectionLimits
from videospace.studio.server.security.connections import TimeoutProtocol

_ACCEPTED_AT_ONCE = 16
"""Connections that are accepted before others have their turn."""
_NEW_SECONDS = 5.0
"""Age below which a connection without a request counts as new: time for a TLS handshake."""
_RETRY_SECONDS = 0.1
"""Pause after an error of the system, such as too many open files."""


class LimitedServer(uvicorn.Server):
    """A web server in which one client cannot use up the connections of the others.

    uvicorn counts connections only after their TLS handshake, and those of all clients together.
    """

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self._limits = ConnectionLimits()
        self._accepting: list[asyncio.Task[None]] = []

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in good order at the signal of a closed terminal, too."""
        with super().capture_signals(), handled([], self.handle_exit):
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and accept connections."""
        await super().startup(sockets=[])  # with sockets, uvicorn would accept without limits
        for listener in sockets or []:
            listener.setblocking(False)
            listener.listen(self.config.backlog)
            self._accepting.append(asyncio.create_task(self._accept(listener)))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and wait for the requests that are under way."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        self._limits.push_out_waiting()
        await super().shutdown(sockets)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for _ in range(_ACCEPTED_AT_ONCE):
                try:
                    sock, address = await loop.sock_accept(listener)
                except OSError:
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                holder = client_of(address[0])
                if self._limits.make_room(holder):
                    _Accepted(self, self._limits, sock, holder)
                else:
                    sock.close()
            await asyncio.sleep(0)

    def new_protocol(self) -> TimeoutProtocol:
        """What talks HTTP on a new connection."""
        return TimeoutProtocol(self.config, self.server_state, self.lifespan.state)


class _Accepted(Connection):
    """A connection from its acceptance to its end.

    Until its first byte arrives it costs hardly anything, so that a flood of silent connections
    does not keep the studio busy.
    """

    def __init__(
        self, server: LimitedServer, limits: ConnectionLimits, sock: socket.socket, holder: str
    ):
        self.holder = holder
        self._server, self._limits, self._sock = server, limits, sock
        self._loop = asyncio.get_running_loop()
        self._accepted_at = self._loop.time()
        self._protocol: TimeoutProtocol | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop.add_reader(sock, self._begin)
        self._deadline = self._loop.call_later(connections.HEAD_SECONDS, self.push_out)
        limits.add(self)

    @property
    def waits_since(self) -> float:
        return self._accepted_at if self._protocol is None else self._protocol.waits_since

    @property
    def has_requested(self) -> bool:
        return self._protocol is not None and self._protocol.has_requested

    @property
    def is_new(self) -> bool:
        age = self._loop.time() - self._accepted_at
        return not self.has_requested and age < _NEW_SECONDS

    @property
    def is_waiting(self) -> bool:
        return self._protocol is None or self._protocol.is_waiting

    def push_out(self) -> None:
        if self._task is None:
            self._stop_waiting()
            self._end()
        elif self._protocol is None or self._protocol.transport is None:
            self._task.cancel()
        else:
            self._protocol.abort()

    def _begin(self) -> None:
        self._stop_waiting()
        self._protocol = self._server.new_protocol()
        self._task = self._loop.create_task(self._serve(self._protocol))
        self._task.add_done_callback(self._end)

    async def _serve(self, protocol: TimeoutProtocol) -> None:
        tls = self._server.config.ssl
        try:
            # Without it, the body of an answer waits for the client to confirm its head: 40 ms.
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                self._sock,
                ssl=tls,
                ssl_handshake_timeout=connections.HEAD_SECONDS if tls else None,
            )
        except OSError:
            return  # the TLS handshake failed, or took too long
        await protocol.closed.wait()

    def _stop_waiting(self) -> None:
        self._deadline.cancel()
        self._loop.remove_reader(self._sock)

    def _end(self, _: object = None) -> None:
        self._limits.remove(self)
        if self._protocol is not None:
            self._protocol.abort()
        self._sock.close()
