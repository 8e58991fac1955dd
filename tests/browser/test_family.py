"""What a family does beside talking: first steps, lessons, recordings, the lock, and deletion."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.drawn_studio import DrawnStudio, mouth_clip
from tests.support.page_actions import (
    ask,
    open_anew,
    press,
    show_page,
    texts,
    type_into,
    wait,
    wait_for,
    wait_for_camera,
    wait_for_frames,
)
from tests.support.page_checks import resize

from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile import profile as profile_module
from videospace.lipreading.profile.deletion import delete_word
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord
from videospace.runtime.files import cannot_write

pytestmark = pytest.mark.browser
MOUTH = MouthPose(160.0, 163.0, 41.0, 0.0)
SCRIPT_LIPS = """
const done = arguments[0];
window.lips = "rest";
import("/talk/hands_free/lip_motion.js").then(({ LipMotion }) => {
  LipMotion.prototype.step = () => window.lips;
  done();
});
"""
"""Makes the page see what a test says about the lips."""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[DrawnStudio]:
    """A studio of Ann's own, who has taught two words."""
    studio = DrawnStudio(tmp_path / "data")
    studio.reader.reset(mouths=[MOUTH])
    yield studio
    studio.stop()


@pytest.fixture
def ann(studio: DrawnStudio, tmp_path: Path) -> Profile:
    return Profile(tmp_path / "data" / "ann")


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Iterator[Any]:
    """Talk, before a face."""
    open_anew(face_browser, studio.address)
    wait_for_camera(face_browser)
    yield face_browser
    face_browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    face_browser.get("about:blank")


def is_in_sight(page: Any, element_id: str) -> bool:
    return page.execute_script(
        "const box = document.getElementById(arguments[0]).getBoundingClientRect();"
        "return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight",
        element_id,
    )


def is_shown(page: Any, element_id: str) -> bool:
    return page.execute_script(
        "return document.getElementById(arguments[0]).checkVisibility()", element_id
    )


def show_data(page: Any, num_words: int = 2) -> None:
    show_page(page, "data")
    wait(page, f"byId('words').children.length === {num_words}")


def record_word(page: Any, then: str) -> None:
    """Record the word of a lesson, and wait until it was checked."""
    wait(page, "!byId('lesson-record').disabled")
    page.execute_async_script(SCRIPT_LIPS)
    press(page, "#lesson-record")
    wait(page, "byId('camera-card').classList.contains('recording')")
    page.execute_script("window.lips = 'begin'")
    wait_for_frames(page, 20)
    page.execute_script("window.lips = 'end'")
    wait(page, then)


def begin_lesson(page: Any, words: str) -> None:
    show_page(page, "teach")
    type_into(page, "teach-words", words)
    press(page, "#teach-begin")
    wait(page, "!byId('lesson').hidden")


def recognize(page: Any) -> None:
    page.execute_async_script(
        'const done = arguments[0], video = new Blob(["video"], { type: "video/webm" });'
        'import("/talk/speaking/talk.js").then(({ recognize }) => recognize(video)).then(done);'
    )


def test_a_still_face_has_no_answer_and_is_not_taught(page, studio, ann):
    studio.reader.is_still = True
    recognize(page)
    wait(page, "byId('answer').textContent.includes('no movement')")
    assert texts(page, ".guess") == []
    begin_lesson(page, "tea")
    record_word(page, "byId('lesson-text').textContent.includes('no movement')")
    assert not is_shown(page, "lesson-keep")
    assert not is_shown(page, "lesson-next")
    assert len(ann.clips()) == 2


def test_a_lesson_ends_by_the_movement(page, studio):
    begin_lesson(page, "tea")
    wait(page, "!byId('lesson-record').disabled")
    page.execute_async_script(SCRIPT_LIPS)
    press(page, "#lesson-record")
    recording = "byId('camera-card').classList.contains('recording')"
    wait(page, recording)
    page.execute_script("window.lips = 'begin'")
    wait_for_frames(page, 30)
    assert studio.reader.videos == []  # the lips still move
    page.execute_script("window.lips = 'end'")
    wait(page, f"!({recording}) && !byId('lesson-next').hidden")
    assert len(studio.reader.videos) == 1


def test_everything_of_a_person_goes_in_the_page_too(page, studio, ann):
    recognize(page)
    press(page, ".guess")
    wait(page, "byId('sentence').textContent !== ''")
    begin_lesson(page, "secret one\nsecret two")
    press(page, "#lesson-skip")
    press(page, "#lesson-pause")
    type_into(page, "teach-words", "secret draft")
    show_data(page, 4)
    identity = ask(page, "/api/profiles")[0]["identity"]
    press(page, "#delete-person")
    press(page, "#confirm .danger")
    wait(page, "!byId('welcome').hidden")
    assert texts(page, "#done")[0].startswith("Everything about Ann is deleted")
    kept = page.execute_script(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}])"
        " + document.body.textContent"
        " + [...document.querySelectorAll('input, textarea')].map((e) => e.value)"
    )
    assert "secret" not in kept
    assert identity not in kept
    type_into(page, "welcome-name", "Ann")
    press(page, "#welcome-form button")
    wait(page, "!byId('start').hidden")
    show_page(page, "talk")
    assert texts(page, "#sentence") == [""]
    show_page(page, "teach")
    assert not is_shown(page, "teach-resume")


