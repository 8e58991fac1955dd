"""One connection: time limits for a client that sends or reads nothing."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""Time limit for the TLS handshake, and for the head of a request. Bodies have their own limits."""
READ_SECONDS = 60.0
"""Time limit in which a client must read something of an answer that waits for it."""
MAX_BYTES_AHEAD = 2**16
"""What a client may send before the answer to its request. Browsers wait for the answer."""


class TimeoutProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection whose client sends no request, or reads no answer, in time.

    Without it, such connections could use up the limit of connections.
    """

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.closed = asyncio.Event()
        self.waits_since = self.loop.time()
        """Time of the loop since which no request is under way, if none is."""
        self._num_bytes_ahead = 0
        self._socket_transport: asyncio.Transport = None  # type: ignore[assignment]
        self._deadline: asyncio.TimerHandle | None = None
        self._progress: asyncio.TimerHandle | None = None

    @property
    def has_requested(self) -> bool:
        """Whether the client has ever sent the whole head of a request."""
        return self.cycle is not None

    @property
    def is_waiting(self) -> bool:
        """Whether no request is under way and every answer is sent, also before the handshake."""
        if self.has_requested and not self.cycle.response_complete:
            return False
        return self.transport is None or self._num_unsent() == 0

    def abort(self) -> None:
        """Close at once, without what is not sent yet."""
        if self.transport is not None:
            self._socket_transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        tls = getattr(transport, "_ssl_protocol", None)
        self._socket_transport = getattr(tls, "_transport", transport)
        self._restart_timer()

    def data_received(self, data: bytes) -> None:
        """Take what arrives, unless it is request after request before an answer."""
        if self.has_requested and not (self.cycle.response_complete or self.cycle.more_body):
            self._num_bytes_ahead += len(data)
            if self._num_bytes_ahead > MAX_BYTES_AHEAD:
                self.abort()
                return
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.waits_since = self.loop.time()
        super().on_response_complete()
        self._restart_timer()
        self._watch_reading()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._watch_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        for timer in (self._deadline, self._progress):
            if timer is not None:
                timer.cancel()
        self.closed.set()

    def _restart_timer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self._num_unsent():
            self._restart_timer()
        elif not self.has_requested or self.cycle.response_complete:
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Do not close while the client reads, as uvicorn would."""
        self._close_if_idle()

    def _watch_reading(self) -> None:
        if self._progress is not None:
            self._progress.cancel()
        if unsent := self._num_unsent():
            self._progress = self.loop.call_later(READ_SECONDS, self._abort_if_stuck, unsent)

    def _abort_if_stuck(self, unsent_before: int) -> None:
        if self._num_unsent() >= unsent_before:
            self.abort()
        else:
            self._watch_reading()

    def _num_unsent(self) -> int:
        """The number of bytes that wait for the client; with TLS, most wait one layer below."""
        num = self._socket_transport.get_write_buffer_size()
        if self._socket_transport is not self.transport and not self.transport.is_closing():
            num += self.transport.get_write_buffer_size()
        return num
