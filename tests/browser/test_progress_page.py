"""Progress, and the lists that are taught, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from page_looks import CONTRASTS, emulate
from said_words import WORDS, talked_profile
from studio_server import StudioServer
from test_studio_page import ask, press, texts, type_into, wait, wait_for

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.settings import ProfileSettings

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A studio of Ann, who has talked for weeks, and of Bo, who has not begun."""
    data = tmp_path_factory.mktemp("studio") / "data"
    data.mkdir()
    talked_profile(data / "ann", falls=True)
    Profile.create(data / "bo", ProfileSettings(person="Bo", finder="middle"))
    server = StudioServer(data)
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def browser(open_browser) -> Any:
    """With a camera that shows no face."""
    return open_browser("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@pytest.fixture
def open_page(browser, studio):
    """Opens a page for a person, loaded anew."""

    def start(name: str, person: str) -> Any:
        browser.get(f"{studio.address}#{name}")
        browser.execute_script("localStorage.setItem('studio.person', arguments[0])", person)
        browser.refresh()
        wait(browser, f"byId('person').value === '{person}' && !byId('{name}').hidden")
        return browser

    return start


@pytest.fixture
def page(open_page) -> Any:
    """Ann's progress."""
    browser = open_page("progress", "ann")
    wait(browser, "byId('word-progress').tBodies[0].rows.length > 0")
    return browser


def column(browser: Any, table: str, number: int) -> list[str]:
    return texts(browser, f"#{table} tbody tr > :nth-child({number})")


def test_who_has_not_begun_is_told_what_will_be_here(open_page):
    browser = open_page("progress", "bo")
    wait(browser, "byId('answering').textContent")
    assert texts(browser, "#progress-empty")[0].startswith("Nothing has been said yet.")
    assert texts(browser, "#answering")[0].endswith("without a model (dtw-normalised).")
    shown = "return [...document.querySelectorAll('#progress .in-use, #progress .with-models')]"
    assert not browser.execute_script(f"{shown}.some((part) => part.checkVisibility())")


def test_the_curve_has_its_table_beside_it(page):
    found = ask(page, "/api/people/ann/progress")
    assert found["num_words"] == 16 * 9
    assert len(texts(page, "#curve .day")) == len(texts(page, "#curve .interval")) == 16
    assert page.execute_script("return document.getElementById('curve').role") == "img"
    assert texts(page, "#curve desc")[0].startswith("Words that were right at once: from ")
    newest = found["days"][-1]["accuracy"]["top1"]
    shares = column(page, "day-progress", 3)
    assert len(shares) == 16
    assert shares[0].startswith(f"{100 * newest['mean']:.0f} (")
    dots = page.execute_script(
        "return [...document.querySelectorAll('#curve .day')].map((dot) => dot.cy.baseVal.value)"
    )
    heights = [day["accuracy"]["top1"]["mean"] for day in found["days"]]
    assert dots[heights.index(min(heights))] == max(dots)  # down is worse


def test_a_fall_is_said(page):
    text = ask(page, "/api/people/ann/progress")["fall"]
    assert "Fisher's exact test" in text
    assert texts(page, "#fall-text") == [text]
    assert page.execute_script("return document.getElementById('fall').checkVisibility()")


def test_words_are_sorted_by_a_press_on_a_heading(page):
    found = [word["word"] for word in ask(page, "/api/people/ann/progress")["words"]]
    assert column(page, "word-progress", 1) == found
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


def test_confusions_and_sessions_are_listed(page):
    found = ask(page, "/api/people/ann/progress")
    first = found["confusions"][0]
    line = f"{first['said']} was taken for {first['answered']}, {first['times']} ×"
    assert texts(page, "#confusions li")[0] == line
    assert len(column(page, "session-progress", 1)) == len(found["sessions"]) == 16


def test_the_table_of_choices_is_saved(page):
    text = page.execute_async_script(
        "const done = arguments[0]; fetch(document.getElementById('choices-csv').href)"
        ".then((a) => a.text()).then(done)"
    )
    assert text.startswith("time,word,place")
    assert len(text.splitlines()) == 1 + 16 * 9


def test_back_to_the_model_before_and_forward_again(page, studio):
    def in_use() -> list[str]:
        return column(page, "model-progress", 5)

    before = in_use()
    assert sorted(before) == ["Use this one", "answers now"]
    for expected in (before[::-1], before):
        press(page, "#model-progress button")
        wait_for(lambda expected=expected: in_use() == expected)
    assert page.execute_script("return document.activeElement.id") == "models-title"
    assert Profile(studio.data / "ann").settings.strategy == "fusion"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read(page, scheme):
    emulate(page, prefers_color_scheme=scheme)
    try:
        assert page.execute_script(CONTRASTS) == []
    finally:
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
        press(browser, "#lesson-skip")


def test_a_list_is_taught_in_sets_and_goes_on_after_a_reload(open_page, tmp_path):
    words = ["bat", "mat", "Dr. Lee", *(f"word {number}" for number in range(9))]
    lines = ["word;spoken", *words]
    lines[3] = '"Dr. Lee";doctor Lee'
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    browser = open_page("teach", "bo")
    wait(browser, "byId('teach-state').textContent.startsWith('Film each word once')")
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
    wait(browser, "byId('teach-state').textContent.startsWith('10 of 12 words are done.')")
    browser = open_page("teach", "bo")
    wait(browser, "byId('teach-resume').textContent === 'Go on: 2 of 12 words are left'")
    press(browser, "#teach-resume")
    assert texts(browser, "#lesson-count") == ["Word 11 of 12"]
    skip(browser, 2)
    wait(browser, "byId('teach-state').textContent.startsWith('That was the last')")
    assert browser.execute_script("return document.getElementById('teach-resume').hidden")


def test_weak_words_come_first_where_nothing_new_is_typed(open_page):
    browser = open_page("teach", "ann")
    wait(browser, "byId('teach-begin').textContent === 'Practise weak words'")
    weakest = [word["word"] for word in ask(browser, "/api/people/ann/progress")["words"]]
    press(browser, "#teach-begin")
    for number, word in enumerate(weakest, start=1):
        wait(browser, f"byId('prompt').textContent === '{word}'")
        assert texts(browser, "#lesson-count") == [f"Word {number} of {len(WORDS)}"]
        skip(browser, 1)


def test_a_line_that_makes_no_sense_is_named(open_page):
    browser = open_page("teach", "ann")
    type_into(browser, "teach-words", "tea\na,b,c,d")
    press(browser, "#teach-begin")
    wait(browser, "byId('notice').textContent.startsWith('Line 2 of the list: expected a word')")
    assert browser.execute_script("return document.getElementById('teach-words').value") != ""


def test_a_new_recording_replaces_the_kept_one_only_when_it_is_kept_itself(open_page):
    browser = open_page("teach", "bo")
    type_into(browser, "teach-words", "once")
    press(browser, "#teach-begin")
    kept = []
    for _ in range(2):
        wait(browser, "!byId('lesson-record').disabled && byId('preview').videoWidth > 0")
        press(browser, "#lesson-record")
        judged = "(!byId('lesson-keep').hidden || !byId('lesson-next').hidden)"
        wait(browser, f"byId('playback').src.startsWith('blob:') && {judged}", 60)
        assert [clip["id"] for clip in ask(browser, "/api/people/bo/clips")][:1] == kept
        press(browser, "#lesson-keep")
        wait(browser, "!byId('lesson-next').hidden && byId('lesson-keep').hidden")
        clips = [clip["id"] for clip in ask(browser, "/api/people/bo/clips")]
        assert len(clips) == 1
        assert clips != kept
        kept = clips


def test_a_film_that_cannot_be_used_is_shown_with_the_reason(open_page, studio):
    pytest.importorskip("dlib")
    profile = Profile(studio.data / "bo")
    profile.change_settings(ProfileSettings(person="Bo", finder="dlib"))
    browser = open_page("teach", "bo")
    type_into(browser, "teach-words", "never")
    press(browser, "#teach-begin")
    wait(browser, "!byId('lesson-record').disabled && byId('preview').videoWidth > 0")
    press(browser, "#lesson-record")
    wait(browser, "byId('lesson-text').textContent === 'This cannot be used:'", 60)
    assert texts(browser, "#lesson-problems li")[0].startswith("Expected a face in the film")
    wait(browser, "byId('lesson-keep').hidden && byId('lesson-next').hidden")
    wait(browser, "!byId('playback').hidden")
    assert profile.word("never").num_clips == 0
