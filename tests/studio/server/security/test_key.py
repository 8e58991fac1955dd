"""Other users of the machine: the key in the printed address."""

import sys
import threading
import webbrowser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
import uvicorn
from tests.support.studio_process import StudioServer, keyed_client

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
    """A client that has the token, but no cookie."""
    return open_page(app_state, keys)


def enter(client, key):
    return client.post("/api/session", json={"code": key})


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_without_the_key_there_is_no_answer(stranger, keys, method, path):
    for parameters in ({}, {"token": keys.token}, {"key": keys.link.value}):
        refused = stranger.request(method, path, params=parameters)
        assert refused.status_code == 401
        if method != "HEAD":
            assert "terminal" in refused.json()["error"]
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_the_cookie_alone_which_other_ports_get_is_not_enough(stranger, keys, method, path):
    enter(stranger, keys.link.value)
    for wrong in ("", "x"):
        stranger.headers[TOKEN_HEADER] = wrong
        assert stranger.request(method, path).status_code == 401
        assert stranger.get("/api/session").json() == {"needs": "key", "token": None}


def test_the_address_of_a_download_has_the_token(stranger, keys):
    enter(stranger, keys.link.value)
    del stranger.headers[TOKEN_HEADER]
    parameters = {"token": keys.token}
    assert stranger.get("/api/profiles", params=parameters).status_code == 200
    for method in ("POST", "DELETE", "PUT"):  # never a change
        assert stranger.request(method, "/api/profiles", params=parameters).status_code == 401


def test_without_the_key_there_is_no_token(stranger):
    assert stranger.get("/api/session").json() == {"needs": "key", "token": None}


def test_the_key_is_exchanged_for_a_cookie_and_a_token(stranger, keys):
    del stranger.headers[TOKEN_HEADER]
    answer = enter(stranger, keys.link.value)
    assert answer.json() == {"needs": None, "token": keys.token}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("studio-8765=")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age"))
    assert "Secure" not in cookie  # over http, not every browser would take it
    assert answer.headers["referrer-policy"] == "no-referrer"
    stranger.headers[TOKEN_HEADER] = keys.token
    assert stranger.get("/api/profiles").json() == []
    session = stranger.get("/api/session")
    assert session.json() == {"needs": None, "token": keys.token}
    assert "Max-Age" in session.headers["set-cookie"]


def test_a_key_works_once_and_the_next_one_is_announced(
    app_state, open_page, stranger, keys, announced
):
    first = keys.link.value
    enter(stranger, first)
    assert announced == [keys.link.value] != [first]
    late = open_page(app_state, keys)
    refused = enter(late, first)
    assert (refused.status_code, refused.headers.get("set-cookie")) == (403, None)
    assert late.get("/api/profiles").status_code == 401
    enter(late, announced[0])
    assert late.get("/api/profiles").status_code == 200


@pytest.mark.parametrize("wrong", ["", "x", "é", "a" * 100, "\0"])
def test_a_wrong_key_lets_nobody_in_and_nobody_is_locked_out(stranger, keys, announced, wrong):
    for _ in range(12):
        assert stranger.post("/api/session", json={"code": wrong}).status_code in (403, 422)
    assert not keys.link.use(wrong)
    assert announced == []
    assert enter(stranger, keys.link.value).status_code == 200


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
            keyed_client(link) as mine,
            httpx2.Client(base_url=studio.address) as theirs,
        ):
            theirs.headers[TOKEN_HEADER] = mine.headers[TOKEN_HEADER]  # alone worth nothing
            assert mine.post("/api/profiles", json={"person": "Ann"}).status_code == 201
            for method, path in REQUESTS:
                assert theirs.request(method, path).status_code == 401
            used = link.partition("key=")[2]
            assert theirs.post("/api/session", json={"code": used}).status_code == 403
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
        lambda *parts: (kept.append(parts[4]), build(*parts))[1],
    )
    start()
    monkeypatch.setattr(sys, "stdout", Closed())
    assert kept[0].link.use(kept[0].link.value)
