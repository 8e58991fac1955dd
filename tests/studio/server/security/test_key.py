"""Other users of the machine: the key in the printed address."""

import sys
import threading
import webbrowser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
import uvicorn
from tests.support.studio_process import StudioServer

from videospace.cli import main
from videospace.studio.server.security.access import TOKEN_HEADER, Keys
from videospace.studio.server.security.link_key import LinkKey
from videospace.studio.server.serve import StudioConfig, run_studio

REQUESTS = (
    ("GET", "/api/profiles"),
    ("DELETE", "/api/profiles/ann"),
    ("GET", "/api/profiles/ann/export"),
    ("GET", "/api/profiles/ann/progress.csv"),
    ("POST", "/api/profiles"),
    ("GET", "/api/spaces"),
    ("GET", "/api/openapi.json"),
    ("HEAD", "/api/profiles"),
)


@pytest.fixture
def announced():
    return []


@pytest.fixture
def keys(announced):
    return Keys(link=LinkKey(announced.append))


@pytest.fixture
def stranger(app_state, open_page, keys):
    """A client that has the token, but was not let in."""
    return open_page(app_state, keys)


def enter(client, key, path="/"):
    return client.get(path, params={"key": key}, follow_redirects=False)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_without_the_key_there_is_no_answer(stranger, method, path):
    refused = stranger.request(method, path)
    assert refused.status_code == 401
    if method != "HEAD":
        assert "terminal" in refused.json()["error"]
    assert stranger.get("/").status_code == 200


def test_without_the_key_there_is_no_token(stranger):
    assert stranger.get("/api/session").json() == {"needs": "key", "token": None}
    assert stranger.post("/api/session", json={"code": "guess"}).status_code == 403


def test_the_key_is_exchanged_for_a_cookie_and_leaves_the_address(stranger, keys):
    answer = enter(stranger, keys.link.value, "/space/?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/space/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("studio-8765=")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age"))
    assert "Secure" not in cookie  # over http, not every browser would take it
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert stranger.get("/api/profiles").json() == []
    session = stranger.get("/api/session")
    assert session.json() == {"needs": None, "token": keys.token}
    assert "Max-Age" in session.headers["set-cookie"]


def test_other_parameters_stay(stranger, keys):
    answer = stranger.get(f"/?a=1&key={keys.link.value}&b=%26", follow_redirects=False)
    assert answer.headers["location"] == "/?a=1&b=%26"


def test_a_key_works_once_and_the_next_one_is_announced(
    app_state, open_page, stranger, keys, announced
):
    first = keys.link.value
    enter(stranger, first)
    assert announced == [keys.link.value] != [first]
    late = open_page(app_state, keys)
    refused = enter(late, first)
    assert (refused.status_code, refused.headers.get("set-cookie")) == (303, None)
    assert late.get("/api/profiles").status_code == 401
    enter(late, announced[0])
    assert late.get("/api/profiles").status_code == 200


def test_a_key_that_many_give_at_once_lets_one_in(keys, announced):
    start, key, won = threading.Barrier(8), keys.link.value, []

    def give() -> None:
        start.wait()
        won.append(keys.link.use(key))

    threads = [threading.Thread(target=give) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]
    assert len(announced) == 1


