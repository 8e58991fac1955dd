"""Clients that hold many connections, and the page of somebody else meanwhile."""

import http.client
import select
import socket
import ssl
import threading
import time
from asyncio.selector_events import BaseSelectorEventLoop

import pytest

from videospace.studio.server.security import connections
from videospace.studio.server.security.certificate import make_certificate
from videospace.studio.server.security.connection_limits import MAX_OF_CLIENT
from videospace.studio.server.security.limited_server import LimitedServer
from videospace.studio.server.serve import server_config

SILENT, OTHER = "127.0.0.2", "127.0.0.3"
NUM_CONNECTIONS = 300
PATIENCE_SECONDS = 120
HEAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\n"
BEGINNINGS = {"http": b"GET / HTTP/1.1\r\nX: ", "https": b"\x16\x03\x01\x02\x00\x01\x00"}
"""The first half of a request, or of a TLS handshake."""


async def app(scope, receive, send):
    """Answer with the body of the request."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Served:
    """A server in a thread.

    Args:
        scheme: ``http`` or ``https``.
        folder: Where its certificate is made.
    """

    def __init__(self, scheme, folder):
        self.scheme = scheme
        config = server_config(app)
        config.lifespan = "off"
        self._trust = None
        if scheme == "https":
            config.ssl_certfile, config.ssl_keyfile = make_certificate(folder, ["127.0.0.1"])
            self._trust = ssl.create_default_context(cafile=config.ssl_certfile)
        self._server = LimitedServer(config)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))
        self._opened = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        for connection in self._opened:
            connection.close()
        self._server.should_exit = True
        self._thread.join()

    @property
    def num_connections(self):
        """The number of connections after their handshake."""
        return len(self._server.server_state.connections)

    @property
    def num_requests(self):
        """The number of requests under way."""
        return len(self._server.server_state.tasks)

    def connect(self, source, first=b""):
        """Open a connection, without a TLS handshake."""
        address = self._listener.getsockname()
        connection = socket.create_connection(address, PATIENCE_SECONDS, (source, 0))
        self._opened.append(connection)
        connection.sendall(first)
        return connection

    def talk(self, source):
        """Open a connection to send requests on."""
        connection = self.connect(source)
        if self._trust is None:
            return connection
        connection = self._trust.wrap_socket(connection, server_hostname="127.0.0.1")
        self._opened.append(connection)
        return connection


@pytest.fixture(params=["http", "https"])
def served(request, tmp_path):
    with Served(request.param, tmp_path) as server:
        yield server


def finish(connection, body=b"done"):
    """Send the body of a request, and return the body of the answer."""
    connection.sendall(body)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.read()


def page(served, source=OTHER):
    connection = served.talk(source)
    connection.sendall(HEAD)
    return finish(connection)


def closed(connections, count):
    """Wait until that many are closed, and return them."""
    poll, found = select.poll(), []
    by_number = {connection.fileno(): connection for connection in connections}
    for number in by_number:
        poll.register(number, select.POLLIN)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while len(found) < count:
        assert time.monotonic() < give_up, f"{len(found)} of {count} are closed"
        for number, _ in poll.poll(1000):
            poll.unregister(number)
            found.append(by_number[number])
    return found


def test_an_answer_is_sent_at_once(served):
    connection = served.talk(OTHER)
    connection.sendall(HEAD)
    assert finish(connection) == b"done"
    (kept,) = served._server.server_state.connections
    sock = kept.transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


@pytest.mark.parametrize("is_silent", [True, False])
def test_silent_connections_of_one_client_shut_out_no_other(served, is_silent):
    first = b"" if is_silent else BEGINNINGS[served.scheme]
    silent = [served.connect(SILENT, first) for _ in range(NUM_CONNECTIONS)]
    for _ in range(3):
        out = closed(silent, NUM_CONNECTIONS - MAX_OF_CLIENT)
        assert page(served) == b"done"
        silent = [each for each in silent if each not in out]
        assert len(silent) == MAX_OF_CLIENT
        silent += [served.connect(SILENT, first) for _ in out]  # renew them


def test_a_client_with_silent_connections_can_still_use_the_page(served):
    silent = [served.connect(SILENT) for _ in range(MAX_OF_CLIENT)]
    assert page(served, SILENT) == b"done"
    assert closed(silent, 1) == [silent[0]]


def test_idle_connections_of_one_client_shut_out_no_other(served):
    idle = [served.talk(SILENT) for _ in range(MAX_OF_CLIENT)]
    for connection in idle:
        connection.sendall(HEAD)
        assert finish(connection) == b"done"
    assert page(served) == b"done"
    connection = served.talk(SILENT)
    connection.sendall(HEAD)
    assert finish(connection) == b"done"
    assert idle[0].recv(1) == b""


def test_requests_under_way_are_never_pushed_out(served):
    busy = [served.talk(SILENT) for _ in range(MAX_OF_CLIENT)]
    for connection in busy:
        connection.sendall(HEAD + b"d")  # waits for the rest of the body
    while served.num_requests < MAX_OF_CLIENT:
        time.sleep(0.01)
    refused = [served.connect(SILENT) for _ in range(10)]
    assert len(closed(refused, 10)) == 10
    assert page(served) == b"done"
    for connection in busy:
        assert finish(connection, b"one") == b"done"[:1] + b"one"


def test_an_upload_goes_on_while_others_are_pushed_out(served):
    upload = served.talk(SILENT)
    upload.sendall(HEAD + b"d")
    while not served.num_requests:
        time.sleep(0.01)
    silent = [served.connect(SILENT) for _ in range(NUM_CONNECTIONS)]
    closed(silent, NUM_CONNECTIONS - MAX_OF_CLIENT + 1)
    assert finish(upload, b"one") == b"done"[:1] + b"one"


def test_a_client_that_does_not_read_the_answer_is_closed(served, monkeypatch):
    monkeypatch.setattr(connections, "READ_SECONDS", 0.2)
    size = 30 * 2**20  # more than the system keeps for a client that does not read
    connection = served.talk(SILENT)
    connection.sendall(HEAD.replace(b"Length: 4", f"Length: {size}".encode()) + bytes(size))
    give_up = time.monotonic() + PATIENCE_SECONDS
    while served.num_connections:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    assert page(served) == b"done"


def test_a_large_answer_goes_on_while_others_are_pushed_out(served):
    size = 30 * 2**20
    reader = served.talk(SILENT)
    reader.sendall(HEAD.replace(b"Length: 4", f"Length: {size}".encode()) + bytes(size))
    while served.num_requests or not served.num_connections:
        time.sleep(0.01)
    silent = [served.connect(SILENT) for _ in range(NUM_CONNECTIONS)]
    closed(silent, NUM_CONNECTIONS - MAX_OF_CLIENT + 1)
    assert finish(reader, body=b"") == bytes(size)


def test_an_error_of_the_system_does_not_end_the_server(tmp_path, monkeypatch):
    errors = [OSError(24, "too many open files"), ConnectionAbortedError()]
    accept = BaseSelectorEventLoop.sock_accept

    async def fail_first(loop, listener):
        if errors:
            raise errors.pop()
        return await accept(loop, listener)

    monkeypatch.setattr(BaseSelectorEventLoop, "sock_accept", fail_first)
    with Served("http", tmp_path) as server:
        assert page(server) == b"done"
    assert errors == []
