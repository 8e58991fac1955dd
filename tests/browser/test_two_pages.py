"""Two pages that show one person, on two devices."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.test_accessibility import HEAR
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import (
    open_anew,
    press,
    texts,
    type_into,
    wait,
    wait_for,
    wait_for_camera,
)

from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.deletion import delete_word

pytestmark = pytest.mark.browser
DELETE_ANN = """
const done = arguments[0];
import("/shared/api.js").then(({ ask }) => ask("DELETE", "/profiles/ann")).then(done);
"""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[DrawnStudio]:
    studio = DrawnStudio(tmp_path / "data", persons=("Ann", "Bo"))
    studio.reader.reset(mouths=[MouthPose(160.0, 163.0, 41.0, 0.0)])
    yield studio
    studio.stop()


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Iterator[Any]:
    """Talk, with Ann."""
    open_anew(face_browser, studio.address)
    wait_for_camera(face_browser)
    yield face_browser
    face_browser.get("about:blank")


def hear(page: Any) -> None:
    page.execute_async_script(HEAR.replace(".then(done)", ".then(done, () => done())"))


def test_what_another_page_changed_is_not_lost(page, studio):
    ann = studio.profiles.find("ann")
    hear(page)
    wait(page, "document.querySelectorAll('.guess').length === 2")
    delete_word(ann, "water")  # as another page does, while it is offered here
    press(page, ".guess")
    wait(page, "byId('sentence').textContent === 'water'")
    assert {word.text for word in ann.words()} == {"water", "bread"}

    before = ann.settings.phrases
    press(page, "#edit-phrases")
    ann.update_settings(phrases=f"{before}\nTheirs")
    type_into(page, "phrases-text", "\nMine")
    press(page, "#phrases-form .primary")
    wait_for(page, lambda: ann.settings.phrases == f"{before}\nMine\nTheirs")

    page.execute_script("location.hash = 'handover'")
    wait(page, "byId('handover-words').textContent.includes('water')")
    ann.update_settings(notes="theirs")
    type_into(page, "notes", "mine")
    press(page, "#notes-form .primary")
    wait(page, "byId('notice').textContent.includes('another page')")
    assert page.execute_script("return document.getElementById('notes').value") == "mine"
    assert ann.settings.notes == "theirs"


def test_a_person_who_was_deleted_elsewhere_is_left(page):
    page.execute_async_script(DELETE_ANN)
    hear(page)
    wait(page, "byId('done').textContent.includes('Ann') && byId('person').value === 'bo'")
    assert texts(page, "#person option") == ["Bo"]
    wait_for_camera(page)