@pytest.mark.parametrize("wrong", ["", "x", "%C3%A9", "%ED%A0%80", "a" * 5000, "%00", "&key=x"])
def test_a_wrong_key_leaves_the_address_and_lets_nobody_in(stranger, announced, wrong):
    answer = stranger.get(f"/?key={wrong}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" not in answer.headers
    assert announced == []


def test_the_address_without_the_key_is_never_that_of_another_site(stranger):
    for path in ("//evil.example/", "/%5c%5cevil.example/", "///evil.example"):
        answer = stranger.get(f"http://127.0.0.1:8765{path}?key=x", follow_redirects=False)
        location = answer.headers["location"]
        assert location[0] == "/"
        assert location[1] not in "/\\"


def test_a_head_request_uses_no_key(stranger, keys, announced):
    stranger.head("/", params={"key": keys.link.value}, follow_redirects=False)
    assert announced == []


@pytest.mark.parametrize(
    "cookie",
    [
        "studio-8765=",
        "studio-9000={}",
        "studio={}",
        "__Host-studio-8765={}",
        "studio-8765={}x",
        "=",
    ],
)
def test_another_cookie_is_refused(stranger, keys, cookie):
    headers = {"Cookie": cookie.format(keys.cookie)}
    assert stranger.get("/api/profiles", headers=headers).status_code == 401
    headers = {"Cookie": f"studio-8765={keys.cookie}"}
    assert stranger.get("/api/profiles", headers=headers).status_code == 200


def test_another_user_of_the_machine_gets_nothing(tmp_path, capfd):
    data = tmp_path / "data"
    with StudioServer(data) as studio:
        link = studio.new_link()
        with (
            httpx2.Client(base_url=studio.address) as mine,
            httpx2.Client(base_url=studio.address) as theirs,
        ):
            mine.get(link)
            token = mine.get("/api/session").json()["token"]
            for client in (mine, theirs):
                client.headers[TOKEN_HEADER] = token  # which alone is worth nothing
            assert mine.post("/api/profiles", json={"person": "Ann"}).status_code == 201
            for method, path in REQUESTS:
                assert theirs.request(method, path).status_code == 401
            theirs.get(link)
            assert theirs.get("/api/profiles").status_code == 401
            studio.kill()
            studio.start()
            assert [each["id"] for each in mine.get("/api/profiles").json()] == ["ann"]
            assert theirs.get("/api/profiles").status_code == 401
        secrets = {link.partition("key=")[2], studio.new_link().partition("key=")[2]}
        secrets.add((data / ".browsers.key").read_text())
        assert studio.stop() == 0
    assert [each for each in secrets if each in "".join(capfd.readouterr())] == []
    for path in [data, *data.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Runs a studio until it serves; returns what it has handed to the browser."""
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: look(opened))

    def look(opened):
        for number, address in enumerate(opened):
            path = Path(unquote(urlsplit(address).path))
            opened[number] = address, path.read_text(), path.parent.stat().st_mode & 0o777

    def run(**options):
        run_studio(StudioConfig(data=tmp_path / "data", port=0, **options))
        return opened

    return run


def test_the_command_that_opens_the_browser_does_not_show_the_key(start, capsys):
    ((address, content, mode),) = start(open=True)
    key = capsys.readouterr().out.partition("key=")[2].split()[0]
    assert address.startswith("file:")
    assert key not in address
    assert key in content
    assert mode == 0o700


def test_without_a_key_it_is_said_what_that_means(start, capsys):
    start(key=False)
    said = capsys.readouterr()
    assert "key=" not in said.out
    assert "every user" in said.err
    with pytest.raises(SystemExit):
        main(["studio", "--help"])
    assert "--no-key" in capsys.readouterr().out


def test_a_folder_that_was_open_is_said_to_be_closed(start, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    start()
    assert "closed" in capsys.readouterr().err


def test_other_devices_always_need_the_code(tmp_path, capsys):
    options = ["--data", str(tmp_path / "data"), "--allow-remote", "--no-key"]
    assert main(["studio", *options]) == 2
    assert "code" in capsys.readouterr().err


def test_a_closed_terminal_window_does_not_keep_a_browser_out(start, monkeypatch):
    class Closed:
        def write(self, _: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    from videospace.studio.server import serve

    kept = []
    build = serve.build_app
    monkeypatch.setattr(
        serve,
        "build_app",
        lambda state, spaces, keys: (kept.append(keys), build(state, spaces, keys))[1],
    )
    start()
    monkeypatch.setattr(sys, "stdout", Closed())
    assert kept[0].link.use(kept[0].link.value)
