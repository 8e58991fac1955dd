"""The key in the printed address, in a real browser."""

import json
import sqlite3
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
    browser.get(f"{studio.address}space/?key=wrong")
    assert browser.current_url == f"{studio.address}space/"
    wait(browser, f"{NOTICE}.includes('terminal')")
    waiting = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(studio.new_link())
    wait(browser, "!byId('welcome').hidden")
    browser.switch_to.window(waiting)
    wait(browser, f"{NOTICE} === '' && byId('space').options.length > 0")


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
    assert [request["url"] for request in requests if key in json.dumps(request)] == [link]
    assert len(requests) > 15
    assert {request["headers"].get("Referer", "") for request in requests} == {""}

    # The browser itself keeps what was opened. It lets nobody in.
    history = Path(browser.capabilities["chrome"]["userDataDir"]) / "Default" / "History"
    wait_for(browser, lambda: any(studio.address in url for url in kept_addresses(history)))
    with httpx2.Client(base_url=studio.address) as other:
        for address in kept_addresses(history):
            if address.startswith(studio.address):
                other.get(address)
        assert other.get("/api/profiles").status_code == 401


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
