"""A person's own words in a language that is written from right to left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.test_accessibility import HEAR
from tests.support.drawn_studio import DrawnStudio, mouth_clip
from tests.support.page_actions import press, show_page, texts, wait, wait_for_camera

from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.storage.records import AnswerRecord

pytestmark = pytest.mark.browser
PERSON, WATER, BREAD, TEA = "سارة", "ماء", "خبز", "شاي"
WRONG_WAY = """
const arabic = /\\p{Script=Arabic}/u, latin = /[A-Za-z0-9]/;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const wrong = [];
let seen = 0;
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const text = node.data.replace(/\\u2068[^\\u2069]*\\u2069/g, "");
  if (arabic.test(node.data)) seen += 1;
  if (!arabic.test(text) || node.parentElement.closest("script, style")) continue;
  const isTurned = getComputedStyle(node.parentElement).direction === "rtl";
  if (!isTurned || latin.test(text)) wrong.push(node.parentElement.outerHTML);
}
for (const field of document.querySelectorAll("input, textarea")) {
  if (!arabic.test(field.value)) continue;
  seen += 1;
  if (getComputedStyle(field).direction !== "rtl") wrong.push(field.outerHTML);
}
return [seen, wrong];
"""
"""Texts in Arabic letters that have neither their own direction nor isolation from others."""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[DrawnStudio]:
    studio = DrawnStudio(tmp_path / "data", persons=(PERSON,), words=(WATER, BREAD))
    studio.reader.reset(mouths=[MouthPose(160.0, 163.0, 41.0, 0.0)])
    profile = studio.profiles.find(studio.profiles.ids()[0])
    profile.update_settings(phrases=f"مرحبا:\n{WATER} {BREAD}", notes=f"{WATER}\n{BREAD}")
    profile.add_word(TEA)
    wrong = AnswerRecord(words=(BREAD, WATER), probabilities=(0.6, 0.3), strategy="fusion")
    for take in range(4):
        profile.add_clip(WATER, mouth_clip(1, 20 + take), source="studio", answer=wrong)
    yield studio
    studio.stop()


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Iterator[Any]:
    face_browser.get(studio.address)
    wait_for_camera(face_browser)
    yield face_browser
    face_browser.get("about:blank")


def assert_right_way(page: Any, at_least: int) -> None:
    seen, wrong = page.execute_script(WRONG_WAY)
    assert wrong == []
    assert seen >= at_least


def test_their_words_run_from_right_to_left_everywhere(page):
    page.execute_async_script(HEAR)
    wait(page, "document.querySelectorAll('.guess').length === 2")
    press(page, "#none")
    wait(page, "document.querySelectorAll('#others button').length === 1")
    page.execute_script("document.getElementById('typed').value = arguments[0]", TEA)
    press(page, "#edit-phrases")
    assert_right_way(page, 8)
    press(page, ".guess")
    wait(page, "byId('sentence').textContent")
    press(page, "#enlarge")
    assert_right_way(page, 8)
    press(page, "#partner-close")
    press(page, "#undo")
    wait(page, "byId('undone').textContent")
    assert_right_way(page, 8)
    show_page(page, "progress")
    wait(page, "byId('word-progress').tBodies[0].rows.length > 0")
    press(page, "#report-begin")
    wait(page, "document.querySelectorAll('#report-confusions li').length")
    assert_right_way(page, 6)
    show_page(page, "data")
    wait(page, "byId('words').children.length === 3")
    press(page, "[aria-label^='Change the word']")
    press(page, f"[aria-label*='{BREAD}'].danger")
    assert_right_way(page, 8)
    press(page, "#confirm [value=no]")
    press(page, "[href='#handover']")
    wait(page, f"byId('handover-words').textContent.includes('{WATER}')")
    assert_right_way(page, 8)
    show_page(page, "teach")
    page.execute_script("document.getElementById('teach-words').value = arguments[0]", f"{TEA}\n")
    press(page, "#teach-begin")
    wait(page, f"byId('prompt').textContent === '{TEA}'")
    assert_right_way(page, 3)
    assert texts(page, "#person option") == [PERSON]
