"""A page of which a script does not arrive."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.page_actions import press, texts, wait
from tests.support.page_checks import prefer, violations

from videospace.studio.languages.catalogues import languages

pytestmark = pytest.mark.browser
SAID = "#main > [role=alert]"


@pytest.fixture(scope="module")
def module_browser(open_browser: Any) -> Any:
    browser = open_browser()
    browser.execute_cdp_cmd("Network.enable", {})
    return browser


@pytest.fixture
def browser(module_browser: Any, drawn_studio: Any) -> Iterator[Any]:
    """A browser that remembers nothing."""
    block(module_browser)
    module_browser.get(f"{drawn_studio.address}icon.svg")
    module_browser.execute_script("localStorage.clear(); sessionStorage.clear()")
    yield module_browser
    module_browser.get("about:blank")


def block(browser: Any, *scripts: str) -> None:
    """Let scripts arrive no more, and only these."""
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": [f"*/{each}" for each in scripts]})


@pytest.mark.parametrize("page", ["", "space/"])
def test_a_page_that_is_not_whole_says_so_and_can_be_loaded_again(browser, drawn_studio, page):
    prefer(browser, "en-US")
    block(browser, "talk/speaking/sound.js", "space/geometry.js")
    browser.get(f"{drawn_studio.address}{page}")
    wait(browser, f"document.querySelector('{SAID}')")
    assert "did not arrive" in texts(browser, SAID)[0]
    assert violations(browser) == []
    block(browser)
    press(browser, f"{SAID} button")
    wait(browser, f"document.readyState === 'complete' && !document.querySelector('{SAID}')")
    assert browser.execute_script("return document.title").endswith("videospace studio")


@pytest.mark.parametrize("language", [*languages(), "la"])
def test_it_is_said_in_a_language_that_the_browser_prefers(browser, drawn_studio, language):
    prefer(browser, f"{language}-XX")
    block(browser, "shared/words.js")
    browser.get(drawn_studio.address)
    wait(browser, f"document.querySelector('{SAID}')")
    shown = browser.execute_script(f"return document.querySelector('{SAID}').lang")
    assert shown == ("en" if language == "la" else language)
    assert ("did not arrive" in texts(browser, SAID)[0]) == (shown == "en")
