"""One switch that sends Space operates every page, and never types."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.browser.test_accessibility import STATES
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import (
    open_anew,
    press,
    show_page,
    texts,
    wait,
    wait_for,
    wait_for_camera,
)

from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.caregiver_lock import hashed_pin
from videospace.lipreading.profile.deletion import delete_clip, delete_word

pytestmark = pytest.mark.browser
FAST = {"scanning": True, "scan_seconds": 0.3}
HIGHLIGHTED = "[...document.querySelectorAll('.scanned')]"
IN_A_FIELD = """
const e = document.activeElement;
return e.matches("textarea, input:not([type=range], [type=file])");
"""
FIELDS = "return [...document.querySelectorAll('input, textarea')].map((e) => e.value).join('|')"
NO_CONTROL = {"a question for the code", "something that went wrong"}
"""States that a switch cannot leave or that a script made: a code is typed by a helper."""


@pytest.fixture
def studio(drawn_studio: DrawnStudio) -> Iterator[DrawnStudio]:
    """It finds a mouth, and the person uses one switch."""
    drawn_studio.reader.reset(word=1, mouths=[MouthPose(160.0, 163.0, 41.0, 0.0)])
    drawn_studio.set_talk(**FAST)
    profile = drawn_studio.profiles.find("ann")
    before = {clip.id for clip in profile.clips()}
    yield drawn_studio
    drawn_studio.forget_settings()
    for clip in profile.clips():  # a walk may have kept some
        if clip.id not in before:
            delete_clip(profile, clip.id)


@pytest.fixture
def open_page(studio: DrawnStudio, face_browser: Any) -> Callable[..., Any]:
    """Opens Talk with settings of the person."""

    def start(**settings: Any) -> Any:
        studio.set_talk(**{**FAST, **settings})
        open_anew(face_browser, studio.address)
        wait_for_camera(face_browser)
        return face_browser

    return start


def switch(page: Any, seconds: float = 0.0) -> None:
    """Press the one switch."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(page).key_down(Keys.SPACE).pause(seconds).key_up(Keys.SPACE).perform()


def is_highlighted(page: Any, selector: str) -> bool:
    return page.execute_script(
        f"const all = {HIGHLIGHTED};return all.length === 1 && all[0].matches(arguments[0])",
        selector,
    )


def switch_on(page: Any, selector: str) -> None:
    """Wait until an element is highlighted alone, and press the switch.

    The highlight is stopped while the switch is down, so a slow test presses nothing else.
    """
    script = f"""
    const [selector, done] = arguments;
    const watch = setInterval(() => {{
      const all = {HIGHLIGHTED};
      if (all.length !== 1 || !all[0].matches(selector)) return;
      clearInterval(watch);
      const space = {{ key: " ", code: "Space", bubbles: true, cancelable: true }};
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", space));
      document.activeElement.dispatchEvent(new KeyboardEvent("keyup", space));
      done(true);
    }}, 20);
    """
    assert page.execute_async_script(script, selector)


def goes_on(page: Any) -> None:
    """The highlight moves on, and no field has the focus."""
    assert not page.execute_script(IN_A_FIELD)
    before = page.execute_script(f"return {HIGHLIGHTED}[0]?.outerHTML")
    only = "[data-scan-only]:not([hidden]), dialog[open]"
    if page.execute_script(f"return document.querySelector('{only}') === null"):
        wait_for(page, lambda: page.execute_script(f"return {HIGHLIGHTED}[0]?.outerHTML") != before)


EVERY_RUN = {"talk with guesses", "talk that counts down", "a question before deletion", "a lesson"}
"""States that every run of the tests walks through; each takes 10 to 20 seconds."""


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state, marks=() if state in EVERY_RUN else pytest.mark.thorough)
        for state in sorted({*STATES} - NO_CONTROL)
    ],
)
def test_the_switch_leaves_every_state(open_page, studio, state):
    page = open_page()
    if state in ("talk without hands", "talk with one switch"):
        press(page, "#hands-free")
    else:
        STATES[state](page)
    fields = page.execute_script(FIELDS)
    switch_out = "dialog[open] .primary, #stop-accepting"
    if state == "a question for the PIN":  # its main button needs a PIN
        switch_out = "#pin-cancel"
    is_there = (
        "return [...document.querySelectorAll(arguments[0])].some((e) => e.checkVisibility())"
    )
    if page.execute_script(is_there, switch_out):
        switch_on(page, switch_out)
    goes_on(page)
    switch_on(page, "[data-page=progress]")
    wait(page, "!byId('progress').hidden")
    switch_on(page, "[data-page=talk]")
    wait(page, "!byId('talk').hidden")
    assert page.execute_script(FIELDS) in (fields, fields.replace("word number", ""))
    goes_on(page)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("single", marks=pytest.mark.thorough),
        "rows",
        pytest.param("groups", marks=pytest.mark.thorough),
    ],
)
def test_whatever_is_pressed_the_switch_goes_on(open_page, pattern):
    page = open_page(scan_pattern=pattern)
    chance = random.Random(pattern)
    fields = page.execute_script(FIELDS.replace("input, textarea", "textarea, #typed"))
    for _ in range(15):
        steps = chance.randrange(6)
        for _ in range(steps):
            if not page.execute_script("return document.querySelector('dialog[open]')"):
                goes_on(page)
        if is_highlighted(page, "#delete-person, .danger, #scan"):
            continue  # a person who deletes everything, or ends scanning, has meant it
        switch(page)
        assert not page.execute_script(IN_A_FIELD)
    switch_on(page, ".scanned")  # ends a recording, if one is made
    typed = page.execute_script(FIELDS.replace("input, textarea", "textarea, #typed"))
    assert typed.replace(" ", "") == fields.replace(" ", "") or "Yes" in typed
    assert " |" not in typed


