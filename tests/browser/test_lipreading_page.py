"""The page of a lipreading evaluation in a real browser, from the disk."""

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.support.page_checks import CONTRASTS, asked_since, emulate, room_and_width

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.evaluation.evaluation import Answer, score
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.metrics.bootstrap import Interval
from videospace.reports.lipreading_page import write_page

pytestmark = pytest.mark.browser

WORDS = ("mat", "bat", "water", "a phrase that is rather long for a matrix")
ALL_VIDEOS = "[...document.querySelectorAll('video')]"


def clips() -> list[LabeledClip]:
    """Three takes of each word: a dark bar that opens."""
    found = []
    for number, word in enumerate(WORDS):
        for take in range(3):
            frames = np.full((20, 88, 88), 160 + take, np.uint8)
            for frame in range(20):
                half = 3 + (frame * (1 + number)) % 20
                frames[frame, 44 - half : 44 + half, 20:68] = 40
            clip = MouthClip(frames=frames, fps=25.0)
            found.append(
                LabeledClip(word=word, speaker="Ann", take=f"{take}", domain="real", clip=clip)
            )
    return found


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every mat is taken for a bat, and half of the phrases for water."""
    said = {"mat": "bat", "bat": "bat", "water": "water", WORDS[3]: "water"}
    answers = [
        Answer(
            asked=clip,
            words=[clip.word if clip.take == "0" else said[clip.word], "water", "bat"],
            probabilities=[0.8, 0.1, 0.1],
            confident=clip.take == "2",
            seconds=0.02,
        )
        for clip in clips()
    ]
    scores = score(answers)
    better = dataclasses.replace(scores, top1=Interval(mean=0.9, low=0.8, high=1.0))
    embeddings = np.random.default_rng(0).normal(size=(len(answers), 8))
    path = write_page(
        tmp_path_factory.mktemp("evaluation") / "a page",
        answers,
        clips(),
        strategy="fusion",
        num_shots=1,
        curve={1: scores, 2: better},
        embeddings=embeddings,
    )
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(open_browser, page_address) -> Any:
    """A browser that has the page open."""
    browser = open_browser()
    browser.set_script_timeout(15)
    browser.get(page_address)
    loaded = f"""
      const done = arguments[0], videos = {ALL_VIDEOS};
      const look = () => videos.every((v) => v.readyState >= 2) ? done(true) : setTimeout(look, 50);
      look();
    """
    assert browser.execute_async_script(loaded)
    return browser


def test_films_show_both_mouths_before_they_are_played(browser):
    sizes = browser.execute_script(
        f"return {ALL_VIDEOS}.map((v) => [v.videoWidth, v.videoHeight, v.paused])"
    )
    assert sizes == [[354, 176, True]] * 2  # with a line between them
    labels = browser.execute_script(f"return {ALL_VIDEOS}.map((v) => v.ariaLabel)")
    assert labels == ["mat, taken for bat", f"{WORDS[3]}, taken for water"]


def test_pictures_are_there_and_described(browser):
    pictures = browser.execute_script(
        "return [...document.images].map((i) => [i.complete && i.naturalWidth > 300, i.alt.length])"
    )
    assert len(pictures) == 3
    assert all(loaded and length > 10 for loaded, length in pictures)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser, scheme):
    emulate(browser, prefers_color_scheme=scheme)
    try:
        assert browser.execute_script(CONTRASTS) == []
        assert contrast_of_plots(browser) > 4.5
    finally:
        emulate(browser)


def contrast_of_plots(browser: Any) -> float:
    """The least contrast of the ink of a plot, axes and letters, against the page behind it."""
    from selenium.webdriver.common.by import By

    ratios = []
    for picture in browser.find_elements(By.CSS_SELECTOR, "img.plot"):
        shown = Image.open(io.BytesIO(picture.screenshot_as_png)).convert("L")
        levels = (np.asarray(shown) / 255.0) ** 2.2
        ground = float(np.median(levels[:8]))  # nothing is drawn along the upper edge
        ink = max(levels.min(), levels.max(), key=lambda level: abs(level - ground))
        ratios.append((max(ink, ground) + 0.05) / (min(ink, ground) + 0.05))
    return min(ratios)


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_nothing_sticks_out_at_any_width(browser, width):
    room, wide = room_and_width(browser, width)
    assert wide <= room


def test_nothing_goes_wrong_and_nothing_is_asked_of_a_network(open_browser, page_address):
    browser = open_browser()
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(page_address)
    assert browser.get_log("browser") == []
    asked = asked_since(browser)
    assert all(url.startswith(("file:", "data:")) for url in asked)
