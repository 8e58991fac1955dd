"""Cameras that are slow, dark, blocked or unplugged, and a studio that restarts."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import (
    press,
    show_page,
    texts,
    wait,
    wait_for_camera,
    wait_for_frames,
)

from videospace.lipreading.mouth.detectors import FixedBox
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_mouth

pytestmark = pytest.mark.browser
TRACK = "document.getElementById('preview').srcObject.getVideoTracks()[0]"
UNPLUG = f"const track = {TRACK}; track.stop(); track.dispatchEvent(new Event('ended'))"
SLOW = """
const media = navigator.mediaDevices, open = media.getUserMedia.bind(media);
window.opened = [];
media.getUserMedia = async (constraints) => {
  window.opened.push(null);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  window.opened[window.opened.length - 1] = await open(constraints);
  return window.opened.at(-1);
};
"""
BLACK = """
const canvas = document.createElement("canvas");
const brush = canvas.getContext("2d");
setInterval(() => brush.fillRect(0, 0, 300, 150), 50);
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
"""
TURNED = """
const canvas = document.createElement("canvas");
Object.assign(canvas, { width: 320, height: 240 });
const brush = canvas.getContext("2d");
setInterval(() => {
  brush.fillStyle = `hsl(0 0% ${40 + 20 * Math.random()}%)`;
  brush.fillRect(0, 0, 320, 320);
}, 40);
window.turn = () => Object.assign(canvas, { width: 240, height: 320 });
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(25);
"""


@pytest.fixture
def studio(drawn_studio: DrawnStudio) -> DrawnStudio:
    """It finds the mouth of the drawn face."""
    drawn_studio.reader.reset(word=1, mouths=[MouthPose(160.0, 163.0, 41.0, 0.0)])
    return drawn_studio


@pytest.fixture
def open_page(studio: DrawnStudio, face_browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens Talk in a browser in which a script ran first."""
    added = []

    def start(script: str = "") -> Any:
        face_browser.get("about:blank")
        source = {"source": script + "; localStorage.clear(); sessionStorage.clear();"}
        command = "Page.addScriptToEvaluateOnNewDocument"
        added.append(face_browser.execute_cdp_cmd(command, source))
        face_browser.get(studio.address)
        return face_browser

    yield start
    for script in added:
        face_browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def hold_space(browser: Any, while_held: Callable[[], object]) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(browser).key_down(Keys.SPACE).perform()
    wait(browser, "byId('camera-card').classList.contains('recording')")
    while_held()
    ActionChains(browser).key_up(Keys.SPACE).perform()


def wait_for_guesses(browser: Any) -> None:
    wait(browser, "document.querySelectorAll('.guess').length === 2")


def test_a_slow_camera_is_waited_for(open_page):
    page = open_page(SLOW)
    wait(page, "byId('hint').textContent === 'Waiting for the camera …' && byId('record').disabled")
    wait_for_camera(page)
    assert texts(page, "#hint") != ["Waiting for the camera …"]


def test_a_camera_that_opens_too_late_is_turned_off(open_page):
    page = open_page(SLOW)
    wait(page, "window.opened.length === 1")
    for name in ("teach", "talk", "data"):
        show_page(page, name)
    wait(page, "window.opened[0]?.getTracks()[0].readyState === 'ended'")
    assert page.execute_script("return window.opened.length") == 1
    show_page(page, "talk")
    wait_for_camera(page)


def test_five_frames_a_second_are_recorded_and_named(open_page, studio, tmp_path: Path):
    page = open_page()
    wait_for_camera(page)
    page.execute_async_script(
        f"const done = arguments[0]; {TRACK}.applyConstraints({{frameRate: 5}}).then(done)"
    )
    hold_space(page, lambda: time.sleep(2.5))
    wait_for_guesses(page)
    path = tmp_path / "film.webm"
    path.write_bytes(studio.reader.videos[0])
    _, report = read_mouth(path, FixedBox("143,139,41,41"))
    assert report.fps < 7
    assert any("pictures a second" in problem for problem in report.problems)


def test_a_camera_that_is_turned_while_it_records(open_page, studio, tmp_path: Path):
    page = open_page(TURNED)
    wait_for_camera(page)

    def turn() -> None:
        wait_for_frames(page, 30)
        page.execute_script("window.turn()")
        wait(page, "byId('preview').videoHeight === 320")
        wait_for_frames(page, 30)

    hold_space(page, turn)
    wait_for_guesses(page)
    assert page.execute_script("return document.getElementById('stage').style.aspectRatio") == (
        "240 / 320"
    )
    path = tmp_path / "film.webm"
    path.write_bytes(studio.reader.videos[0])
    _, report = read_mouth(path, FixedBox("center"))
    with av.open(path, "r") as film:
        sizes = {(frame.width, frame.height) for frame in film.decode(video=0)}
    assert sizes == {(320, 240), (240, 320)}
    assert report.num_lost_frames == 0


def test_a_black_picture_is_explained(open_page):
    page = open_page(BLACK)
    wait(page, "byId('hint').textContent === 'The picture is black. Is the camera covered?'")


def test_a_camera_that_is_unplugged_can_be_plugged_in_again(open_page):
    page = open_page()
    wait_for_camera(page)
    page.execute_script(UNPLUG)
    wait(page, "byId('hint').textContent.startsWith('The camera has stopped.')")
    assert page.execute_script("return document.getElementById('record').disabled")
    press(page, "#camera-again")
    wait(page, "!byId('record').disabled && byId('camera-again').hidden")


def test_what_was_recorded_before_the_camera_stopped_is_not_lost(open_page, studio):
    page = open_page()
    wait_for_camera(page)
    hold_space(page, lambda: (time.sleep(1), page.execute_script(UNPLUG)))
    wait_for_guesses(page)
    assert len(studio.reader.videos[0]) > 1000
    press(page, "#camera-again")
    wait(page, "byId('camera-again').hidden")


def test_a_refused_camera_can_be_allowed_later(open_browser, studio, face_film):
    browser = open_browser(
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={face_film}"
    )

    def permit(setting: str) -> None:
        permission = {"permission": {"name": "camera"}, "setting": setting}
        browser.execute_cdp_cmd("Browser.setPermission", {**permission, "origin": studio.address})

    permit("denied")
    browser.get(studio.address)
    wait(browser, "byId('hint').textContent.startsWith('The camera is blocked.')")
    permit("granted")
    press(browser, "#camera-again")
    wait_for_camera(browser)


def test_a_studio_that_restarts_during_a_recording_still_recognizes_it(open_page, studio):
    page = open_page()
    wait_for_camera(page)
    hold_space(page, lambda: (time.sleep(0.6), studio.stop(), studio.start()))
    wait_for_guesses(page)
    press(page, ".guess")
    wait(page, "byId('sentence').textContent === 'bread'")
    wait(page, "byId('notice').hidden")


def test_a_studio_that_restarts_after_a_recording_still_recognizes_it(open_page, studio):
    page = open_page()
    wait_for_camera(page)
    hold_space(page, lambda: (time.sleep(0.6), studio.stop()))
    wait(page, "byId('notice').textContent.includes('does not respond')")
    studio.start()
    wait_for_guesses(page)
    wait(page, "byId('notice').hidden")
