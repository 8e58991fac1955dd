"""Recording, choosing and undoing never get in each other's way."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.drawn_studio import DrawnStudio, mouth_clip
from tests.support.page_actions import open_anew, press, texts, wait, wait_for, wait_for_camera
from tests.support.page_checks import DESKTOP, cut_off, resize, room_and_width

from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.deletion import delete_word

pytestmark = pytest.mark.browser
OTHERS = [f"word {number:02}" for number in range(14)]
PHONE_LANDSCAPE, ZOOMED = (844, 390), (DESKTOP[0] // 2, DESKTOP[1] // 2)
IN_SIGHT = """
window.scrollTo(0, 0);
const { top, bottom } = document.getElementById("record").getBoundingClientRect();
return top >= 0 && bottom <= innerHeight;
"""


@pytest.fixture
def studio(drawn_studio: DrawnStudio) -> Iterator[DrawnStudio]:
    """It finds the mouth of the drawn face and recognizes its word."""
    drawn_studio.reader.reset(word=1, mouths=[MouthPose(160.0, 163.0, 41.0, 0.0)])
    drawn_studio.forget_settings()
    yield drawn_studio
    drawn_studio.forget_settings()


@pytest.fixture
def more_words(studio: DrawnStudio) -> Iterator[None]:
    """Words beyond those that are guessed."""
    profile = studio.profiles.find("ann")
    for number, word in enumerate(OTHERS):
        profile.add_word(word)
        if number < 6:
            profile.add_clip(word, mouth_clip(2 + number), source="studio")
    yield
    for word in OTHERS:
        delete_word(profile, word)


def opened(browser: Any, studio: DrawnStudio) -> Any:
    """Talk, as after a start."""
    open_anew(browser, studio.address)
    wait_for_camera(browser)
    return browser


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Iterator[Any]:
    yield opened(face_browser, studio)
    face_browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def hold(page: Any, key: str, seconds: float = 1.2) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page).key_down(key).pause(seconds).key_up(key).perform()


def record(page: Any, studio: DrawnStudio) -> None:
    """Hold the space bar until there is an answer to a new recording."""
    before = len(studio.reader.videos)
    hold(page, " ")
    wait_for(page, lambda: len(studio.reader.videos) > before)
    wait(page, "document.querySelectorAll('.guess').length > 1 && !byId('record').disabled")


def num_clips(studio: DrawnStudio) -> int:
    return len(studio.profiles.find("ann").clips())


def test_the_space_bar_records_again_and_accepts_nothing(page, studio):
    clips = num_clips(studio)
    record(page, studio)
    record(page, studio)  # with the focus on the first guess
    record(page, studio)
    assert texts(page, "#sentence") == [""]
    assert num_clips(studio) == clips


@pytest.mark.parametrize("key", ["\ue007", "1", "2"])
def test_a_hold_of_any_key_accepts_nothing(page, studio, key):
    clips = num_clips(studio)
    record(page, studio)
    hold(page, key)
    wait(page, "byId('answer').textContent.includes('long press')")
    assert (texts(page, "#sentence"), num_clips(studio)) == ([""], clips)
    hold(page, key, 0.05)
    wait(page, "byId('sentence').textContent !== ''")
    press(page, "#undo")
    wait_for(page, lambda: num_clips(studio) == clips)


def test_enter_does_not_record_while_an_answer_waits(page, studio):
    record(page, studio)
    page.execute_script("document.getElementById('record').focus()")
    hold(page, "\ue007")
    assert len(studio.reader.videos) == 1
    assert len(texts(page, ".guess")) == 2


def test_undo_unteaches_the_last_ten_even_after_clear_and_a_reload(page, studio):
    clips = num_clips(studio)
    for number in range(2):
        record(page, studio)
        hold(page, str(number + 1), 0.05)
        wait(
            page, f"byId('sentence').textContent.split(' ').filter(Boolean).length === {number + 1}"
        )
    assert num_clips(studio) == clips + 2
    press(page, "#clear")
    page.refresh()
    wait_for_camera(page)
    wait(page, "byId('sentence').textContent === '' && !byId('undo').disabled")
    press(page, "#undo")
    wait(page, "byId('undone').textContent.includes('recording')")
    assert num_clips(studio) == clips + 1
    press(page, "#undo")
    wait(page, "byId('undo').disabled")
    wait_for(page, lambda: num_clips(studio) == clips)


def test_the_label_says_how_a_recording_ends(page, studio):
    hold(page, " ", 0.05)
    wait(page, "byId('record-label').textContent.includes('press again')")
    hold(page, " ", 0.05)
    wait(page, "document.querySelectorAll('.guess').length === 2")
    assert texts(page, "#record-label") == ["Hold to record"]


def test_other_words_are_reached_without_typing(page, studio, more_words):
    record(page, studio)
    guessed = set(texts(page, ".guess .word"))
    hold(page, "0", 0.05)
    wait(page, "document.activeElement.closest('#others')")
    assert len(texts(page, "#others button")) == 11
    assert not guessed & set(texts(page, "#others button"))
    press(page, "#others li:nth-child(2) button")
    wait(page, "byId('sentence').textContent.startsWith('word')")
    press(page, "#undo")
    wait(page, "byId('undo').disabled")


def test_typing_filters_the_other_words(page, studio, more_words):
    from selenium.webdriver.common.action_chains import ActionChains

    record(page, studio)
    press(page, "#none")
    wait(page, "!byId('correction').hidden")
    ActionChains(page).send_keys("word 13").perform()
    wait(page, "document.querySelectorAll('#others button').length === 1")
    assert texts(page, "#others button") == ["word 13"]
    ActionChains(page).send_keys("x").perform()
    wait(page, "byId('no-others').textContent.includes('new word')")
    hold(page, "\ue00c", 0.05)  # Escape
    wait(page, "byId('correction').hidden")
    assert len(texts(page, ".guess")) == 5


def test_a_confident_answer_is_accepted_unless_it_is_stopped(page, studio):
    studio.set_talk(accepts_confident=True, accept_seconds=15, cancel_by="nothing")
    opened(page, studio)
    record(page, studio)
    wait(page, "!byId('accepting').hidden && byId('accepting-bar').value < 1")
    hold(page, "\ue00c", 0.05)
    wait(page, "byId('accepting').hidden && byId('answer').textContent.startsWith('Stopped')")
    studio.set_talk(accepts_confident=True, accept_seconds=1, cancel_by="nothing")
    opened(page, studio)
    record(page, studio)
    wait(page, "byId('sentence').textContent === 'bread'")
    press(page, "#undo")
    wait(page, "byId('undo').disabled")


def test_the_lips_stop_the_countdown(page, studio):
    studio.set_talk(accepts_confident=True, accept_seconds=15, cancel_by="lips")
    opened(page, studio)
    record(page, studio)
    wait(page, "!byId('accepting').hidden")
    wait(page, "byId('answer').textContent.startsWith('Stopped')")
    assert texts(page, "#sentence") == [""]


def test_a_pointer_that_rests_presses(page, studio):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    studio.set_talk(dwell_seconds=0.8)
    opened(page, studio)
    button = page.find_element(By.ID, "edit-phrases")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    ActionChains(page).move_to_element(button).perform()
    wait(page, "!byId('phrases-form').hidden")


def test_a_recording_is_sent_while_it_is_made(page, studio):
    page.execute_script(
        "window.sent = []; const real = window.fetch;"
        "window.fetch = (...asked) => { window.sent.push(asked[0]); return real(...asked) }"
    )
    record(page, studio)
    sent = page.execute_script("return window.sent")
    assert len([path for path in sent if "/uploads/" in path]) > 1
    assert [path for path in sent if "/recordings?" in path and "&upload=" in path]
    assert studio.reader.videos[0][:4] == b"\x1a\x45\xdf\xa3"


@pytest.mark.parametrize("size", [PHONE_LANDSCAPE, ZOOMED, (390, 844), (320, 568)])
def test_the_record_button_is_in_sight(page, size):
    resize(page, *size)
    wait(page, "byId('preview').videoWidth > 0")
    assert page.execute_script(IN_SIGHT)
    one_row = "return document.querySelector('header').offsetHeight"
    assert page.execute_script(one_row) < 90
    assert cut_off(page) == []


def test_the_header_of_two_people_fits_every_width(page):
    page.execute_script(
        "const select = document.getElementById('person');"
        "select.append(new Option('Wilhelmina Featherstonehaugh'))"
    )
    for width in (320, 390, 480, 640, 740):
        resize(page, width, 800)
        assert page.execute_script("return document.getElementById('who').checkVisibility()")
        assert cut_off(page) == [], width
        room, wide = room_and_width(page, width)
        assert wide <= room


def test_the_record_button_is_in_sight_with_large_text(page):
    resize(page, *DESKTOP)
    page.execute_script("document.documentElement.style.fontSize = '200%'")
    try:
        wait_for(page, lambda: page.execute_script(IN_SIGHT), 10)
    finally:
        page.execute_script("document.documentElement.style.fontSize = ''")


def test_nothing_speaks_of_keys_on_a_touch_screen(page):
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        wait(page, "matchMedia('(hover: none) and (pointer: coarse)').matches")
        assert not page.execute_script(
            "return [...document.querySelectorAll('.keys, kbd')].some((e) => e.checkVisibility())"
        )
    finally:
        page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
