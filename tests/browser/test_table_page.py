"""The page of the table of tasks in a real browser, from the disk."""

from typing import Any

import numpy as np
import pytest
from tests.support.page_actions import wait, wait_for, wait_for_frames
from tests.support.page_checks import CONTRASTS, asked_since, emulate, room_and_width

from videospace.baselines.table_columns import COLUMNS
from videospace.baselines.task_table import Completed, Row
from videospace.inrv.inversion.tasks import PUBLISHED_TASKS
from videospace.metrics.intervals import mean_interval
from videospace.reports.table_page import TablePage

pytestmark = pytest.mark.browser

TASKS = ("inpaint", "upscale")
METHODS = ("inversion", "mean frame", "components 128")
NUM_CLIPS = 3
ALL_VIDEOS = "[...document.querySelectorAll('video')]"


def moving_clips() -> np.ndarray:
    """A bright column that walks over a soft ground, in 12 frames of 16x16 px."""
    clips = np.full((NUM_CLIPS, 12, 16, 16, 3), 60, np.uint8)
    for clip in range(NUM_CLIPS):
        for step in range(12):
            clips[clip, step, :, (step + 3 * clip) % 16] = 230
    return clips


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two tasks with three methods each, and every column that there may be."""
    page = TablePage(tmp_path_factory.mktemp("table") / "a table.html", fps=12.0)
    truth = moving_clips()
    for task in TASKS:
        contexts = [PUBLISHED_TASKS[task](clip) for clip in truth]
        for rank, method in enumerate(METHODS):
            videos = truth // (1 + rank)
            names = [column.name for column in COLUMNS if column.name != "seconds_per_clip"]
            scores = {name: mean_interval([30.0 - rank, 33.5, 31.0]) for name in names}
            row = Row(task=task, method=method, scores=scores, seconds_per_clip=0.1 * rank)
            page.add(
                row,
                Completed(ids=["a", "b", "c"], contexts=contexts, videos=videos, truth=truth),
            )
    page.write()
    return page.path.as_uri()


@pytest.fixture(scope="module")
def browser(open_browser, page_address) -> Any:
    """A browser that has the page open."""
    browser = open_browser()
    browser.get(page_address)
    wait_for_videos(browser, "v.readyState >= 2")
    return browser


def wait_for_videos(browser: Any, condition: str) -> None:
    """Wait until every video ``v`` meets the condition."""
    wait(browser, f"{ALL_VIDEOS}.every(v => {condition})")


def times(browser: Any) -> list[float]:
    return browser.execute_script(f"return {ALL_VIDEOS}.map(v => v.currentTime)")


def press_toggle(browser: Any, key: str) -> None:
    from selenium.webdriver.common.by import By

    browser.find_element(By.ID, "toggle").send_keys(key)


def label(browser: Any) -> str:
    return browser.execute_script("return document.getElementById('toggle').textContent")


def test_all_videos_play_and_loop(browser):
    num_videos = len(TASKS) * NUM_CLIPS
    last = [times(browser)]
    looped: set[int] = set()

    def all_have_looped() -> bool:
        now = times(browser)
        looped.update(k for k in range(num_videos) if now[k] < last[-1][k])
        last.append(now)
        return len(looped) == num_videos

    wait_for(browser, all_have_looped)
    sizes = browser.execute_script(
        f"return {ALL_VIDEOS}.map(v => [v.videoWidth, v.videoHeight, v.width, v.height])"
    )
    assert sizes == [[5 * 128 + 4 * 4, 128] * 2] * num_videos


def test_one_key_stops_all_at_the_same_moment_and_plays_again(browser):
    from selenium.webdriver.common.keys import Keys

    assert label(browser) == "Pause all"
    press_toggle(browser, Keys.SPACE)
    wait_for_videos(browser, "v.paused && !v.seeking")
    still = times(browser)
    assert label(browser) == "Play all"
    assert len(set(still)) == 1
    wait_for_frames(browser, 20)
    assert times(browser) == still
    press_toggle(browser, Keys.ENTER)
    wait_for_videos(browser, "!v.paused")
    assert label(browser) == "Pause all"


def test_the_speed_can_be_chosen(browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select

    rates = f"return [...new Set({ALL_VIDEOS}.map(v => v.playbackRate))]"
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


def test_labels_stand_over_their_panels(browser):
    offsets = browser.execute_script(
        "return [...document.querySelectorAll('.row')].flatMap((row) => {"
        "  const video = row.querySelector('video').getBoundingClientRect();"
        "  const labels = [...row.querySelectorAll('span')];"
        "  return labels.map((label, index) => {"
        "    const box = label.getBoundingClientRect();"
        "    const panel = video.left + (index + 0.5) * video.width / labels.length;"
        "    return Math.abs((box.left + box.right) / 2 - panel) / video.width;"
        "  });"
        "})"
    )
    assert len(offsets) == 5 * len(TASKS) * NUM_CLIPS
    assert max(offsets) < 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser, scheme):
    emulate(browser, prefers_color_scheme=scheme)
    try:
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(246, 247, 251)", "dark": "rgb(13, 15, 20)"}[scheme]
        assert browser.execute_script(CONTRASTS) == []
    finally:
        emulate(browser)


def test_the_best_stand_out(browser):
    weights = browser.execute_script(
        "return [...document.querySelectorAll('td')].map("
        "  (cell) => getComputedStyle(cell.firstElementChild || cell).fontWeight)"
    )
    assert weights.count("700") == 2 * len(COLUMNS)
    assert set(weights) == {"400", "700"}


def test_those_who_want_less_motion_get_less(open_browser, page_address):
    browser = open_browser()
    emulate(browser, prefers_reduced_motion="reduce")
    browser.get(page_address)
    wait_for_videos(browser, "v.readyState >= 2")
    assert label(browser) == "Play all"
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
    asked = {url[:100] for url in asked_since(browser)}
    assert {url for url in asked if not url.startswith("data:")} == {page_address}
