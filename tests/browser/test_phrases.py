"""Phrases, pictures, own voice, suggestions, and what was said, in a real browser."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import ask, open_anew, press, texts, type_into, wait, wait_for
from tests.support.page_checks import emulate, violations
from tests.support.spoken import DEVICE_VOICE, HEARD, install

from videospace.lipreading.profile.media import delete_media, list_media
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.usage.speaking import delete_said

pytestmark = pytest.mark.browser
ANN = "/api/profiles/ann"
SYMBOL = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">
<rect width="9" height="9" fill="#c00"/></svg>"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Iterator[DrawnStudio]:
    folder = tmp_path_factory.mktemp("phrases")
    (folder / "symbols").mkdir()
    (folder / "symbols" / "bread_food.svg").write_text(SYMBOL)
    studio = DrawnStudio(folder / "data", symbols=folder / "symbols")
    yield studio
    studio.stop()


@pytest.fixture(scope="module")
def browser(open_browser) -> Any:
    """A browser with a camera and a microphone that beeps; what it speaks is written down."""
    browser = open_browser("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    install(browser, DEVICE_VOICE, HEARD)
    return browser


@pytest.fixture
def page(browser, studio) -> Iterator[Any]:
    """Talk, with nothing said, and two phrases of which one is in a category."""
    profile = studio.profiles.find("ann")
    forget(profile)
    open_anew(browser, studio.address)
    wait(browser, "byId('phrases').children.length === 3")
    yield browser
    emulate(browser)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def forget(profile: Profile) -> None:
    delete_said(profile)
    for record in list_media(profile):
        delete_media(profile, record.text, record.kind)
    phrases = "Yes\nFood:\nI am hungry\nשלום עולם"
    settings = dataclasses.replace(profile.settings, phrases=phrases, context=False)
    profile.change_settings(settings)


def spoken(page: Any) -> list[str]:
    return page.execute_script("return window.spoken")


def say_phrase(page: Any, number: int) -> None:
    before = len(ask(page, f"{ANN}/said"))
    press(page, f"#phrases button:nth-child({number})")
    wait_for(page, lambda: len(ask(page, f"{ANN}/said")) == before + 1)


def open_media(page: Any, number: int) -> None:
    press(page, "#edit-phrases")
    press(page, f"#phrase-media li:nth-child({number}) button")
    wait(page, "byId('media-dialog').open")


def test_phrases_are_spoken_join_the_sentence_and_can_be_undone(page):
    say_phrase(page, 1)
    say_phrase(page, 2)
    assert spoken(page) == ["Yes", "I am hungry"]
    assert texts(page, "#sentence") == ["Yes I am hungry"]
    press(page, "#speak-all")
    press(page, "#repeat")
    assert spoken(page)[2:] == ["Yes I am hungry"] * 2
    press(page, "#undo")
    wait_for(page, lambda: [each["text"] for each in ask(page, f"{ANN}/said")] == ["Yes"])
    assert texts(page, "#sentence") == ["Yes"]


def test_categories_hold_their_phrases(page):
    assert texts(page, "#categories button") == ["All", "Food"]
    press(page, "#categories button:nth-child(2)")
    assert texts(page, "#phrases button") == ["I am hungry", "שלום עולם"]
    pressed = "[...byId('categories').children].map((e) => e.ariaPressed).join()"
    wait(page, f"{pressed} === 'false,true'")
    press(page, "#categories button")
    assert len(texts(page, "#phrases button")) == 3


def test_a_long_phrase_is_refused_in_words_and_nothing_is_lost(page):
    press(page, "#edit-phrases")
    type_into(page, "phrases-text", "\n" + "a" * 500)
    press(page, "#phrases-form .primary")
    wait(page, "byId('notice').textContent.includes('500')")
    assert page.execute_script("return document.getElementById('phrases-text').value.length") > 500
    assert len(ask(page, ANN)["phrases"]) == 4


def test_text_from_right_to_left_runs_from_right_to_left(page):
    say_phrase(page, 3)
    direction = "return getComputedStyle(document.getElementById('sentence')).direction"
    assert page.execute_script(direction) == "rtl"
    press(page, "#enlarge")
    assert texts(page, "#partner-text") == ["שלום עולם"]
    press(page, "#partner-speak")
    assert spoken(page) == ["שלום עולם"] * 2
    press(page, "#partner-close")
    wait(page, "!byId('partner-dialog').open")


def test_own_voice_is_recorded_played_and_deleted(page):
    open_media(page, 1)
    press(page, "#voice-record")
    wait(page, "byId('voice-record').textContent === 'Stop'")
    page.execute_async_script("setTimeout(arguments[0], 1500)")  # the microphone beeps each second
    press(page, "#voice-record")
    wait(page, "!byId('voice-play').hidden")
    (kept,) = ask(page, f"{ANN}/media")
    assert (kept["text"], kept["kind"]) == ("Yes", "voice")
    assert kept["seconds"] > 0.1
    wait(page, "window.played.length === 1")
    press(page, "#media-close")
    press(page, "#phrases button")
    wait(page, "window.played.length === 2")
    assert page.execute_script("return window.played[1].source").split("?")[0].endswith(kept["id"])
    press(page, "#phrases button:nth-child(2)")
    press(page, "#speak-all")
    wait(page, "window.played.length === 3 && window.spoken.length === 2")
    assert spoken(page) == ["I am hungry"] * 2  # the other part of the sentence
    press(page, "#phrase-media button")
    press(page, "#voice-delete")
    press(page, "#confirm .danger")
    wait(page, "byId('voice-play').hidden")
    assert ask(page, f"{ANN}/media") == []
    press(page, "#media-close")


def test_a_file_that_is_no_sound_is_refused_in_the_dialog(page, tmp_path):
    open_media(page, 1)
    (tmp_path / "voice.wav").write_bytes(b"no sound")
    type_into(page, "voice-file", str(tmp_path / "voice.wav"))
    wait(page, "byId('media-state').textContent.includes('WAV')")
    (tmp_path / "text.txt").write_bytes(b"no sound")
    type_into(page, "picture-file", str(tmp_path / "text.txt"))
    wait(page, "byId('media-state').textContent.includes('JPEG')")
    press(page, "#media-close")
    assert ask(page, f"{ANN}/media") == []


def test_a_blocked_microphone_is_explained(page):
    open_media(page, 1)
    page.execute_script(
        "navigator.mediaDevices.getUserMedia ="
        " () => Promise.reject(Object.assign(new Error(), { name: 'NotAllowedError' }))"
    )
    press(page, "#voice-record")
    wait(page, "byId('media-state').textContent.includes('blocked')")
    press(page, "#media-close")


def test_a_picture_is_shown_on_its_phrase(page, tmp_path: Path):
    Image.new("RGB", (800, 500), (200, 30, 30)).save(tmp_path / "red.jpg")
    open_media(page, 2)
    type_into(page, "picture-file", str(tmp_path / "red.jpg"))
    wait(page, "!byId('media-picture').hidden && byId('media-picture').naturalWidth === 256")
    press(page, "#media-close")
    wait(page, "document.querySelectorAll('#phrases button:nth-child(2) img').length === 1")
    assert violations(page) == []


def test_a_symbol_becomes_the_picture(page):
    open_media(page, 1)
    wait(page, "!byId('symbol-form').hidden")
    page.execute_script("document.getElementById('symbol-text').value = 'food'")
    press(page, "#symbol-form button")
    wait(page, "byId('symbols').children.length === 1")
    assert violations(page) == []
    press(page, "#symbols button")
    wait(page, "!byId('media-picture').hidden")
    assert [each["kind"] for each in ask(page, f"{ANN}/media")] == ["picture"]
    press(page, "#media-close")


def test_next_words_are_suggested_from_what_was_said(page):
    for number in (1, 2):
        say_phrase(page, number)
    press(page, "#clear")
    wait(page, "byId('suggestions').textContent.includes('Yes')")
    press(page, "#suggestions button")
    wait(page, "byId('suggestions').textContent.startsWith('I am hungry')")
    press(page, "#suggestions button")
    wait(page, "byId('sentence').textContent === 'Yes I am hungry'")
    assert spoken(page) == ["Yes", "I am hungry"] * 2


def test_what_was_said_today_is_said_again_or_forgotten(page):
    for number in (1, 2):
        say_phrase(page, number)
    press(page, "#said-today summary")
    wait(page, "document.querySelectorAll('#said-list li').length === 1")
    press(page, "#said-list button")
    assert spoken(page)[-1] == "Yes I am hungry"
    press(page, "#forget-said")
    press(page, "#confirm .danger")
    wait(page, "!byId('said-empty').hidden")
    assert ask(page, f"{ANN}/said") == []


def test_the_sentence_counts_when_somebody_turns_it_on(page):
    press(page, "#edit-phrases")
    press(page, "#use-context")
    wait(page, "byId('use-context').ariaPressed === 'true'")
    assert ask(page, ANN)["context"]


def test_new_states_keep_the_rules(page):
    for number in (1, 2):
        say_phrase(page, number)
    press(page, "#clear")
    wait(page, "!byId('suggestions').hidden")
    press(page, "#edit-phrases")
    press(page, "#said-today summary")
    assert violations(page) == []
    press(page, "#phrase-media button")
    wait(page, "byId('media-dialog').open")
    assert violations(page) == []
    press(page, "#media-close")
    press(page, "#phrases button")
    press(page, "#enlarge")
    assert violations(page) == []
    press(page, "#partner-close")
