"""Who speaks: a voice of the device, one of the studio, or a message that says what to install."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.page_actions import press, show_page, texts, wait
from tests.support.spoken import DEVICE_VOICE, HEARD, device_voices, install

pytestmark = pytest.mark.browser

CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
FAILING = '{ name: "Broken", lang: "en-US", fails: "synthesis-failed" }'
SILENCED = """{
  name: "Test", lang: "en-US",
  get fails() { return navigator.userActivation.hasBeenActive ? undefined : "not-allowed" },
}"""
FRENCH = '{ name: "Marie", lang: "fr-FR" }'
SAY = """
import("/talk/speaking/voice.js").then(({ say }) => say(arguments[0])).then(done);
"""
NO_STUDIO_VOICE = """
const ask = window.fetch;
window.fetch = (...asked) => asked[0].endsWith("/api/voices")
  ? Promise.resolve(new Response("[]", { headers: { "Content-Type": "application/json" } }))
  : ask(...asked);
"""


@pytest.fixture
def open_page(open_browser, drawn_studio) -> Callable[..., Any]:
    """Opens Talk in a browser with further scripts."""
    drawn_studio.reader.reset()

    def start(*scripts: str, has_camera: bool = True) -> Any:
        browser = open_browser(*CAMERA if has_camera else [])
        install(browser, *scripts)
        browser.get(drawn_studio.address)
        wait(browser, "byId('voice-state').textContent !== ''")
        return browser

    return start


def say(page: Any, text: str) -> None:
    page.execute_async_script(f"const done = arguments[1]; {SAY}", text)


def touch(page: Any) -> None:
    """Press a key that does nothing: browsers keep a page silent that nobody has touched."""
    page.find_element("tag name", "body").send_keys("a")


def state(page: Any) -> str:
    return texts(page, "#voice-state")[0]


def notice(page: Any) -> str:
    return texts(page, "#notice")[0]


def set_device_voices(page: Any, voices: str) -> None:
    page.execute_script(
        f"window.deviceVoices = {voices}; speechSynthesis.dispatchEvent(new Event('voiceschanged'))"
    )


def test_the_studio_speaks_where_the_device_has_no_voice(open_page):
    page = open_page(device_voices())
    wait(page, "byId('voice-state').textContent.includes('English (America)')")
    touch(page)
    say(page, "good morning")  # with a real sound, which the page's policy has to allow
    assert notice(page) == ""
    assert page.execute_script("return window.spoken") == []
    assert [entry for entry in page.get_log("browser") if "Security Policy" in str(entry)] == []


@pytest.mark.parametrize(
    "scripts",
    [[device_voices()], [device_voices(SILENCED), NO_STUDIO_VOICE]],
    ids=["the studio", "the device"],
)
def test_what_the_browser_keeps_silent_is_spoken_at_the_first_touch(open_page, scripts):
    page = open_page(*scripts, has_camera=False)  # a page that films may make sounds at once
    page.execute_script(f"const done = () => (window.isSaid = true); {SAY}", "good morning")
    wait(page, "byId('notice').textContent.includes('silent')")
    assert not page.execute_script("return window.isSaid")
    touch(page)
    wait(page, "window.isSaid")
    assert notice(page) == ""


def test_the_device_speaks_where_it_can(open_page):
    page = open_page(DEVICE_VOICE, HEARD)
    assert "Test, a voice of this device" in state(page)
    say(page, "good morning")
    assert page.execute_script("return [window.spoken, window.played]") == [["good morning"], []]


def test_a_voice_that_fails_is_replaced_by_the_studio(open_page):
    page = open_page(device_voices(FAILING), HEARD)
    wait(page, "byId('voice').querySelectorAll('optgroup').length === 2")
    say(page, "good morning")
    played = page.execute_script("return window.played")
    assert [each["source"][:5] for each in played] == ["blob:"]
    assert notice(page) == ""


def test_a_device_without_the_language_leaves_it_to_the_studio(open_page):
    page = open_page(device_voices(FRENCH), HEARD)
    wait(page, "byId('voice-state').textContent.includes('voice of the studio')")
    say(page, "good morning")
    assert len(page.execute_script("return window.played")) == 1


def test_a_voice_that_disappears_is_named_and_comes_back(open_page):
    page = open_page(DEVICE_VOICE, HEARD)
    both = '[{name: "Test", lang: "en-US"}, {name: "Ava", lang: "en-US"}]'
    set_device_voices(page, both)
    show_page(page, "data")
    page.execute_script(
        "const voice = document.getElementById('voice'); voice.value = 'device:Ava';"
        "voice.dispatchEvent(new Event('change'))"
    )
    assert "Ava" in state(page)
    set_device_voices(page, '[{name: "Test", lang: "en-US"}]')
    assert "Ava" in notice(page)
    assert "Test" in state(page)
    say(page, "good morning")
    assert page.execute_script("return window.spoken") == ["good morning"]
    set_device_voices(page, both)
    assert "Ava" in state(page)


def test_where_nothing_speaks_the_page_says_what_to_install(open_page):
    page = open_page(device_voices(), NO_STUDIO_VOICE)
    wait(page, "!byId('no-voice').hidden")
    assert "pip install" in texts(page, "#no-voice")[0]
    say(page, "good morning")
    assert "pip install" in notice(page)


def test_rate_pitch_and_volume_are_kept_on_the_device(open_page):
    page = open_page(device_voices(FRENCH), HEARD)
    wait(page, "byId('voice-state').textContent.includes('voice of the studio')")
    show_page(page, "data")
    page.execute_script(
        "for (const [name, value] of [['volume', 0.4], ['rate', 1.5]]) {"
        " const input = document.getElementById(name); input.value = value;"
        " input.dispatchEvent(new Event('change')); }"
    )
    press(page, "#try-voice")
    wait(page, "window.played.length === 1")
    assert page.execute_script("return window.played[0].volume") == 0.4
    page.refresh()
    wait(page, "byId('voice-state').textContent.includes('voice of the studio')")
    assert page.execute_script("return document.getElementById('rate').value") == "1.5"


def test_a_text_that_is_too_long_is_refused_in_words(open_page):
    page = open_page(device_voices())
    wait(page, "byId('voice-state').textContent.includes('voice of the studio')")
    say(page, "a " * 5_000)
    assert "2000" in notice(page)
