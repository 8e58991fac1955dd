"""The demo's page in a real browser, from the disk."""

import contextlib
import dataclasses
import io
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.page_actions import wait, wait_for, wait_for_frames
from tests.support.page_checks import asked_since, room_and_width

from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.training.config import BatchConfig
from videospace.inrv.training.presets import tiny
from videospace.reports.demo.run import DemoConfig, run_demo

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small demo, trained just long enough for its clips to differ."""
    out = tmp_path_factory.mktemp("browser") / "a demo"
    preset = tiny()
    training = dataclasses.replace(
        preset,
        model=dataclasses.replace(
            preset.model, inr=InrConfig(hidden_width=24, num_hidden_layers=2)
        ),
        batch=BatchConfig(num_clips=7, points_per_clip=256),
        total_points=300 * 7 * 256.0,
    )
    balls = BouncingBallConfig(num_clips=7, num_frames=6, size="20", radius_px=3.5, fps=12.0)
    with contextlib.redirect_stdout(io.StringIO()):
        run_demo(DemoConfig(out=out), progress=False, balls=balls, training=training)
    return (out / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser(open_browser, page_address) -> Any:
    """A browser that has the page open."""
    browser = open_browser()
    browser.get(page_address)
    wait_for_videos(browser, "v.readyState >= 2")
    wait(browser, "byId('explorer').complete")
    return browser


def wait_for_videos(browser: Any, condition: str) -> None:
    """Wait until every video ``v`` meets the condition."""
    wait(browser, f"[...document.querySelectorAll('video')].every(v => {condition})")


def times(browser: Any) -> list[float]:
    script = "return [...document.querySelectorAll('video')].map(v => v.currentTime)"
    return browser.execute_script(script)


def press(browser: Any, element_id: str, *keys: str) -> None:
    from selenium.webdriver.common.by import By

    browser.execute_script(f"document.getElementById('{element_id}').focus()")
    browser.find_element(By.ID, element_id).send_keys(*keys)


def picture_of(browser: Any, element_id: str) -> bytes:
    from selenium.webdriver.common.by import By

    wait_for_frames(browser)
    return browser.find_element(By.ID, element_id).screenshot_as_png


@pytest.fixture
def paused(browser) -> Iterator[Any]:
    """The page with everything standing still."""
    browser.execute_script("document.getElementById('toggle').click()")
    wait_for_videos(browser, "v.paused")
    yield browser
    browser.execute_script("document.getElementById('toggle').click()")


def test_all_videos_play(browser):
    before = times(browser)
    assert len(before) == 14
    moved = set()

    def all_have_moved() -> bool:
        now = enumerate(zip(before, times(browser), strict=True))
        moved.update(k for k, (a, b) in now if a != b)
        return moved == set(range(14))

    wait_for(browser, all_have_moved)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('video')].map(v => [v.videoWidth, v.videoHeight,"
        " v.width, v.height])"
    )
    assert all(sizes[k][:2] == sizes[k][2:] for k in range(14))


def test_the_explorer_moves_by_itself(browser):
    first = picture_of(browser, "view")
    wait_for(browser, lambda: picture_of(browser, "view") != first)


def test_the_slider_walks_through_the_space(paused):
    from selenium.webdriver.common.keys import Keys

    press(paused, "latent", Keys.HOME)
    first = picture_of(paused, "view")
    readout = "return document.getElementById('readout').textContent"
    assert paused.execute_script(readout).startswith("0 % of the way: ")
    marker = "return Number(document.getElementById('marker').getAttribute('cx'))"
    assert paused.execute_script(marker) == 5
    press(paused, "latent", Keys.END)
    last = picture_of(paused, "view")
    assert last != first
    assert paused.execute_script(readout).startswith("100 % of the way: ")
    assert paused.execute_script(marker) == 95
    spoken = "return document.getElementById('latent').getAttribute('aria-valuetext')"
    assert paused.execute_script(spoken) == paused.execute_script(readout)
    press(paused, "latent", *[Keys.ARROW_LEFT] * 24)
    assert picture_of(paused, "view") == first


def test_one_key_pauses_and_plays_everything(browser):
    from selenium.webdriver.common.keys import Keys

    label = "return document.getElementById('toggle').textContent"
    assert browser.execute_script(label) == "Pause all"
    press(browser, "toggle", Keys.SPACE)
    wait_for_videos(browser, "v.paused")
    assert browser.execute_script(label) == "Play all"
    still, canvas = times(browser), picture_of(browser, "view")
    wait_for_frames(browser, 20)
    assert times(browser) == still
    assert picture_of(browser, "view") == canvas
    press(browser, "toggle", Keys.ENTER)
    wait_for_videos(browser, "!v.paused")
    assert browser.execute_script(label) == "Pause all"


def test_the_speed_can_be_chosen(browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select

    rates = "return [...new Set([...document.querySelectorAll('video')].map(v => v.playbackRate))]"
    choice = Select(browser.find_element(By.ID, "speed"))
    choice.select_by_visible_text("¼×")
    assert browser.execute_script(rates) == [0.25]
    choice.select_by_visible_text("1×")
    assert browser.execute_script(rates) == [1]


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_nothing_sticks_out_at_any_width(browser, width):
    room, wide = room_and_width(browser, width)
    assert width - 20 <= room <= width  # a scroll bar takes some
    assert wide <= room


def test_those_who_want_less_motion_get_less(open_browser, page_address):
    browser = open_browser()
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(page_address)
    wait_for_videos(browser, "v.readyState >= 2")
    label = "return document.getElementById('toggle').textContent"
    assert browser.execute_script(label) == "Play all"
    wait_for_frames(browser, 20)
    assert set(times(browser)) == {0}
    browser.execute_script("document.getElementById('toggle').click()")
    wait_for_videos(browser, "v.currentTime > 0")


def test_nothing_goes_wrong_and_nothing_is_asked_of_a_network(open_browser, page_address):
    browser = open_browser()
    browser.get("about:blank")
    browser.get_log("performance")  # what the browser's own first page asks for
    browser.get(page_address)
    wait_for_videos(browser, "v.readyState >= 2")
    assert browser.get_log("browser") == []
    asked = asked_since(browser)
    folder = page_address.removesuffix("index.html")
    assert page_address in asked
    assert sum(url.startswith(folder) for url in asked) >= 16
    assert [url for url in asked if not url.startswith((folder, "data:"))] == []
