"""The key in the printed address, in a real browser."""

import http.server
import json
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.page_actions import ask, wait, wait_for
from tests.support.studio_process import StudioServer

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")

NOTICE = "byId('notice').textContent"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with StudioServer(tmp_path_factory.mktemp("studio") / "data") as server:
        yield server


def test_a_browser_without_the_key_is_told_what_to_do_and_goes_on_once_it_has_it(
    open_browser, studio
):
    browser = open_browser()
    browser.get(studio.address)
    wait(browser, f"{NOTICE}.includes('terminal')")
    assert browser.execute_script("return document.getElementById('welcome').hidden")
    browser.get(f"{studio.address}space/#key=wrong")
    wait(browser, f"{NOTICE}.includes('terminal')")
    assert browser.current_url == f"{studio.address}space/"
    waiting = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(studio.new_link())
    wait(browser, "!byId('welcome').hidden")
    browser.switch_to.window(waiting)
    wait(browser, f"{NOTICE} === '' && byId('space').options.length > 0")


def test_the_address_may_be_opened_in_the_window_that_waits(open_browser, studio):
    browser = open_browser()
    browser.get(studio.address)
    wait(browser, f"{NOTICE}.includes('terminal')")
    browser.execute_script("location.href = arguments[0]", studio.new_link())
    wait(browser, "!byId('welcome').hidden")
    assert browser.current_url == studio.address


def test_another_port_gets_nothing_of_use(open_browser, studio):
    browser = open_browser()
    browser.get(studio.new_link())
    wait(browser, "!byId('welcome').hidden")
    received: list[str] = []

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            received.append(str(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        browser.get(f"http://127.0.0.1:{server.server_port}/")
        stored = browser.execute_script("return JSON.stringify({...localStorage})")
        server.shutdown()
        thread.join()
    cookie = re.search(r"^Cookie: (.*)$", received[0], re.MULTILINE)
    assert cookie, "browsers send cookies to all ports; if this one does not, it is safer still"
    assert stored == "{}"
    with httpx2.Client(base_url=studio.address, headers={"Cookie": cookie[1]}) as thief:
        assert thief.get("/api/profiles").status_code == 401
        assert thief.get("/api/session").json()["token"] is None


def test_a_restart_asks_no_browser_again(open_browser, studio):
    browser = open_browser()
    browser.get(studio.new_link())
    wait(browser, "!byId('welcome').hidden")
    studio.kill()
    studio.start()
    browser.get(studio.address)
    wait(browser, "!byId('welcome').hidden")
    assert ask(browser, "/api/profiles") == []


def test_the_key_is_neither_shown_nor_sent_on_and_in_the_history_it_is_spent(open_browser, studio):
    browser = open_browser()
    link = studio.new_link()
    key = link.partition("key=")[2]
    browser.get_log("performance")
    browser.get(link)
    wait(browser, "!byId('welcome').hidden")
    assert browser.current_url == studio.address
    entries = browser.execute_cdp_cmd("Page.getNavigationHistory", {})["entries"]
    assert [entry["url"] for entry in entries if key in entry["url"]] == []
    seen = "return [document.referrer, document.documentElement.outerHTML, document.cookie,"
    seen += " JSON.stringify({...localStorage, ...sessionStorage, ...history.state})].join()"
    assert key not in browser.execute_script(seen)
    requests = sent_since(browser)
    carrying = [request for request in requests if request.pop("urlFragment", "") != ""]
    assert {request["url"] for request in carrying} == {studio.address}
    with_key = [request["url"] for request in requests if key in json.dumps(request)]
    assert with_key == [f"{studio.address}api/session"]
    assert len(requests) > 15
    assert {request["headers"].get("Referer", "") for request in requests} == {""}

    # The browser itself keeps what was opened. It lets nobody in.
    history = Path(browser.capabilities["chrome"]["userDataDir"]) / "Default" / "History"
    wait_for(browser, lambda: any(studio.address in url for url in kept_addresses(history)))
    with httpx2.Client(base_url=studio.address) as other:
        for address in kept_addresses(history):
            spent = address.partition("key=")[2]
            assert other.post("/api/session", json={"code": spent}).status_code == 403


def sent_since(browser: Any) -> list[dict[str, Any]]:
    """The requests in the browser's log since the last look, redirections as well."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return [each["request"] for each in sent]


def kept_addresses(history: Path) -> list[str]:
    """The addresses in the browser's history."""
    if not history.exists():
        return []
    with closing(sqlite3.connect(f"file:{history}?mode=ro&immutable=1", uri=True)) as database:
        return [url for (url,) in database.execute("SELECT url FROM urls")]
