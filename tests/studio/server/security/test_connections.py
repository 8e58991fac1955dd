"""Connections that are idle, slow, or send no valid request."""

import socket
import threading

import pytest

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.studio.server.app import build_app
from videospace.studio.server.security import connections
from videospace.studio.server.security.access import TOKEN_HEADER, Keys
from videospace.studio.server.security.limited_server import LimitedServer
from videospace.studio.server.security.own_addresses import own_addresses
from videospace.studio.server.serve import server_config
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.sessions.symbols import SymbolSet
from videospace.studio.server.uploads import uploads

LIMIT_SECONDS = 0.4
HEAD = "POST /api/profiles HTTP/1.1\r\nHost: 127.0.0.1\r\n"
JSON = "Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def keys():
    return Keys()


@pytest.fixture(scope="module")
def port(keys, recording_reader, spaces, media, tmp_path_factory):
    """The port of a studio with short time limits."""
    profiles = Profiles(tmp_path_factory.mktemp("served") / "data")
    app_state = AppState(profiles, recording_reader, LearningSettings(progress=False, device="cpu"))
    app = build_app(app_state, spaces, media, SymbolSet(None), keys)
    server = LimitedServer(server_config(app))
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        patch.setattr(connections, "HEAD_SECONDS", LIMIT_SECONDS)
        patch.setattr(uploads, "JSON_SECONDS", LIMIT_SECONDS)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def converse(port, first, drip=b""):
    """Send something, then one letter after another until the server closes the connection."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(0.05)
        connection.sendall(first)
        for _ in range(4000):
            try:
                if drip:
                    connection.sendall(drip)
                if not (got := connection.recv(2**16)):
                    return answer
                answer += got
            except TimeoutError:
                continue
            except ConnectionError:
                return answer
    raise AssertionError(f"the connection is still open: {answer!r}")


def request(port, text):
    answer = converse(port, f"{text}Connection: close\r\n\r\n".encode("latin-1"))
    return int(answer.split()[1]), answer.decode("latin-1")


def test_an_idle_connection_is_closed(port):
    assert converse(port, b"") == b""
    assert converse(port, b"GET / HTTP/1.1\r\nX: ", drip=b"a") == b""


def test_a_connection_idle_after_a_request_is_closed(port):
    first = b"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert converse(port, first, drip=b"G").startswith(b"HTTP/1.1 200")


def test_a_slow_body_is_refused(port, keys):
    head = f"{HEAD}{JSON}{TOKEN_HEADER}: {keys.token}\r\nContent-Length: 1000\r\n\r\n"
    answer = converse(port, head.encode(), drip=b" ")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'{"error":"the request took too long: try again"}' in answer
    assert b"connection: close" in answer.lower()


def test_a_refused_slow_request_is_closed(port):
    answer = converse(port, f"{HEAD}{JSON}Content-Length: 1000\r\n\r\n".encode(), drip=b" ")
    assert answer.startswith(b"HTTP/1.1 403")


def test_a_client_that_sends_requests_without_end_before_an_answer_is_closed(port):
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        requests = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 10**6
        with pytest.raises(ConnectionError):
            connection.sendall(requests)


@pytest.mark.parametrize(
    "text",
    [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + "a" * 2**17 + "\r\n",
        "GET /" + "a" * 2**17 + " HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        f"{HEAD}Content-Length: -1\r\n",
        f"{HEAD}Content-Length: {'9' * 30}\r\n",
        f"{HEAD}Content-Length: 5\r\nContent-Length: 6\r\n",
        "G\x00T / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "\x16\x03\x01 as over TLS\r\n",
    ],
)
def test_invalid_http_is_refused(port, text):
    status, _ = request(port, text)
    assert 400 <= status < 500


@pytest.mark.parametrize(
    "target",
    [
        "/../../../../etc/passwd",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "http://evil.example/api/profiles",
        "/api/profiles/..%2f..%2fetc/words",
        "/app.py",
        "*",
    ],
)
def test_no_path_leaves_the_static_folder(port, target):
    status, answer = request(port, f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    assert 400 <= status < 500
    assert "root:" not in answer
    assert "import " not in answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/profiles", "application/json"),
        ("/api/profiles/import", "application/zip"),
        ("/api/profiles/ann/recordings", "video/webm"),
    ],
)
def test_a_page_that_disconnects_does_no_harm(port, keys, path, kind, caplog):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        f"{TOKEN_HEADER}: {keys.token}\r\nContent-Length: 20\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f'{head}{{"person"'.encode())
    status, answer = request(port, "GET /api/profiles HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    assert "videospace.studio" not in [record.name for record in caplog.records]
    assert status == 200
    assert answer.endswith("[]")


def test_own_addresses_are_those_that_other_devices_see():
    assert own_addresses("127.0.0.1") == ["127.0.0.1"]
    found = own_addresses("0.0.0.0")
    assert found == ["127.0.0.1"] or not any(each.startswith("127.") for each in found)
    with socket.create_server((found[0], 0)):  # none but an own one can be listened at
        pass
