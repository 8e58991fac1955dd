"""Hands-free recordings, and hints about the position of the face."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import press, texts, wait, wait_for_camera

from videospace.lipreading.mouth.detectors import FixedBox
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_mouth

pytestmark = pytest.mark.browser
CYCLE_SECONDS = 3.7
"""The camera shows the word once in this time."""
MOUTH = MouthPose(160.0, 163.0, 41.0, 0.0)
"""The mouth of the drawn face in the camera's 320×240 px."""


@pytest.fixture
def studio(drawn_studio: DrawnStudio) -> DrawnStudio:
    """A studio that finds the mouth of the drawn face and recognizes its word."""
    drawn_studio.reader.reset(word=1, mouths=[MOUTH])
    return drawn_studio


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Any:
    """Talk, as after a start."""
    browser = face_browser
    studio.forget_settings()
    browser.get(studio.address)
    browser.execute_script("localStorage.clear(); sessionStorage.clear()")
    browser.refresh()
    wait_for_camera(browser)
    return browser


def test_lips_begin_and_end_a_recording(page, studio, tmp_path: Path):
    press(page, "#hands-free")
    wait(page, "document.querySelectorAll('.guess').length > 0")
    wait(page, "byId('hands-free-state').textContent.startsWith('Paused')")
    assert texts(page, ".guess .word")[0] == "bread"
    (film,) = studio.reader.videos
    path = tmp_path / "film.webm"
    path.write_bytes(film)
    _, report = read_mouth(path, FixedBox("143,139,41,41"))
    # The whole movement is in the recording, even if the page was opened in the middle of a word.
    assert report.movement_start_seconds is not None
    assert report.movement_end_seconds is not None
    assert 0 < report.movement_start_seconds < report.movement_end_seconds < report.seconds
    # No recording starts before the word is chosen; then the next one starts without a hand.
    time.sleep(CYCLE_SECONDS)
    assert len(studio.reader.videos) == 1
    press(page, ".guess")
    wait(page, "byId('sentence').textContent === 'bread'")
    wait(page, "document.querySelectorAll('.guess').length > 0")
    assert len(studio.reader.videos) == 2


def test_it_is_remembered_and_turned_off_with_the_keyboard(page, studio):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    pressed = "byId('hands-free').getAttribute('aria-pressed')"
    page.execute_script("document.getElementById('hands-free').focus()")
    ActionChains(page).send_keys(Keys.SPACE).perform()
    wait(page, f"{pressed} === 'true'")
    page.refresh()
    wait_for_camera(page)
    wait(page, f"{pressed} === 'true' && byId('hands-free-state').textContent")
    page.execute_script("document.getElementById('hands-free').focus()")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    wait(page, f"{pressed} === 'false' && !byId('hands-free-state').textContent")
    time.sleep(CYCLE_SECONDS)
    assert studio.reader.videos == []


def test_a_movement_that_is_no_word_is_let_go(page, studio):
    studio.reader.is_still = True
    press(page, "#hands-free")
    wait(page, "byId('answer').textContent.startsWith('I saw no movement')")
    studio.reader.is_still = False
    wait(page, "document.querySelectorAll('.guess').length > 0")


def test_nothing_is_recorded_where_no_face_is_found(page, studio):
    studio.reader.mouths = []
    wait(page, "byId('hint').textContent.startsWith('No face found')")
    press(page, "#hands-free")
    time.sleep(CYCLE_SECONDS)
    assert studio.reader.videos == []
    assert texts(page, "#hands-free-state") == ["Waiting until your mouth is visible."]


@pytest.mark.parametrize(
    ("mouths", "hint"),
    [
        ([], "No face found. Move into the frame, towards the camera."),
        ([MouthPose(160, 163, 20, 0.0)], "Too far away. Come closer."),
        ([MouthPose(160, 163, 70, 0.0)], "Too close. Move back a little."),
        ([MouthPose(305, 163, 41, 0.0)], "The mouth is at the edge. Move into the frame."),
        (
            [MOUTH, MouthPose(60, 163, 35, 0.0)],
            "More than one face. Only the speaker should be in the picture.",
        ),
        ([MOUTH], ""),
    ],
)
def test_a_hint_tells_where_to_move(page, studio, mouths, hint):
    studio.reader.mouths = mouths
    wait(page, f"byId('hint').textContent === '{hint}' && byId('mouth-frame')")
    if hint:
        return
    wait(page, "byId('mouth-frame').classList.contains('found')")
    left, top, side = page.execute_script(
        "const box = (id) => document.getElementById(id).getBoundingClientRect();"
        "const [frame, stage] = [box('mouth-frame'), box('stage')];"
        "return [(frame.left - stage.left) / stage.width, (frame.top - stage.top) / stage.height,"
        " frame.width / stage.width]"
    )
    assert left == pytest.approx(0.5 - 41 / 320 / 2, abs=0.01)
    assert top == pytest.approx((163 - 20.5) / 240, abs=0.01)
    assert side == pytest.approx(41 / 320, abs=0.01)


def test_stills_wait_for_recordings_and_end_with_the_finder(page, studio):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    wait(page, "byId('mouth-frame').classList.contains('found')")
    ActionChains(page).key_down(Keys.SPACE).perform()
    wait(page, "byId('camera-card').classList.contains('recording')")
    before = len(studio.reader.stills)
    time.sleep(2.5)  # longer than the interval of two stills
    assert len(studio.reader.stills) <= before + 1  # one may have been on its way
    ActionChains(page).key_up(Keys.SPACE).perform()
    wait(page, "document.querySelectorAll('.guess').length > 0")
