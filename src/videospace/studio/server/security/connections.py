"""Connections: how long one may stay silent, and the addresses under which they come in."""

import asyncio
import ipaddress
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""In which a request has to say what it wants; its body has limits of its own."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that does not wait for ever for a request to begin.

    Without this, connections that say nothing, or a letter now and then, would keep all places.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next one."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()

    def _wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def own_addresses(host: str) -> list[str]:
    """The address itself or, where it stands for all, those of this machine, the likeliest first.

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
    """The address that other devices see; a host's own name often stands for itself alone."""
    family, elsewhere = {
        4: (socket.AF_INET, "192.0.2.1"),  # of documentation: nobody's
        6: (socket.AF_INET6, "2001:db8::1"),
    }[version]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((elsewhere, 9))  # which sends nothing
            return asking.getsockname()[0]
    except OSError:
        return None


def _named() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(each[4][0]).partition("%")[0] for each in found]
