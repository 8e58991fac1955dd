"""Progress, and the lists that are taught, in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.fake_reader import FakeReader
from tests.support.page_actions import ask, press, texts, type_into, wait
from tests.support.page_checks import CONTRASTS, emulate
from tests.support.studio_in_process import InProcessStudio
from tests.support.used_profile import (
    NUM_DAYS,
    NUM_EACH_DAY,
    WORDS,
    base_model,
    talked_profile,
    trained_model,
)

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann has talked for weeks, Bo has not begun, and Cy has two models."""
    folder = tmp_path_factory.mktemp("studio")
    talked_profile(folder / "ann", falls=True)
    Profile.create(folder / "bo", ProfileSettings(person="Bo", finder="middle"))
    cy = Profile.create(folder / "cy", ProfileSettings(person="Cy", strategy="fusion+adapted"))
    base_model(cy)
    trained_model(cy)
    return folder


@pytest.fixture(scope="module")
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture(scope="module")
def browser(open_browser, data, reader) -> Iterator[Any]:
    """Before a camera that shows a pattern."""
    browser = open_browser("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with InProcessStudio(data, reader) as studio:
        browser.get(studio.address)
        yield browser
        browser.get("about:blank")


@pytest.fixture
def open_page(browser) -> Callable[[str, str], Any]:
    """Opens a page for a person, reloaded."""

    def start(name: str, person: str) -> Any:
        browser.execute_script(
            "localStorage.setItem('studio.person', arguments[1]); location.hash = arguments[0]",
            name,
            person,
        )
        browser.refresh()
        wait(browser, f"byId('person').value === '{person}' && !byId('{name}').hidden")
        return browser

    return start


@pytest.fixture(scope="module")
def ann(browser) -> Any:
    """What the studio tells of Ann's progress."""
    return ask(browser, "/api/profiles/ann/progress")


@pytest.fixture
def page(browser, open_page) -> Any:
    """Ann's progress, as a test before may have left it."""
    where = "return location.hash + document.getElementById('person').value"
    if browser.execute_script(where) != "#progressann":
        open_page("progress", "ann")
    wait(browser, "byId('word-progress').tBodies[0].rows.length > 0")
    return browser


def column(browser: Any, table: str, number: int) -> list[str]:
    return texts(browser, f"#{table} tbody tr > :nth-child({number})")


def test_who_has_not_begun_is_told_what_will_be_here(open_page):
    browser = open_page("progress", "bo")
    wait(browser, "byId('model-in-use').textContent")
    assert texts(browser, "#progress-empty")[0].startswith("Nothing has been said yet.")
    assert texts(browser, "#model-in-use")[0].endswith("without a model (templates).")
    shown = "return [...document.querySelectorAll('#progress .in-use, #progress .with-models')]"
    assert not browser.execute_script(f"{shown}.some((part) => part.checkVisibility())")


def test_the_curve_has_its_table_beside_it(page, ann):
    assert ann["num_words"] == NUM_DAYS * NUM_EACH_DAY
    assert len(texts(page, "#curve .day")) == len(texts(page, "#curve .interval")) == NUM_DAYS
    assert page.execute_script("return document.getElementById('curve').role") == "img"
    assert texts(page, "#curve desc")[0].startswith("Words that were right at once: from ")
    newest = ann["days"][-1]["accuracy"]["top1"]
    shares = column(page, "day-progress", 3)
    assert len(shares) == NUM_DAYS
    assert shares[0].startswith(f"{100 * newest['mean']:.0f} (")
    dots = page.execute_script(
        "return [...document.querySelectorAll('#curve .day')].map((dot) => dot.cy.baseVal.value)"
    )
    heights = [day["accuracy"]["top1"]["mean"] for day in ann["days"]]
    assert dots[heights.index(min(heights))] == max(dots)  # down is worse


def test_an_accuracy_drop_is_shown(page, ann):
    text = ann["accuracy_drop"]
    assert "Fisher's exact test" in text
    assert texts(page, "#accuracy-drop-text") == [text]
    assert is_shown(page, "accuracy-drop")


def test_words_are_sorted_by_a_press_on_a_heading(page, ann):
    assert column(page, "word-progress", 1) == [word["word"] for word in ann["words"]]
    heading = "#word-progress th:nth-child({}) button"
    press(page, heading.format(1))
    assert column(page, "word-progress", 1) == sorted(WORDS)
    press(page, heading.format(3))
    said = [int(number) for number in column(page, "word-progress", 3)]
    assert said == sorted(said)
    press(page, heading.format(3))
    assert [int(number) for number in column(page, "word-progress", 3)] == said[::-1]
    sorts = "return [...document.querySelectorAll('#word-progress th')].map((th) => th.ariaSort)"
    assert page.execute_script(sorts)[:5] == [None, None, "descending", None, None]


def test_confusions_and_sessions_are_listed(page, ann):
    first = ann["confusions"][0]
    line = f"{first['said']} was taken for {first['answered']}, {first['times']} ×"
    assert texts(page, "#confusions li")[0] == line
    assert len(column(page, "session-progress", 1)) == len(ann["sessions"]) == NUM_DAYS


def test_the_table_of_choices_is_saved(page):
    text = page.execute_async_script(
        "const done = arguments[0]; fetch(document.getElementById('choices-csv').href)"
        ".then((a) => a.text()).then(done)"
    )
    assert text.startswith("time,word,rank")
    assert len(text.splitlines()) == 1 + NUM_DAYS * NUM_EACH_DAY


def test_back_to_the_model_before_and_forward_again(open_page, data):
    browser = open_page("progress", "cy")
    in_use = (
        "[...document.querySelectorAll('#model-progress td:last-child')].map((e) => e.textContent)"
    )
    own, base = "in use,Use this one", "Use this one,in use"
    wait(browser, f"String({in_use}) === '{own}'")
    for expected, strategy in ((base, "fusion"), (own, "fusion+adapted")):
        press(browser, "#model-progress button")
        wait(browser, f"String({in_use}) === '{expected}'")
        assert texts(browser, "#model-in-use")[0].endswith(f"({strategy}).")
        assert Profile(data / "cy").settings.strategy == strategy
    assert browser.execute_script("return document.activeElement.id") == "models-title"


def test_it_can_be_read(page):
    for scheme in ("light", "dark"):
        emulate(page, prefers_color_scheme=scheme)
        assert page.execute_script(CONTRASTS) == []
    emulate(page)


@pytest.mark.parametrize("width", [320, 800, 1600])
def test_nothing_sticks_out_and_what_is_pressed_is_large(page, width):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        wait(page, "byId('curve').viewBox.baseVal.width === byId('curve').clientWidth")
        assert page.execute_script(
            "const root = document.documentElement; return root.scrollWidth <= root.clientWidth"
        )
        small = page.execute_script(
            "return [...document.querySelectorAll('#progress button, #progress .button')]"
            ".filter((e) => e.offsetHeight < 44).map((e) => e.textContent)"
        )
        assert small == []
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def skip(browser: Any, times: int) -> None:
    for _ in range(times):
        browser.execute_script("document.getElementById('lesson-skip').click()")


def test_a_list_is_taught_in_sets_and_goes_on_after_a_reload(open_page, tmp_path):
    words = ["bat", "mat", "Dr. Lee", *(f"word {number}" for number in range(9))]
    lines = ["word;spoken", *words]
    lines[3] = '"Dr. Lee";doctor Lee'
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    browser = open_page("teach", "bo")
    wait(browser, "byId('teach-state').textContent.startsWith('Record each word once')")
    type_into(browser, "teach-file", str(tmp_path / "list.csv"))
    wait(browser, "byId('teach-words').value.startsWith('word;spoken')")
    press(browser, "#teach-begin")
    wait(browser, "byId('lesson-count').textContent === 'Word 1 of 12'")
    skip(browser, 1)
    assert texts(browser, "#prompt") == ["mat"]
    assert "looks the same on the lips as “bat”" in texts(browser, "#look-alikes li")[0]
    skip(browser, 1)
    assert texts(browser, "#look-alikes li") == []
    assert texts(browser, "#prompt-spoken") == ["spoken “doctor Lee”"]
    skip(browser, 8)
    wait(browser, "byId('teach-state').textContent.startsWith('10 of 12 words done.')")
    browser = open_page("teach", "bo")
    wait(browser, "byId('teach-resume').textContent === 'Continue: 2 of 12 words left'")
    press(browser, "#teach-resume")
    assert texts(browser, "#lesson-count") == ["Word 11 of 12"]
    skip(browser, 2)
    wait(browser, "byId('teach-state').textContent.startsWith('All words are done')")
    assert browser.execute_script("return document.getElementById('teach-resume').hidden")


def test_weak_words_come_first_where_nothing_new_is_typed(open_page, ann):
    browser = open_page("teach", "ann")
    wait(browser, "byId('teach-begin').textContent === 'Practice weak words'")
    press(browser, "#teach-begin")
    for number, word in enumerate(ann["words"], start=1):
        wait(browser, f"byId('prompt').textContent === '{word['word']}'")
        assert texts(browser, "#lesson-count") == [f"Word {number} of {len(WORDS)}"]
        skip(browser, 1)


def test_a_line_that_makes_no_sense_is_named(open_page):
    browser = open_page("teach", "ann")
    type_into(browser, "teach-words", "tea\na,b,c,d")
    press(browser, "#teach-begin")
    wait(browser, "byId('notice').textContent.startsWith('Line 2 of the list: expected a word')")
    assert browser.execute_script("return document.getElementById('teach-words').value") != ""


def record(browser: Any) -> None:
    """Film the word, and wait until it has been looked at."""
    wait(browser, "!byId('lesson-record').disabled && byId('preview').videoWidth > 0")
    press(browser, "#lesson-record")
    wait(browser, "byId('playback').src.startsWith('blob:') && !byId('playback').hidden")


def test_a_recording_is_checked_and_replaced_only_by_one_that_is_kept(open_page, reader):
    def kept() -> list[str]:
        return [clip["id"] for clip in ask(browser, "/api/profiles/bo/clips")]

    browser = open_page("teach", "bo")
    type_into(browser, "teach-words", "once")
    press(browser, "#teach-begin")
    wait(browser, "byId('prompt').textContent === 'once'")
    reader.refusal = "expected a face in the film, found none"
    record(browser)
    assert texts(browser, "#lesson-text") == ["This recording cannot be used:"]
    assert texts(browser, "#lesson-problems li") == ["Expected a face in the film, found none."]
    assert not is_shown(browser, "lesson-keep")
    reader.refusal = None
    record(browser)
    wait(browser, "byId('lesson-text').textContent === 'Good recording.'")
    (first,) = kept()
    reader.problems = ("it is too dark",)
    record(browser)
    assert texts(browser, "#lesson-problems li") == ["it is too dark"]
    assert is_shown(browser, "lesson-next")
    assert kept() == [first]
    press(browser, "#lesson-keep")
    wait(browser, "byId('lesson-text').textContent === 'Kept.'")
    (second,) = kept()
    assert second != first
    reader.problems = ()


def is_shown(browser: Any, element_id: str) -> bool:
    script = "return document.getElementById(arguments[0]).checkVisibility()"
    return browser.execute_script(script, element_id)


def test_a_damaged_profile_does_not_keep_the_others_out(open_page, data):
    (data / "dee").mkdir()
    (data / "dee" / "profile.sqlite").write_bytes(b"rubbish" * 1000)
    browser = open_page("teach", "bo")
    wait(browser, "byId('person').querySelector('[value=dee]')")
    option = "byId('person').querySelector('[value=dee]')"
    wait(browser, f"{option}.disabled && {option}.textContent === 'dee (damaged)'")
    assert not is_shown(browser, "damaged")
    browser = open_page("data", "bo")
    wait(browser, "byId('damaged').checkVisibility()")
    assert texts(browser, "#damaged-people strong") == ["dee"]
    link = browser.execute_script("return document.querySelector('#damaged-people a').href")
    assert "/api/profiles/dee/export?as_is=true&token=" in link
    browser.execute_script("document.querySelector('#damaged-people .danger').click()")
    browser.execute_script("document.querySelector('#confirm [value=yes]').click()")
    wait(browser, "!byId('damaged').checkVisibility()")
    assert not (data / "dee").exists()
    assert texts(browser, "#person option") == ["Ann", "Bo", "Cy"]
