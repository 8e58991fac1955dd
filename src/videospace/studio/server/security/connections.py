"""Connections: a time limit for idle ones, and the addresses of this machine."""

import asyncio
import ipaddress
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""Time limit for the head of a request; its body has limits of its own."""


class IdleTimeoutProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection on which no request arrives in time.

    Without it, idle connections could use up the limit of connections.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._restart_timer()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()

    def _restart_timer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def own_addresses(host: str) -> list[str]:
    """The address itself or, if it means all addresses, those of this machine, the likeliest first.

    Example:
        >>> own_addresses("192.168.1.5")
        ['192.168.1.5']
    """
    any_address = ipaddress.ip_address(host)
    if not any_address.is_unspecified:
        return [host]
    found = [_outgoing(any_address.version), *_named()]
    own = [address for address in dict.fromkeys(found) if address is not None]
    return [each for each in own if not ipaddress.ip_address(each).is_loopback] or ["127.0.0.1"]


def _outgoing(version: int) -> str | None:
    """The address that other devices see. The host's own name often resolves to 127.0.0.1."""
    family, elsewhere = {
        4: (socket.AF_INET, "192.0.2.1"),  # reserved for documentation
        6: (socket.AF_INET6, "2001:db8::1"),
    }[version]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))  # sends nothing
            return probe.getsockname()[0]
    except OSError:
        return None


def _named() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(each[4][0]).partition("%")[0] for each in found]
