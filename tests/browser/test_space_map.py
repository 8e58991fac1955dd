"""The map of the page of the video spaces, in a real browser."""

import json
from typing import Any

import numpy as np
import pytest
from tests.support.page_actions import press, texts, type_into, wait, wait_for
from tests.support.page_checks import emulate, violations
from tests.support.small_spaces import small_space
from tests.support.space_page import SHIFT, drag, keys, middle, mouse, pixels, wait_for_rest

from videospace.inrv.space.latent_files import load_latents

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")


@pytest.fixture
def page(space_page) -> Any:
    return space_page


def test_the_map_is_enlarged_moved_and_shown_whole_again(page):
    before = place(page, "c")
    press(page, "#zoom-in")
    press(page, "#zoom-in")
    enlarged = place(page, "c")
    assert enlarged != before
    drag(page, "map", (0.02, 0.02), (0.1, 0.1), (0.2, 0.2))
    assert place(page, "c") != enlarged
    assert page.execute_script("return document.getElementById('map-status').textContent") == ""
    press(page, "#zoom-all")
    assert place(page, "c") == before
    assert page.execute_script("return document.activeElement.id") == "zoom-in"


def test_the_keyboard_enlarges_the_map_and_the_clip_stays_in_sight(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.getElementById('map').focus({focusVisible: true})")
    keys(page, Keys.HOME, "+", "+", "+", "+", "+", Keys.END)
    inside = page.execute_script(
        "const mark = document.querySelector('.mark.active').getBoundingClientRect();"
        "const frame = document.getElementById('map').getBoundingClientRect();"
        "return mark.left >= frame.left && mark.right <= frame.right"
        " && mark.top >= frame.top && mark.bottom <= frame.bottom"
    )
    assert inside
    keys(page, "0")
    wait(page, "byId('zoom-all').disabled")


def place(browser: Any, identity: str) -> str:
    """Where the mark of an item is."""
    script = "return document.querySelector(arguments[0]).getAttribute('transform')"
    return browser.execute_script(script, f"[data-id={identity}]")


def test_pictures_of_the_clips_are_on_the_map(page):
    wait(page, "Number(byId('pictures').dataset.shown) > 0")
    assert pixels(page, "pictures").any()
    press(page, "label:has(#show-pictures)")
    assert not pixels(page, "pictures").any()
    press(page, "label:has(#show-pictures)")
    assert pixels(page, "pictures").any()


def test_clips_are_found_by_label_and_picked(page, labels):
    from selenium.webdriver.common.keys import Keys

    labels({"d": {"person": "Quentin"}})
    type_into(page, "search", "sample")
    wait(page, "byId('search-status').textContent.includes('found')")
    type_into(page, "search", Keys.CONTROL + "a")
    type_into(page, "search", "qUENT")
    wait(page, "byId('search-status').textContent.startsWith('1 of')")
    faded = "[...document.querySelectorAll('.mark:not(.faded)')].map((e) => e.dataset.id)"
    assert page.execute_script(f"return {faded}") == ["d"]
    type_into(page, "search", Keys.ENTER)
    wait(page, "byId('map-status').textContent.startsWith('d is')")
    type_into(page, "search", Keys.CONTROL + "a")
    type_into(page, "search", Keys.BACKSPACE)
    wait(page, "!document.querySelector('.mark.faded')")


def test_marks_have_the_colors_of_labels_and_scores_with_a_legend(page, labels):
    labels({"a": {"person": "Ann", "error": 1}, "b": {"person": "Bo", "error": 9}})
    choose(page, "color", "column:person")
    assert texts(page, "#legend li") == ["Ann", "Bo", "unknown"]
    assert color_of(page, "a") != color_of(page, "b")
    assert color_of(page, "c") not in {color_of(page, "a"), color_of(page, "b")}
    label = "return document.querySelector('[data-id=a]').getAttribute('aria-label')"
    assert page.execute_script(label) == "a: Ann"
    choose(page, "color", "column:error")
    assert len(texts(page, "#legend li")) == 6
    assert color_of(page, "a") != color_of(page, "b")
    assert violations(page) == []
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    emulate(page, prefers_reduced_motion="reduce")


def test_a_table_that_cannot_be_read_is_named(page, labels):
    labels("no table")
    wait(page, "byId('notice').textContent.includes('clips.json')")
    assert len(texts(page, ".mark")) >= 5


@pytest.fixture
def labels(page, studio) -> Any:
    """Writes labels and scores of the clips of the small space, and opens it again."""
    path = studio.data.parent / "spaces" / "small" / "clips.json"

    def write(clips: object) -> None:
        path.write_text(json.dumps({"clips": clips}))
        page.refresh()
        wait_for_rest(page)

    yield write
    path.unlink()


def choose(browser: Any, select: str, value: str) -> None:
    browser.execute_script(
        "const select = document.getElementById(arguments[0]); select.value = arguments[1];"
        "select.dispatchEvent(new Event('change'))",
        select,
        value,
    )


def path_of(browser: Any) -> str:
    return browser.execute_script("return document.getElementById('path').getAttribute('points')")


def color_of(browser: Any, identity: str) -> str:
    script = "return getComputedStyle(document.querySelector(arguments[0])).fill"
    return browser.execute_script(script, f"[data-id={identity}]")


def show_neighbors(page: Any) -> None:
    before = path_of(page)
    choose(page, "projection", "tsne")
    wait(page, f"byId('path').getAttribute('points') !== '{before}'")


def test_the_map_of_neighbors_has_other_places_and_takes_samples(page):
    pytest.importorskip("openTSNE")
    before = place(page, "c")
    note = texts(page, "#map-note")
    show_neighbors(page)
    assert place(page, "c") != before
    assert texts(page, "#map-note") != note
    press(page, "#sample")
    wait(page, "byId('start').value.startsWith('sample-')")
    wait(page, "byId('projection-status').textContent === ''")
    assert texts(page, "#notice") == [""]


def layout(page: Any) -> Any:
    """Where the clips stand among one another, from 0 to 1 in each axis."""
    places = [[float(part) for part in place(page, each)[10:-1].split()] for each in "abcde"]
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    return (np.array(places) - low) / (high - low)


def test_another_space_begins_with_the_map_of_directions(page):
    pytest.importorskip("openTSNE")
    before = layout(page)
    show_neighbors(page)
    assert np.abs(layout(page) - before).max() > 0.05
    choose(page, "space", "bouncing-ball")
    wait(page, "document.querySelector('[data-id=ball-003]')")
    choose(page, "space", "small")
    wait(page, "document.querySelector('[data-id=c]') && byId('projection').value === 'pca'")
    wait_for_rest(page)
    np.testing.assert_allclose(layout(page), before, atol=1e-3)


def test_the_ends_their_middle_and_samples_play_side_by_side(page):
    press(page, "#sample")
    wait(page, "byId('start').value.startsWith('sample-')")
    press(page, "#beside summary")
    wait(page, "document.querySelectorAll('#beside .tile:not([hidden])').length === 7")
    wait_for_rest(page)
    names = texts(page, "#beside .tile-name")
    assert names[0].startswith("A: sample")
    assert names[1] == "Middle"
    drawn = [pixels(page, f"beside-path-{number}") for number in range(3)]
    assert all(np.abs(drawn[1] - drawn[end]).mean() > 1 for end in (0, 2))
    press(page, "#beside summary")


def test_clips_are_selected_with_a_lasso_watched_averaged_and_saved(page, labels, tmp_path):
    from selenium.webdriver.common.keys import Keys

    labels({each: {"kind": "first"} for each in "abcde"})
    type_into(page, "search", "first")  # samples of other tests stay out of the lasso
    press(page, "#lasso-toggle")
    loop_around(page, "b")
    assert selected(page) == ["b"]
    page.execute_script("document.getElementById('map').focus({focusVisible: true})")
    keys(page, Keys.HOME, "+", Keys.ESCAPE)
    before = place(page, "b")
    loop_around(page, "a")
    assert (selected(page), place(page, "b")) == (["a"], before)  # drawn, not moved
    press(page, "#zoom-all")
    press(page, "#lasso-toggle")
    loop_around(page, "c", held=SHIFT)
    assert selected(page) == ["a", "c"]
    touch_around(page, "d")
    assert selected(page) == ["a", "c"]  # the lasso is off
    press(page, "#lasso-toggle")
    touch_around(page, "d")
    assert selected(page) == ["d"]
    pinch(page)
    wait(page, "!byId('zoom-out').disabled")
    assert selected(page) == ["d"]
    press(page, "#zoom-all")
    x, y = middle(page, "[data-id=a]")
    mouse(page, "mousePressed", x, y)
    mouse(page, "mouseReleased", x, y)
    assert selected(page) == ["a", "d"]
    wait(page, "document.querySelectorAll('#selected-films .tile:not([hidden])').length === 2")
    assert pixels(page, "selected-films-1").any()
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    press(page, "#save-selected-latents")
    wait_for(page, (tmp_path / "latents.npz").exists)
    space = small_space()
    saved = load_latents(tmp_path / "latents.npz", space)
    assert (saved.names, saved.latents.tolist()) == (["a", "d"], space.latents[[0, 3]].tolist())
    press(page, "#save-selected-ids")
    wait_for(page, (tmp_path / "clips.txt").exists)
    assert (tmp_path / "clips.txt").read_text() == "a\nd\n"
    press(page, "#selected-mean")
    wait(page, "byId('start').selectedOptions[0].textContent === 'mean of 2 clips'")
    assert selected(page) == ["a", "d"]
    press(page, "#selected-films .tile:nth-child(2)")
    wait(page, "byId('end').value === 'd'")
    press(page, "#selected-clear")
    assert selected(page) == []
    assert page.execute_script("return document.activeElement.id") == "lasso-toggle"


def test_clips_are_selected_without_a_pointer(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.getElementById('map').focus({focusVisible: true})")
    keys(page, Keys.HOME, "s")
    assert selected(page) == ["a"]
    label = "return document.querySelector('[data-id=a]').getAttribute('aria-label')"
    assert "selected" in page.execute_script(label)
    keys(page, "s")
    assert selected(page) == []
    type_into(page, "search", "e")
    wait(page, "!byId('select-found').hidden")
    press(page, "#select-found")
    assert "e" in selected(page)
    found = selected(page)
    assert len(found) == len(texts(page, ".mark:not(.faded)"))
    page.refresh()
    wait(page, "document.querySelector('.mark.chosen')")
    assert selected(page) == found
    press(page, "#selected-clear")


def selected(browser: Any) -> list[str]:
    """The ids of the selected clips, after what the page says about them."""
    ids = "[...document.querySelectorAll('.mark.chosen')].map((e) => e.dataset.id)"
    found = browser.execute_script(f"return {ids}")
    said = texts(browser, "#selection-status")[0]
    assert said.startswith(str(len(found)) if found else "Nothing")
    return found


def around(browser: Any, identity: str) -> list[tuple[float, float]]:
    """The corners of a diamond around a mark that no other mark is in."""
    x, y = middle(browser, f"[data-id={identity}]")
    return [(x - 22, y), (x, y - 22), (x + 22, y), (x, y + 22)]


def loop_around(browser: Any, identity: str, held: int = 0) -> None:
    corners = around(browser, identity)
    mouse(browser, "mousePressed", *corners[0], held)
    for corner in corners:
        mouse(browser, "mouseMoved", *corner, held)
    mouse(browser, "mouseReleased", *corners[-1], held)


def touch_around(browser: Any, identity: str) -> None:
    corners = around(browser, identity)
    touch(browser, "touchStart", corners[0])
    for corner in corners[1:]:
        touch(browser, "touchMove", corner)
    touch(browser, "touchEnd")


def pinch(browser: Any) -> None:
    """Move two fingers on the map apart."""
    x, y = middle(browser, "#map")
    touch(browser, "touchStart", (x - 20, y))
    touch(browser, "touchStart", (x - 20, y), (x + 20, y))
    touch(browser, "touchMove", (x - 60, y), (x + 60, y))
    touch(browser, "touchEnd")


def touch(browser: Any, kind: str, *fingers: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
    browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
