"""The accessibility of every page and state, by axe-core and by checks that it lacks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import open_anew, press, show_page, wait, wait_for_camera
from tests.support.page_checks import DESKTOP, emulate, resize, violations

from videospace.lipreading.mouth.pose import MouthPose

pytestmark = pytest.mark.browser
HEAR = """
const done = arguments[0];
const video = new Blob(["video"], { type: "video/webm" });
import("/talk/speaking/talk.js").then(({ recognize }) => recognize(video)).then(done);
"""
SHOW_ALL_OF_THE_LESSON = """
import("/shared/dom.js").then(({ byId, fillList, show }) => {
  fillList(byId("lesson-problems"), ["it is too dark: turn on a light"]);
  fillList(byId("look-alikes"), ["“mat” looks much like “bat”."]);
  for (const element of document.querySelectorAll("#lesson [hidden]")) show(element);
});
"""

SHOW_ALL_OF_TEACH = """
import("/shared/dom.js").then(({ byId, fillList, show }) => {
  fillList(byId("weak"), ["“green” was the wrong answer 7 times."]);
  const hidden = document.querySelectorAll("#teach-list [hidden], #backup-reminder");
  for (const element of hidden) show(element);
  byId("teach-resume").textContent = byId("teach-again").textContent = "Once more";
});
"""
SHOW_A_REPORT = """
const share = { mean: 0.5, low: 0.3, high: 0.7 }, real = window.fetch;
const curve = [{ num_shots: 1, num_answers: 9, top1: share, top5: share }];
const confusions = [
  { said: "tea", answered: "pea", times: 2, said_clip: "", answered_clip: "" }];
const result = { strategy: "fusion", curve, confusions };
const state = { state: "done", fraction: 1, note: "", result };
window.fetch = (address, ...rest) => address.endsWith("/report")
  ? Promise.resolve(Response.json(state)) : real(address, ...rest);