def test_another_page_of_a_deleted_person_lets_go_too(page, studio):
    recognize(page)
    press(page, ".guess")
    wait(page, "byId('sentence').textContent !== ''")
    first = page.current_window_handle
    page.switch_to.new_window("tab")
    page.get(studio.address + "#data")
    wait(page, "!byId('data').hidden")
    press(page, "#delete-person")
    press(page, "#confirm .danger")
    wait(page, "!byId('welcome').hidden")
    page.close()
    page.switch_to.window(first)
    wait(page, "!byId('welcome').hidden && byId('sentence').textContent === ''")
    assert page.execute_script("return Object.keys(sessionStorage)") == []


def test_messages_are_in_sight_and_saving_says_so(page):
    show_data(page)
    page.execute_script("document.getElementById('set-finder').value = 'middle'")
    press(page, "#settings-form .primary")
    wait(page, "byId('done').textContent === 'Saved.'")
    page.execute_script("scrollTo(0, document.body.scrollHeight)")
    assert is_in_sight(page, "done")
    type_into(page, "another", "Ann")
    press(page, "#another-form button")
    wait(page, "!byId('notice').hidden")
    for top in (0, 10**6):
        page.execute_script("scrollTo(0, arguments[0])", top)
        assert is_in_sight(page, "notice")
    assert "another name" in texts(page, "#notice")[0]


def test_an_import_shows_that_it_works_and_twins_have_numbers(page, tmp_path):
    show_data(page)
    archive = page.execute_async_script(
        "const done = arguments[0]; fetch(document.getElementById('export').href)"
        ".then((a) => a.arrayBuffer()).then((b) => done(Array.from(new Uint8Array(b))))"
    )
    (tmp_path / "ann.zip").write_bytes(bytes(archive))
    page.execute_script(
        "const real = window.fetch; window.fetch = (address, ...rest) => address.includes('import')"
        " ? new Promise((resolve) => { window.go = resolve }).then(() => real(address, ...rest))"
        " : real(address, ...rest)"
    )
    type_into(page, "import", str(tmp_path / "ann.zip"))
    wait(page, "window.go && !byId('importing').hidden")
    assert "ann.zip" in texts(page, "#import-text")[0]
    assert is_in_sight(page, "importing")
    page.execute_script("window.go()")
    wait(page, "byId('done').textContent.includes('2 words') && byId('importing').hidden")
    assert texts(page, "#person option") == ["Ann (1)", "Ann (2)"]


def test_the_focus_stays_near_what_was_deleted(page, ann):
    ann.add_clip("bread", mouth_clip(1, take=5), source="test")
    show_data(page)
    press(page, "#words li:nth-child(2) summary")
    press(page, "#words li:nth-child(2) ul .danger")
    press(page, "#confirm .danger")
    wait(page, "byId('done').textContent === 'Deleted.'")
    wait(page, "document.activeElement.closest('#words li')?.textContent.startsWith('bread')")
    assert page.execute_script("return document.querySelector('#words details[open]') !== null")
    for word, number in (("bread", 1), ("water", 0)):
        press(page, f"[aria-label^='Delete the word “{word}”']")
        press(page, "#confirm .danger")
        wait(page, f"byId('words').children.length === {number}")
        wait(page, "byId('done').textContent === 'Deleted.'")
        wait(page, "document.activeElement.closest('#words li, #words-title') !== null")


def test_the_label_of_the_code_is_beside_its_focus_ring(page):
    page.execute_script("document.getElementById('code-dialog').showModal()")
    gap = page.execute_script(
        "const box = (id) => document.getElementById(id).getBoundingClientRect();"
        "return box('code').top - box('code-label').bottom"
    )
    assert gap >= 7  # the ring is 4 px wide, 3 px away
    page.execute_script("document.getElementById('code-dialog').close()")


def test_long_phrases_are_no_towers(page, ann):
    long = "this is a long phrase of many words that somebody says every day " * 2
    ann.update_settings(phrases=f"Yes\n{long[:100].strip()}\n{'a' * 100}")
    page.refresh()
    wait(page, "byId('phrases').children.length === 3")
    resize(page, 390, 844)
    shapes = page.execute_script(
        "return [...document.querySelectorAll('#phrases button')].slice(1)"
        ".map((e) => [e.offsetWidth, e.offsetHeight])"
    )
    assert all(width > height for width, height in shapes)


