"""The web server, which counts connections by client from the moment they are accepted."""

import asyncio
import socket

import uvicorn

from videospace.studio.server.security import connections
from videospace.studio.server.security.clients import client_of
from videospace.studio.server.security.connection_limits import ConnectionLimits
from videospace.studio.server.security.connections import TimeoutProtocol

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
        await super().shutdown(sockets)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, address = await loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            holder = client_of(address[0])
            if self._limits.make_room(holder):
                protocol = TimeoutProtocol(
                    self.config, self.server_state, self.lifespan.state, holder=holder
                )
                self._limits.add(protocol)
                protocol.handshake = loop.create_task(self._hold(sock, protocol))
            else:
                sock.close()
            await asyncio.sleep(0)  # a flood of connections must not stop everything else

    async def _hold(self, sock: socket.socket, protocol: TimeoutProtocol) -> None:
        loop, tls = asyncio.get_running_loop(), self.config.ssl
        limit = connections.HEAD_SECONDS if tls else None
        try:
            await loop.connect_accepted_socket(
                lambda: protocol, sock, ssl=tls, ssl_handshake_timeout=limit
            )
            await protocol.closed.wait()
        except OSError:
            pass  # the TLS handshake failed, or took too long
        finally:
            self._limits.remove(protocol)
            if protocol.transport is not None:
                protocol.transport.abort()
            sock.close()