def test_a_word_is_recorded_corrected_and_undone_with_the_switch(open_page, studio):
    page = open_page()
    profile = studio.profiles.find("ann")
    for word in ("tea", "pain", "good night"):
        profile.add_word(word)
    try:
        clips = len(profile.clips())
        switch_on(page, "#record")
        wait(page, "byId('record-label').textContent.includes('press again')")
        switch(page)
        wait(page, "document.querySelectorAll('.guess').length === 2")
        assert page.execute_script(f"return {HIGHLIGHTED}[0].matches('.guess')")
        switch_on(page, "#none")
        wait(page, "!byId('correction').hidden")
        assert texts(page, "#others button") == ["tea", "pain", "good night"]
        switch_on(page, "#others li:nth-child(3) button")
        wait(page, "byId('sentence').textContent === 'good night'")
        assert len(profile.clips()) == clips + 1
        switch_on(page, "#undo")
        wait(page, "byId('sentence').textContent === ''")
        wait_for(page, lambda: len(profile.clips()) == clips)
    finally:
        for word in ("tea", "pain", "good night"):
            delete_word(profile, word)


def test_a_hold_of_the_switch_accepts_nothing(open_page, studio):
    page = open_page(scan_seconds=3)
    clips = len(studio.profiles.find("ann").clips())
    STATES["talk with guesses"](page)
    wait(page, "document.querySelector('.guess.scanned')")
    switch(page, 1.0)
    wait(page, "byId('answer').textContent.includes('long press')")
    assert texts(page, "#sentence") == [""]
    assert len(studio.profiles.find("ann").clips()) == clips
    switch(page)
    wait(page, "byId('sentence').textContent")


def test_two_switches_move_and_press(open_page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page = open_page(second_switch=True)
    show_page(page, "talk")
    for _ in range(60):
        if is_highlighted(page, "#edit-phrases"):
            break
        switch(page)
    assert page.execute_script("return document.getElementById('phrases-editor').hidden")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    wait(page, "!byId('phrases-editor').hidden")
    assert not page.execute_script(IN_A_FIELD)


def test_rows_come_before_their_buttons(open_page):
    page = open_page(scan_pattern="rows", scan_seconds=0.5)
    wait(page, f"{HIGHLIGHTED}.length > 1 && {HIGHLIGHTED}[0].id === 'hands-free'")
    page.execute_script("window.row = document.querySelectorAll('.scanned').length")
    switch(page)
    wait(page, f"{HIGHLIGHTED}.length === 1 && {HIGHLIGHTED}[0].id === 'scan'")
    switch(page)
    wait(page, "byId('scan').ariaPressed === 'false' && !document.querySelector('.scanned')")


def test_settings_are_changed_with_the_switch_and_kept(open_page, studio):
    page = open_page()
    switch_on(page, "#talk-settings summary")
    wait(page, "byId('talk-settings').open")
    switch_on(page, "[name=hold_seconds]")
    wait_for(page, lambda: '"hold_seconds":0.8' in studio.profiles.find("ann").settings.talk)
    page.execute_script("localStorage.clear()")
    page.refresh()
    wait(page, "document.querySelector('[name=hold_seconds]').value === '0.8'")


def test_the_pin_is_entered_with_the_switch(open_page, studio):
    page = open_page()
    profile = studio.profiles.find("ann")
    profile.update_settings(caregiver_pin=hashed_pin("1122"))
    page.execute_script(
        "import('/shared/api.js').then(({ ask }) =>"
        " ask('PUT', '/profiles/ann/lock', { json: { pin: null } }))"
    )
    wait(page, "byId('pin-dialog').open")
    for digit in "1122":
        switch_on(page, f"#pin-pad [value='{digit}']")
    switch_on(page, "#pin-form .primary")
    wait_for(page, lambda: profile.settings.caregiver_pin == "")
    assert not page.execute_script(IN_A_FIELD)


def test_a_helper_may_type_while_the_switch_waits(open_page):
    from selenium.webdriver.common.by import By

    page = open_page()
    show_page(page, "teach")
    field = page.find_element(By.ID, "teach-words")
    field.click()
    field.send_keys("good morning")
    assert field.get_attribute("value") == "good morning"
    assert page.execute_script(IN_A_FIELD)
