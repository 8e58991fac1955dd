"""Tracks over the clip on the page of the video space: things follow the dots that are moved."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from tests.support.page_actions import press, texts, wait
from tests.support.page_checks import asked_since, emulate, violations
from tests.support.space_page import keys, middle, mouse, pixels, wait_for_rest

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")

FIRST, SECOND = "#tracks .dot:nth-of-type(1)", "#tracks .dot:nth-of-type(2)"


@pytest.fixture
def page(space_page) -> Any:
    """The page with a space of two bright blobs, each on a track."""
    choose(space_page, "tracked")
    wait(space_page, "document.querySelectorAll('.dot:not([hidden])').length === 2")
    wait_for_rest(space_page)
    yield space_page
    space_page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    emulate(space_page, prefers_reduced_motion="reduce")
    space_page.execute_script("localStorage.setItem('studio.space', 'small')")


def choose(browser: Any, space: str) -> None:
    browser.execute_script(
        "const space = document.getElementById('space'); space.value = arguments[0];"
        "document.getElementById('player').dataset.quality = '';"
        "space.dispatchEvent(new Event('change'))",
        space,
    )


def ink_at(page: Any, selector: str, picture: np.ndarray | None = None) -> float:
    """The brightness of the picture at the middle of a dot, in [0, 1]."""
    shown = pixels(page, "player") if picture is None else picture
    x, y = page.execute_script(
        "const [dot, film] = [arguments[0], '#tracks'].map((each) =>"
        " document.querySelector(each).getBoundingClientRect());"
        "return [(dot.left + dot.width / 2 - film.left) / film.width,"
        " (dot.top + dot.height / 2 - film.top) / film.height]",
        selector,
    )
    height, width, _ = shown.shape
    return shown[int(y * height), int(x * width), 0] / 255


def moves_asked(page: Any) -> list[list[str]]:
    """The moves in the requests for film strips since the performance log was last read."""
    queries = [urlsplit(url) for url in asked_since(page)]
    return [parse_qs(url.query).get("moves", []) for url in queries if url.path.endswith("/strip")]


def move_asked(page: Any, number: int) -> list[float]:
    """The numbers of one of the moves in the newest request for a film strip."""
    return [float(part) for part in moves_asked(page)[-1][number].split(",")]


def test_a_thing_follows_the_mouse_and_then_the_keys_until_all_is_as_it_was(page):
    from selenium.webdriver.common.keys import Keys

    before = pixels(page, "player")
    assert ink_at(page, FIRST) > 0.5
    assert ink_at(page, SECOND) > 0.5
    x, y = middle(page, FIRST)
    width = page.execute_script("return document.getElementById('tracks').clientWidth")
    page.get_log("performance")
    mouse(page, "mousePressed", x, y)
    for part in (0.1, 0.2, 0.3):
        mouse(page, "mouseMoved", x + part * width, y)
    assert middle(page, FIRST) == pytest.approx((x + 0.3 * width, y), abs=1.5)
    mouse(page, "mouseReleased", x + 0.3 * width, y)
    wait_for_rest(page)
    assert move_asked(page, 0) == pytest.approx([0, 0, 0.6], abs=0.02)
    assert ink_at(page, FIRST) > 0.5
    assert ink_at(page, FIRST, before) < 0.3
    assert "moves=" in page.execute_script("return document.getElementById('save-latent').href")

    press(page, "#bend-tracks")
    page.execute_script("document.querySelector(arguments[0]).focus()", SECOND)
    keys(page, *[Keys.ARROW_UP] * 3)
    wait(page, "byId('track-status').textContent.includes('2')")
    wait_for_rest(page)
    assert move_asked(page, 1) == pytest.approx([1, -0.12, 0, -1, 0.5])
    assert ink_at(page, SECOND) > 0.5
    keys(page, Keys.ESCAPE)
    wait_for_rest(page)
    assert len(moves_asked(page)[-1]) == 1

    press(page, "#reset-tracks")
    wait_for_rest(page)
    assert np.array_equal(pixels(page, "player"), before)
    assert page.execute_script("return document.activeElement.id") == "show-tracks"


def test_tracks_have_names_and_room_and_can_be_hidden(page):
    boxes = page.execute_script(
        "return [...document.querySelectorAll('.dot, #track-tools label, #track-tools button')]"
        ".map((each) => each.getBoundingClientRect()).map(({width, height}) => [width, height])"
    )
    assert np.array(boxes).min() >= 44
    names = [dot.accessible_name for dot in page.find_elements("css selector", ".dot")]
    assert len(set(names)) == 2
    assert all("arrow keys" in name for name in names)
    assert violations(page) == []
    press(page, "#show-tracks")
    assert not page.execute_script("return document.querySelector('.dot').checkVisibility()")
    choose(page, "small")
    wait_for_rest(page)
    assert page.execute_script("return document.getElementById('track-tools').hidden")
    assert texts(page, ".dot") == []


def test_samples_are_of_the_learned_distribution_where_there_is_one(page):
    page.execute_script("document.getElementById('method').value = 'flow'")
    before = len(texts(page, ".mark"))
    press(page, "#sample")
    wait(page, f"document.querySelectorAll('.mark').length === {before + 4}")
    choose(page, "small")
    wait(page, "byId('method').value === 'slerp'")
    assert page.execute_script("return document.querySelector('#method [value=flow]').disabled")