def test_a_text_that_is_too_long_is_said_in_plain_words(page):
    page.execute_script("document.getElementById('another').removeAttribute('maxlength')")
    show_data(page)
    type_into(page, "another", "a" * 500)
    press(page, "#another-form button")
    wait(page, "byId('notice').textContent.includes('too long')")
    assert "body" not in texts(page, "#notice")[0]


def test_the_first_hour(face_browser, tmp_path):
    studio = DrawnStudio(tmp_path / "nobody", persons=())
    studio.reader.reset(mouths=[MOUTH])
    page = face_browser
    try:
        page.get(studio.address)
        page.execute_script("localStorage.clear()")
        page.get(studio.address)
        wait(page, "!byId('welcome').hidden")
        assert page.execute_script("return document.querySelector('[for=welcome-import]') !== null")
        type_into(page, "welcome-name", "שרה")
        press(page, "#welcome-form button")
        wait(page, "byId('start-camera').classList.contains('done')")
        page.execute_script("document.getElementById('start-heard').hidden = false")
        press(page, "#start-heard-no")
        assert "volume" in texts(page, "#start-voice-text")[0]
        press(page, "#start-heard-yes")
        words = page.execute_script("return document.getElementById('start-words').value")
        assert len(words.splitlines()) == 20
        page.execute_script("document.getElementById('start-words').value = 'tea\\nhome'")
        press(page, "#start-words-form .primary")
        for number, word in enumerate(("tea", "home")):
            wait(page, f"byId('prompt').textContent === '{word}'")
            studio.reader.word = number
            record_word(page, "!byId('lesson-next').hidden")
            press(page, "#lesson-next")
        wait(page, "!byId('teach-again').hidden && !byId('teach-talk').hidden")
        press(page, "#teach-again")  # a second recording of each
        wait(page, "byId('prompt').textContent === 'tea'")
        studio.reader.word = 0
        record_word(page, "!byId('lesson-next').hidden")
        assert ask(page, "/api/profiles/person/words")[0]["num_clips"] == 2
        press(page, "#lesson-pause")
        press(page, "#teach-talk")
        wait(page, "!byId('talk').hidden")
    finally:
        page.get("about:blank")
        studio.stop()


def test_a_full_disk_loses_no_recording(page, ann, monkeypatch):
    def refuse(path: Path, *_: object) -> None:
        raise cannot_write(path, OSError(errno.ENOSPC, "No space left on device"))

    begin_lesson(page, "tea")
    with monkeypatch.context() as full:
        full.setattr(profile_module, "save_clip", refuse)
        record_word(page, "!byId('notice').hidden")
        assert "disk" in texts(page, "#notice")[0]
        assert str(ann.folder) not in texts(page, "#notice")[0]
        assert "not saved" in texts(page, "#lesson-text")[0]
    press(page, "#lesson-keep")
    wait(page, "!byId('lesson-next').hidden && byId('notice').hidden")
    assert ann.word("tea").num_clips == 1


def test_words_are_renamed_and_recordings_played_and_moved(page, ann):
    show_data(page)
    press(page, "[aria-label='Change the word “water”']")
    field = "document.querySelector('#words form input')"
    page.execute_script(f"{field}.value = 'a drink'; {field}.dispatchEvent(new Event('input'))")
    press(page, "#words form .primary")
    wait(page, "byId('done').textContent.startsWith('Saved.')")
    assert texts(page, "#words strong") == ["a drink", "bread"]
    assert ann.word("a drink").spoken == "a drink"
    press(page, "#words li:first-child summary")
    press(page, "#words li:first-child [aria-label^='Play']")
    wait(page, "document.querySelector('#words video')?.videoWidth > 80")
    press(page, "#words li:first-child [aria-label^='Move']")
    assert texts(page, "#move-to option") == ["bread"]
    press(page, "#move-form .primary")
    wait(page, "byId('done').textContent.includes('bread')")
    assert ann.word("bread").num_clips == 2
    press(page, "[aria-label='Change the word “bread”']")
    page.execute_script(f"{field}.value = 'A Drink'; {field}.dispatchEvent(new Event('input'))")
    press(page, "#words form .primary")
    wait(page, "byId('notice').textContent.includes('there already')")
    assert [word.text for word in ann.words()] == ["a drink", "bread"]