"""


def guesses(page: Any) -> None:
    page.execute_async_script(HEAR)
    wait(page, "document.querySelectorAll('.guess').length === 2")


def other_words(page: Any) -> None:
    guesses(page)
    page.execute_async_script(
        "const done = arguments[0]; import('/talk/speaking/correction.js').then((m) =>"
        " done(m.openCorrection([...Array(30).keys()].map((n) => `word number ${n}`))))"
    )
    wait(page, "document.querySelectorAll('#others button').length === 12")


def countdown(page: Any) -> None:
    guesses(page)
    page.execute_async_script(
        "const done = arguments[0]; import('/talk/speaking/acceptance.js').then((m) => {"
        " m.countDown('bread', () => {}, () => {}); done() })"
    )
    wait(page, "!byId('accepting').hidden")


def scanning(page: Any) -> None:
    page.execute_script("document.getElementById('talk-settings').open = true")
    press(page, "#scan")
    wait(page, "document.querySelector('.scanned')")


def lesson(page: Any) -> None:
    show_page(page, "teach")
    press(page, "#teach-begin")
    wait(page, "!byId('lesson').hidden")
    page.execute_script(SHOW_ALL_OF_THE_LESSON)
    wait(page, "!byId('lesson-next').hidden")


def data_in_full(page: Any) -> None:
    show_page(page, "data")
    wait(page, "document.querySelectorAll('#words details').length === 2")
    page.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")


def change_of_a_word(page: Any) -> None:
    data_in_full(page)
    press(page, "[aria-label^='Change the word']")
    press(page, "[aria-label^='Play']")
    wait(page, "document.querySelector('#words video')?.videoWidth > 0")
    page.execute_script("import('/shared/dom.js').then(({ tell }) => tell('Saved.'))")
    wait(page, "!byId('done').hidden")


def move(page: Any) -> None:
    data_in_full(page)
    press(page, "[aria-label^='Move']")
    wait(page, "byId('move-dialog').open")


def first_steps(page: Any) -> None:
    page.execute_script("location.hash = 'start'")
    wait(page, "byId('start-camera-text').textContent")
    page.execute_script("document.getElementById('start-heard').hidden = false")
    press(page, "#start-heard-no")


def handover(page: Any) -> None:
    page.execute_script("location.hash = 'handover'")
    wait(page, "byId('handover-words').textContent.includes('water')")


def teach_in_full(page: Any) -> None:
    show_page(page, "teach")
    wait(page, "byId('teach-state').textContent")
    page.execute_script(SHOW_ALL_OF_TEACH)
    wait(page, "byId('weak').children.length === 1")


def report(page: Any) -> None:
    show_page(page, "progress")
    page.execute_script(SHOW_A_REPORT)
    press(page, "#report-begin")
    wait(page, "document.querySelectorAll('#report-confusions li').length === 1")


def confirmation(page: Any) -> None:
    show_page(page, "data")
    press(page, "#delete-person")


STATES: dict[str, Callable[[Any], object]] = {
    "talk with guesses": guesses,
    "talk with the other words": other_words,
    "talk that counts down": countdown,
    "talk with one switch": scanning,
    "talk with phrases to change": lambda page: press(page, "#edit-phrases"),
    "talk without hands": lambda page: press(page, "#hands-free"),
    "the settings of talk": lambda page: press(page, "#talk-settings summary"),
    "a lesson": lesson,
    "data with recordings": data_in_full,
    "a word to change and a film": change_of_a_word,
    "a recording to move": move,
    "the first steps": first_steps,
    "the hand-over sheet": handover,
    "teach with all that it can offer": teach_in_full,
    "a report": report,
    "a question for the PIN": lambda page: page.execute_script(
        "document.getElementById('pin-dialog').showModal()"
    ),
    "an import": lambda page: page.execute_script(
        "document.getElementById('importing').hidden = false;"
        "document.getElementById('import-text').textContent = 'Importing'"
    ),
    "a question before deletion": confirmation,
    "a question for the code": lambda page: page.execute_script(
        "document.getElementById('code-dialog').showModal()"
    ),
    "something that went wrong": lambda page: page.execute_script(
        "import('/shared/dom.js').then(({ notify }) => notify('The studio does not answer.'))"
    ),
}
"""Beyond the pages as they open, which the links in the header name."""
EVERY_RUN = {
    *("talk with guesses", "talk with the other words", "talk with phrases to change"),
    *("the settings of talk", "a lesson", "data with recordings", "a word to change and a film"),
    *("the first steps", "teach with all that it can offer", "a report"),
    *("a question for the PIN", "a question before deletion"),
}
"""States that every run of the tests looks at."""


@pytest.fixture
def studio(drawn_studio: DrawnStudio) -> DrawnStudio:
    """It finds one mouth, and something to improve about every recording."""
    drawn_studio.reader.reset(mouths=[MouthPose(160.0, 163.0, 41.0, 0.0)])
    drawn_studio.reader.problems = ("it is blurred: clean the lens",)
    return drawn_studio


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Iterator[Any]:
    """Talk, as after a start."""
    studio.forget_settings()
    open_anew(face_browser, studio.address)
    wait_for_camera(face_browser)
    yield face_browser
    emulate(face_browser)
    face_browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def page_names(page: Any) -> list[str]:
    script = "return [...document.querySelectorAll('[data-page]')].map((e) => e.dataset.page)"
    return page.execute_script(script)


def sticks_out(page: Any) -> bool:
    return page.execute_script(
        "const root = document.documentElement; return root.scrollWidth > root.clientWidth"
    )


def test_every_page_keeps_the_rules(page):
    names = page_names(page)
    assert {"talk", "teach", "data"} <= set(names)
    for name in names:
        show_page(page, name)
        assert violations(page) == [], name


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state, marks=() if state in EVERY_RUN else pytest.mark.thorough)
        for state in STATES
    ],
)
def test_every_state_keeps_the_rules(page, state):
    STATES[state](page)
    assert violations(page) == []


def test_the_welcome_keeps_the_rules(face_browser, tmp_path: Path):
    studio = DrawnStudio(tmp_path / "nobody", persons=())
    try:
        face_browser.get(studio.address)
        wait(face_browser, "!byId('welcome').hidden")
        assert violations(face_browser) == []
    finally:
        studio.stop()


def test_axe_would_find_what_is_wrong(page):
    page.execute_script("document.getElementById('speak-all').textContent = ''")
    assert any(text.startswith("button-name") for text in violations(page))


def test_twice_the_size_needs_no_scrolling_sideways(page):
    for name in page_names(page):
        show_page(page, name)
        resize(page, DESKTOP[0] // 2, DESKTOP[1] // 2, 2)  # as the browser's zoom does
        assert not sticks_out(page), f"{name}, everything at 200 %"
        resize(page, *DESKTOP)
        page.execute_script("document.documentElement.style.fontSize = '200%'")
        assert not sticks_out(page), f"{name}, text at 200 %"
        page.execute_script("document.documentElement.style.fontSize = ''")
    show_page(page, "talk")
    guesses(page)
    resize(page, DESKTOP[0] // 2, DESKTOP[1] // 2, 2)
    assert not sticks_out(page)


def test_the_focus_goes_down_the_page_and_is_seen(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    guesses(page)
    page.execute_script("document.querySelector('.skip').focus()")
    where = []
    for _ in range(40):
        ActionChains(page).send_keys(Keys.TAB).perform()
        where.append(
            page.execute_script(
                "const e = document.activeElement, box = e.getBoundingClientRect();"
                "const style = getComputedStyle(e), header = document.querySelector('header');"
                "const all = [...document.querySelectorAll('*')];"
                "return {place: all.indexOf(e), name: e.id || e.textContent.trim(),"
                " outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),"
                " hidden: !header.contains(e) && box.bottom < header.getBoundingClientRect().bottom"
                " || box.top >= innerHeight}"
            )
        )
        if where[-1]["name"] == "edit-phrases":
            break
    names = [each["name"] for each in where]
    assert {"record", "hands-free", "scan", "none", "discard", "edit-phrases"} <= {*names}
    assert [each["place"] for each in where] == sorted(each["place"] for each in where)
    assert [each["name"] for each in where if each["outline"] < 2 or each["hidden"]] == []
