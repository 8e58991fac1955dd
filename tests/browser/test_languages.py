"""The pages in other languages: chosen, complete, and fitting a phone."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import forget_all, show_page, wait, wait_for_camera
from tests.support.page_checks import cut_off, emulate, prefer, resize, violations

from videospace.studio.languages.catalogues import languages, page_words

pytestmark = pytest.mark.browser
OTHERS = [language for language in languages() if language != "en"]
PAGES = ("talk", "teach", "progress", "data", "start", "handover")
ENGLISH_LEFT = """
const english = new Set(arguments[0]);
const oneLine = (text) => text.replace(/\\s+/g, " ").trim();
const found = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const node = texts.currentNode;
  const isElse = node.parentElement.closest("kbd, body [lang], [translate=no]");
  if (!isElse) found.push(oneLine(node.data));
}
for (const name of ["aria-label", "placeholder", "title", "alt"]) {
  const named = document.querySelectorAll(`[${name}]`);
  for (const element of named) found.push(element.getAttribute(name));
}
return found.filter((text) => english.has(text));
"""
"""What a page still says in English."""
SHOW_ALL = """
for (const element of document.querySelectorAll("main section:not([hidden]) [hidden]")) {
  if (!element.closest("#start, #lesson") || document.getElementById("lesson").hidden) {
    element.hidden = false;
  }
}
for (const details of document.querySelectorAll("details")) details.open = true;
"""
STICKS_OUT = """
const room = document.documentElement.clientWidth;
const isScrolled = (element) => element.closest(".table") !== null;
return [...document.querySelectorAll("body *")].filter((element) => {
  if (!element.checkVisibility() || element.closest(".visually-hidden, .skip, svg")) return false;
  const { left, right, width } = element.getBoundingClientRect();
  const isCut = element.matches("button, .button") && element.scrollWidth > element.clientWidth + 1;
  return width && !isScrolled(element) && (left < -1 || right > room + 1 || isCut);
}).map((element) => `${element.tagName} ${element.id} ${element.textContent.trim().slice(0, 40)}`);
"""
"""What reaches out of the window, or out of its button."""


NOBODY_IS_HERE = """
window.fetch = ((real) => (address, ...rest) => String(address).endsWith("/api/profiles")
  ? Promise.resolve(Response.json([])) : real(address, ...rest))(fetch);
"""


@pytest.fixture
def studio(drawn_studio: DrawnStudio) -> Iterator[DrawnStudio]:
    drawn_studio.forget_settings()
    yield drawn_studio
    drawn_studio.forget_settings()


@pytest.fixture
def browser(face_browser: Any, studio: DrawnStudio) -> Iterator[Any]:
    """A browser that remembers nothing."""
    forget_all(face_browser, studio.address)
    yield face_browser
    face_browser.execute_script("localStorage.clear(); sessionStorage.clear()")
    face_browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    emulate(face_browser)
    prefer(face_browser, "en-US")
    face_browser.get("about:blank")


def translated_texts(language: str) -> list[str]:
    """The English texts that are other ones in this language."""
    messages = page_words(language)["messages"]
    return [text for text, other in messages.items() if isinstance(other, str) and other != text]


def language_of(browser: Any) -> str:
    return browser.execute_script("return document.documentElement.lang")


def open_in(browser: Any, studio: DrawnStudio, language: str) -> None:
    studio.set_talk(page_language=language)
    browser.get(studio.address)
    wait(browser, f"document.documentElement.lang === '{language}'")
    wait_for_camera(browser)


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(each, marks=() if each in ("de", "hi") else pytest.mark.thorough)
        for each in OTHERS
    ],
)
def test_every_page_speaks_the_language_and_fits_a_phone(browser, studio, language):
    english = translated_texts(language)
    open_in(browser, studio, language)
    for page in PAGES:
        browser.execute_script(f"location.hash = '{page}'")
        wait(browser, f"!byId('{page}').hidden")
        wait(browser, "!document.title.includes('undefined')")
        browser.execute_script(SHOW_ALL)
        assert browser.execute_script(ENGLISH_LEFT, english) == [], page
        for width in (320, 390):
            resize(browser, width, 800)
            assert browser.execute_script(STICKS_OUT) == [], (page, width)
            assert cut_off(browser) == [], (page, width)
    browser.get(f"{studio.address}space/")
    wait(browser, f"document.documentElement.lang === '{language}'")
    assert browser.execute_script(ENGLISH_LEFT, english) == []


def test_the_browser_and_then_the_person_choose_the_language(browser, studio):
    prefer(browser, "fr-CA,fr")
    studio.set_talk(page_language="")
    browser.get(studio.address)  # of Ann, whose words are English
    wait(browser, "document.documentElement.lang === 'en'")
    wait_for_camera(browser)
    show_page(browser, "data")
    choose = (
        "const select = document.querySelector('#data [data-languages]');"
        "select.value = arguments[0]; select.dispatchEvent(new Event('change'))"
    )
    browser.execute_script(choose, "de")
    wait(browser, "document.documentElement.lang === 'de'")
    (ann,) = studio.profiles.ids()
    assert '"page_language":"de"' in studio.profiles.find(ann).settings.talk
    browser.execute_script("localStorage.clear()")  # another browser
    browser.get("about:blank")
    browser.get(studio.address)
    wait(browser, "document.documentElement.lang === 'de'")


def test_no_person_and_no_choice_is_the_language_of_the_browser(browser, studio):
    prefer(browser, "hi-IN,hi")
    without = {"source": NOBODY_IS_HERE}
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", without)
    try:
        browser.get(studio.address)
        wait(browser, "!byId('welcome').hidden")
        assert language_of(browser) == "hi"
        select = "document.querySelector('#welcome [data-languages]')"
        names = browser.execute_script(f"return [...{select}.options].map((each) => each.text)")
        assert names == list(languages().values())
        browser.execute_script(
            f"{select}.value = 'es'; {select}.dispatchEvent(new Event('change'))"
        )
        wait(browser, "document.documentElement.lang === 'es' && !byId('welcome').hidden")
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.mark.parametrize("page", ["talk", "data"])
def test_another_language_is_as_accessible(browser, studio, page):
    open_in(browser, studio, "hi")
    if page != "talk":
        show_page(browser, page)
    assert violations(browser) == []