def test_the_caregivers_lock(page, ann):
    show_data(page)
    type_into(page, "new-pin", "2580")
    press(page, "#lock-form button")
    wait(page, "!byId('locked').hidden && byId('done').textContent.startsWith('Locked')")
    press(page, "#lock-now")
    press(page, "[aria-label^='Delete the word “bread”']")
    press(page, "#confirm .danger")
    wait(page, "byId('pin-dialog').open")
    press(page, "#pin-cancel")
    wait(page, "byId('notice').textContent.startsWith('Nothing was changed')")
    assert len(ann.words()) == 2
    press(page, "[aria-label^='Delete the word “bread”']")
    press(page, "#confirm .danger")
    wait(page, "byId('pin-dialog').open")
    type_into(page, "pin", "1111")
    press(page, "#pin-form .primary")
    wait(page, "byId('pin-problem').textContent.includes('not the PIN')")
    for digit in ("2", "5", "0", "", "8", "0"):  # by touch; the fourth button deletes
        press(page, f"#pin-pad [value='{digit}']")
    press(page, "#pin-form .primary")
    wait(page, "byId('words').children.length === 1")
    press(page, "#unlock")  # the PIN is known for some minutes
    wait(page, "byId('locked').hidden")
    assert ann.settings.caregiver_pin == ""


def say_wrong(profile: Profile, word: str, answered: str, take: int) -> None:
    answer = AnswerRecord(words=(answered, word), probabilities=(0.6, 0.3), strategy="fusion")
    profile.add_clip(word, mouth_clip(take % 5, take), source="studio", answer=answer)


def test_a_recording_that_misleads_is_made_again(page, ann):
    for word in ("tea", "home", "light"):
        ann.add_word(word)
    for take, word in enumerate(("tea", "home", "light", "bread") * 3, start=20):
        ann.add_clip(word, mouth_clip(take % 5, take), source="test")
    for take, word in enumerate(("tea", "home", "light", "bread") * 2, start=60):
        say_wrong(ann, word, "water", take)
    (weak,) = ann.clips("water")
    show_page(page, "teach")
    wait(page, "byId('weak').children.length === 1")
    press(page, "#weak button")
    wait(page, "byId('prompt').textContent === 'water'")
    record_word(page, "!byId('lesson-next').hidden")
    wait_for(page, lambda: [clip.id for clip in ann.clips("water")] != [weak.id])
    wait_for(page, lambda: len(ann.clips("water")) == 1)


def test_the_report_and_the_hand_over_sheet(page, ann):
    for number, word in enumerate(("water", "bread")):
        ann.add_clip(word, mouth_clip(number, take=7), source="test")
    ann.add_clip("bread", mouth_clip(0, take=8), source="test")  # says water
    show_page(page, "progress")
    press(page, "#report-begin")
    wait(page, "!byId('report').hidden && byId('learning-table').tBodies[0].rows.length > 0")
    assert len(texts(page, "#learning .day")) == len(texts(page, "#learning-table tbody tr"))
    press(page, "#report-confusions button")
    films = "[...document.querySelectorAll('#report-confusions video')]"
    wait(page, f"{films}.filter((film) => film.videoWidth > 80).length === 2")
    show_data(page)
    press(page, "[href='#handover']")
    wait(page, "byId('handover-words').textContent.includes('water')")
    type_into(page, "notes", "Likes the window open.")
    press(page, "#notes-form .primary")
    wait(page, "byId('handover-notes').textContent === 'Likes the window open.'")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not is_shown(page, "notes-form")
    assert is_shown(page, "handover-words")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_reminder_of_a_backup_leads_to_one(page, ann):
    for take in range(20):
        ann.add_clip("water", mouth_clip(0, take=30 + take), source="test")
    page.refresh()
    wait_for_camera(page)
    assert not is_shown(page, "backup-reminder")  # never while talking
    show_page(page, "teach")
    wait(page, "byId('backup-reminder').checkVisibility()")
    tops = page.execute_script(
        "return ['#camera-card', '#teach .card'].map((each) =>"
        " document.querySelector(each).getBoundingClientRect().top)"
    )
    assert tops[0] == tops[1]  # side by side, below the reminder
    href = page.execute_script("return document.querySelector('#backup-reminder a').href")
    assert "/api/profiles/ann/export" in href


def test_two_pages_of_one_person(page, ann):
    show_data(page)
    ann.add_clip("bread", mouth_clip(1, take=5), source="test")
    press(page, "#words li:nth-child(2) summary")
    delete_word(ann, "bread")  # as another page does
    press(page, "[aria-label^='Delete the word “bread”']")
    press(page, "#confirm .danger")
    wait(page, "byId('notice').textContent.includes('deleted already')")
    wait(page, "byId('words').children.length === 1")


def test_a_face_that_leaves_or_is_joined_says_so(page, studio):
    begin_lesson(page, "tea")
    studio.reader.problems = ("the face is lost for 1.0 s, from 0.5 s on: keep it in the picture",)
    record_word(page, "byId('lesson-problems').children.length === 1")
    assert is_shown(page, "lesson-keep")
    studio.reader.mouths = [MOUTH, MouthPose(60.0, 163.0, 41.0, 0.0)]
    wait(page, "byId('hint').textContent.startsWith('More than one face')")
