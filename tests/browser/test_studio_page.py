"""The studio in a real browser, with a camera that shows drawn mouths."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.mouth_videos import camera_video
from tests.support.page_actions import (
    ask,
    press,
    show_page,
    texts,
    type_into,
    wait,
    wait_for,
    wait_for_camera,
    wait_for_frames,
)
from tests.support.spoken import DEVICE_VOICE, install

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")

WORDS = ("water", "bread")


@pytest.fixture(scope="module")
def open_camera(open_browser, tmp_path_factory) -> Callable[[int], Any]:
    """Opens a browser whose camera shows a word; its speech is written down."""

    def start(word: int) -> Any:
        film = camera_video(tmp_path_factory.mktemp("camera") / "word.mjpeg", word)
        browser = open_browser(
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        )
        install(browser, DEVICE_VOICE)
        return browser

    return start


@pytest.fixture(scope="module")
def cameras(studio, open_camera) -> list[Any]:
    """A browser for each word, before both of which Ann has taught it."""
    browsers = [open_camera(word) for word in range(len(WORDS))]
    for browser, word in zip(browsers, WORDS, strict=True):
        enroll(browser, studio.new_link(), word)
    return browsers


@pytest.fixture
def page(studio, cameras) -> Any:
    """The everyday page, before a camera that shows the second word."""
    browser = cameras[1]
    browser.get(studio.address)
    browser.refresh()
    wait_for_camera(browser)
    return browser


def enroll(browser: Any, address: str, word: str) -> None:
    """Make the person if there is none, and teach a word."""
    browser.get(address)
    wait(browser, "!byId('welcome').hidden || !byId('talk').hidden")
    if browser.execute_script("return !document.getElementById('welcome').hidden"):
        type_into(browser, "welcome-name", "Ann")
        press(browser, "#welcome-form button")
        wait(browser, "!byId('start').hidden")
        press(browser, "[data-page=data]")
        wait(browser, "!byId('data').hidden")
        browser.execute_script("document.getElementById('set-finder').value = 'middle'")
        press(browser, "#settings-form .primary")
        wait(browser, "byId('mouth-frame').classList.contains('middle') || !byId('data').hidden")
    press(browser, "[data-page=teach]")
    wait(browser, "!byId('teach').hidden && !byId('lesson-record').disabled")
    wait_for_camera(browser)
    type_into(browser, "teach-words", word)
    press(browser, "#teach-begin")
    wait(browser, f"byId('prompt').textContent === '{word}'")
    press(browser, "#lesson-record")
    wait(browser, "!byId('lesson-next').hidden || !byId('lesson-keep').hidden")
    assert browser.execute_script("return document.getElementById('playback').src")
    if not browser.execute_script("return document.getElementById('lesson-keep').hidden"):
        assert browser.execute_script(
            "return document.querySelectorAll('#lesson-problems li').length"
        )
        press(browser, "#lesson-keep")
    wait(browser, "!byId('lesson-next').hidden")


def add_word(browser: Any, text: str) -> None:
    """Add a word, unless it is there already, as a program would."""
    browser.execute_async_script(
        "const [json, done] = [{text: arguments[0]}, arguments[1]];"
        "import('/shared/api.js').then((api) => api.ask('POST', '/profiles/ann/words', {json}))"
        ".then(done, done)",
        text,
    )


def hold_space(browser: Any, seconds: float = 2.0) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(browser).key_down(Keys.SPACE).pause(seconds).key_up(Keys.SPACE).perform()
    wait(browser, "document.querySelectorAll('.guess').length > 0 || !byId('correction').hidden")


def test_a_word_is_recognized_chosen_and_spoken(page):
    clips = len(ask(page, "/api/profiles/ann/clips"))
    hold_space(page)
    guesses = texts(page, ".guess .word")
    assert guesses[0] == "bread"
    assert sorted(guesses) == sorted(WORDS)
    assert all(text.endswith(" %") for text in texts(page, ".guess .certainty"))
    press(page, ".guess")
    wait(page, "byId('sentence').textContent === 'bread'")
    assert page.execute_script("return window.spoken") == ["bread"]
    assert len(ask(page, "/api/profiles/ann/clips")) == clips + 1
    press(page, "#undo")
    wait(page, "byId('sentence').textContent === ''")
    wait_for(page, lambda: len(ask(page, "/api/profiles/ann/clips")) == clips)


def test_a_wrong_answer_is_put_right_and_survives_a_reload(page):
    hold_space(page)
    press(page, "#none")
    wait(page, "!byId('correction').hidden")
    type_into(page, "typed", "tea")
    press(page, "#typed-form .primary")
    wait(page, "byId('sentence').textContent === 'tea'")
    assert page.execute_script("return window.spoken") == ["tea"]
    page.refresh()
    wait_for_camera(page)
    wait(page, "byId('sentence').textContent === 'tea'")
    press(page, "#speak-all")
    assert page.execute_script("return window.spoken") == ["tea"]
    press(page, "#undo")
    wait(page, "byId('sentence').textContent === ''")
    wait_for(page, lambda: ask(page, "/api/profiles/ann/words")[-1]["num_clips"] == 0)


def test_nothing_can_be_recorded_until_the_camera_is_open_again(page):
    show_page(page, "data")
    wait(page, "byId('record').disabled && byId('lesson-record').disabled")
    assert page.execute_script("return document.getElementById('preview').srcObject") is None
    show_page(page, "teach")
    wait_for_camera(page)
    assert not page.execute_script("return document.getElementById('lesson-record').disabled")


def test_the_keyboard_is_enough(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    hold_space(page)
    ActionChains(page).send_keys("2").perform()
    wait(page, "byId('sentence').textContent === 'water'")
    assert page.execute_script("return document.activeElement.id") == "record"
    hold_space(page)  # on the button itself
    assert page.execute_script("return document.activeElement.matches('.guess')")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    wait(page, "byId('sentence').textContent.split(' ').length === 2")
    for _ in range(2):
        press(page, "#undo")
    wait(page, "byId('undo').disabled")


def test_phrases_are_spoken_with_one_tap_and_can_be_changed(page):
    press(page, "#phrases button")
    assert page.execute_script("return window.spoken") == ["Yes"]
    press(page, "#edit-phrases")
    type_into(page, "phrases-text", "\nGood night")
    press(page, "#phrases-form .primary")
    wait(page, "byId('phrases').lastChild.textContent === 'Good night'")


def test_the_page_waits_for_a_studio_that_restarts(page, studio):
    before = [clip["id"] for clip in ask(page, "/api/profiles/ann/clips")]
    hold_space(page)
    word = texts(page, ".guess .word")[0]
    studio.kill()
    press(page, ".guess")
    wait(page, "byId('notice').textContent.includes('does not respond')")
    studio.start()
    wait(page, f"byId('sentence').textContent.endsWith('{word}') && byId('notice').hidden")
    after = [clip["id"] for clip in ask(page, "/api/profiles/ann/clips")]
    assert after[:-1] == before
    press(page, "#undo")
    wait_for(page, lambda: len(ask(page, "/api/profiles/ann/clips")) == len(before))


def test_the_page_retries_if_the_studio_is_busy(page):
    page.execute_script(
        "const real = window.fetch; window.fetch = (...asked) => { window.fetch = real; return"
        " Promise.resolve(new Response('{}', {status: 503, headers: {'Retry-After': '2'}})) }"
    )
    press(page, "[data-page=data]")
    wait(page, "byId('notice').textContent.includes('is busy')")
    wait(page, "byId('notice').hidden && document.querySelectorAll('#words > li').length > 0")


def test_profiles_are_exported_imported_and_deleted(page, studio):
    add_word(page, "tea")
    press(page, "[data-page=data]")
    wait(page, "document.querySelectorAll('#words > li').length === 3")
    archive = page.execute_async_script(
        "const done = arguments[0]; fetch(document.getElementById('export').href)"
        ".then((a) => a.arrayBuffer()).then((b) => done(Array.from(new Uint8Array(b))))"
    )
    assert bytes(archive[:2]) == b"PK"
    file = Path(studio.data).parent / "ann.zip"
    file.write_bytes(bytes(archive))
    type_into(page, "import", str(file))
    wait(page, "byId('person').options.length === 2")
    assert page.execute_script("return document.getElementById('person').value") == "ann-2"
    wait(page, "document.querySelectorAll('#words > li').length === 3")
    press(page, "[aria-label^='Delete the word “tea”']")
    press(page, "#confirm .primary")
    wait(page, "!byId('confirm').open")
    wait_for_frames(page)
    assert len(ask(page, "/api/profiles/ann-2/words")) == 3
    press(page, "[aria-label^='Delete the word “tea”']")
    press(page, "#confirm .danger")
    wait(page, "document.querySelectorAll('#words > li').length === 2")
    press(page, "#delete-person")
    press(page, "#confirm .danger")
    wait(page, "byId('person').options.length === 1")
    assert [person["id"] for person in ask(page, "/api/profiles")] == ["ann"]
    assert not (studio.data / "ann-2").exists()


@pytest.mark.parametrize("width", [320, 800, 1600])
@pytest.mark.parametrize("name", ["talk", "teach", "data"])
def test_nothing_sticks_out_at_any_width(page, width, name):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        press(page, f"[data-page={name}]")
        wait(page, f"!byId('{name}').hidden")
        assert page.execute_script(
            "const root = document.documentElement; return root.scrollWidth <= root.clientWidth"
        )
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_what_is_pressed_is_large_and_has_a_name(page):
    for name in ("talk", "teach", "data"):
        press(page, f"[data-page={name}]")
        wait(page, f"!byId('{name}').hidden")
        found = page.execute_script(
            "return [...document.querySelectorAll('a, button, input, select, textarea')]"
            ".filter((e) => e.checkVisibility() && !e.matches('.skip, .visually-hidden'))"
            ".map((e) => [e.id,"
            " e.offsetHeight, (e.ariaLabel || e.textContent || [...(e.labels ?? [])]"
            ".map((l) => l.textContent).join('')).trim()])"
        )
        assert len(found) > 5
        assert [each for each in found if each[1] < 44 or not each[2]] == []


def test_a_refused_camera_is_explained(open_browser, studio, cameras):
    browser = open_browser("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    browser.get(studio.new_link())
    wait(browser, "!byId('camera-again').hidden")
    assert texts(browser, "#hint")[0].startswith("The camera is blocked.")
    assert browser.execute_script("return document.getElementById('record').disabled")


def test_nothing_goes_wrong_and_nothing_is_asked_of_another_machine(open_camera, studio, cameras):
    browser = open_camera(0)
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(studio.new_link())
    wait_for_camera(browser)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert len(asked) > 15
    assert [url for url in asked if not url.startswith((studio.address, "blob:", "data:"))] == []
