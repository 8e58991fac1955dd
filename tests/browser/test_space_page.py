"""The page of the video space in a real browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.page_actions import ask, press, texts, type_into, wait, wait_for_frames
from tests.support.page_checks import asked_since, emulate, room_and_width, violations
from tests.support.small_spaces import small_space
from tests.support.space_page import drag, keys, middle, mouse, pixels, wait_for_rest

from videospace.clips.writing import write_video

pytestmark = pytest.mark.browser
pytest.importorskip("fastapi", reason="needs the extra 'studio'")

HOLD_REQUESTS = """
window.real = window.fetch;
window.held = [];
window.fetch = (...request) => new Promise((resolve) => {
  held.push(() => resolve(real(...request)));
});
"""


@pytest.fixture
def browser(space_browser) -> Any:
    return space_browser


@pytest.fixture
def page(space_page) -> Any:
    return space_page


@pytest.fixture
def with_video(page) -> Any:
    """The page with a video to work on."""
    press(page, "#use-playing")
    wait(page, "!byId('tools').hidden")
    return page


@pytest.fixture
def video_file(tmp_path: Path) -> Path:
    """A video of the third clip, larger than the clips of the space."""
    video = small_space().render(small_space().latent("c"), height=48)
    path = tmp_path / "my video.mp4"
    write_video(path, video[:, None], fps=25)
    return path


def invert(browser: Any) -> str:
    """Invert with the chosen settings, and return the text about the result."""
    browser.execute_script("document.getElementById('effort').value = '100,1'")
    press(browser, "#invert")
    wait(browser, "!byId('result-card').hidden && byId('job').hidden")
    return texts(browser, "#scores")[0]


def test_a_pretrained_space_opens_and_plays(browser, studio):
    browser.get(studio.address)
    browser.execute_script("localStorage.removeItem('studio.space')")
    emulate(browser, prefers_reduced_motion="no-preference")
    press(browser, "nav a[href='space/']")
    wait_for_rest(browser)
    assert texts(browser, "#space option") == ["small", "tracked", "bouncing-ball", "moving-mnist"]
    assert texts(browser, "#pause") == ["Pause"]
    assert len(texts(browser, ".mark")) == 50
    assert "50 clips of 25 frames" in texts(browser, "#about")[0]
    first = frame_shown(browser)
    wait(browser, f"byId('player').dataset.frame !== '{first}'")
    press(browser, "#pause")
    still = frame_shown(browser)
    wait_for_frames(browser, 20)
    assert frame_shown(browser) == still
    emulate(browser, prefers_reduced_motion="reduce")
    browser.execute_script("localStorage.setItem('studio.space', 'small')")


def test_players_pause_if_reduced_motion_is_preferred(page):
    first = frame_shown(page)
    wait_for_frames(page, 20)
    assert (frame_shown(page), texts(page, "#pause")) == (first, ["Play"])


def frame_shown(browser: Any) -> str:
    return browser.execute_script("return document.getElementById('player').dataset.frame")


def test_a_mark_shows_its_clip_and_is_picked(page):
    x, y = middle(page, "[data-id=d]")
    mouse(page, "mouseMoved", x, y)
    wait(page, "!byId('thumbnail').hidden && byId('thumbnail-player').dataset.frame")
    assert texts(page, "#thumbnail-name") == ["d"]
    mouse(page, "mousePressed", x, y)
    mouse(page, "mouseReleased", x, y)
    wait(page, "byId('start').value === 'd'")
    assert texts(page, "#map-status") == ["d is A now."]
    x, y = middle(page, "[data-id=e]")
    mouse(page, "mousePressed", x, y)
    mouse(page, "mouseReleased", x, y)
    wait(page, "byId('end').value === 'e'")
    wait(page, "document.querySelector('[data-id=e][aria-selected=true]')")
    chosen = "[...document.querySelectorAll('.mark[aria-selected=true]')].map((e) => e.dataset.id)"
    assert page.execute_script(f"return {chosen}") == ["d", "e"]


def test_dragging_on_the_map_moves_along_the_path(page):
    start, place = pixels(page, "player"), handle_place(page)
    ends = [middle(page, f"[data-id={each}]") for each in picked(page)]
    (x, y), (end_x, end_y) = ends
    page.execute_script(HOLD_REQUESTS)
    mouse(page, "mousePressed", x, y)  # on the handle, which is at A
    for fraction in np.linspace(0, 1, 40):
        mouse(page, "mouseMoved", x + fraction * (end_x - x), y + fraction * (end_y - y))
    mouse(page, "mouseReleased", end_x, end_y)
    wait(page, "Number(byId('ratio').value) > 0.95")
    assert page.execute_script("return held.length") == 1  # the others wait for its answer
    page.execute_script("window.fetch = real; held.forEach((send) => send())")
    wait_for_rest(page)
    assert not np.array_equal(pixels(page, "player"), start)
    assert handle_place(page) != place


def picked(browser: Any) -> list[str]:
    """The ids of A and B."""
    return browser.execute_script(
        "return ['start', 'end'].map((id) => document.getElementById(id).value)"
    )


def test_two_clips_that_are_far_apart_are_picked_first(page):
    items = {each["id"]: each["map_xy"] for each in ask(page, "/api/spaces/small")["items"]}
    first, second = (np.array(items[each]) for each in picked(page))
    distances = [np.linalg.norm(first - np.array(xy)) for xy in items.values()]
    assert np.linalg.norm(first - second) == pytest.approx(max(distances))


def test_at_rest_a_clip_has_the_size_of_the_page(page):
    shown, on_page = page.execute_script(
        "const canvas = document.getElementById('player');"
        "return [canvas.width, canvas.getBoundingClientRect().width * devicePixelRatio]"
    )
    assert shown > 100
    assert shown == pytest.approx(on_page, abs=3)


def test_the_fixed_time_of_a_strip_does_not_make_strips_coarser(page):
    fitted, sides = page.execute_async_script(
        "const done = arguments[0]; import('/space/render_speed.js').then((speed) => {"
        "  speed.forgetSpeed(); const sides = []; let side = 64;"
        "  for (let film = 0; film < 30; film += 1) {"
        "    const pixels = 25 * side * side;"
        "    speed.learnSpeed(pixels, 60 + 0.002 * pixels);"
        "    side = speed.sideFor(400, {height: 64, width: 64}, 25, 768); sides.push(side);"
        "  } done([speed.fittedSpeed(), sides]); })"
    )
    assert fitted["fixed"] == pytest.approx(60, rel=0.05)
    assert fitted["perPixel"] == pytest.approx(0.002, rel=0.05)
    assert sides[-1] == pytest.approx((340 / 0.002 / 25) ** 0.5, abs=2)


def handle_place(browser: Any) -> str:
    return browser.execute_script(
        "return document.getElementById('handle').getAttribute('transform')"
    )


def test_the_slider_goes_from_one_clip_to_the_other(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.getElementById('ratio').focus()")
    keys(page, Keys.END)
    wait(page, "byId('ratio-text').textContent === '100 %'")
    wait_for_rest(page)
    assert "ratio=1" in page.execute_script("return document.getElementById('save-latent').href")


def test_samples_join_the_map(page):
    before = len(texts(page, ".mark"))
    press(page, "#sample")
    wait(page, f"document.querySelectorAll('.mark').length === {before + 4}")
    wait(page, "byId('start').value.startsWith('sample-')")
    page.refresh()
    wait(page, "document.querySelectorAll('.mark.sample').length >= 4")


def test_an_uploaded_video_is_inverted_and_used(page, video_file):
    type_into(page, "upload", str(video_file))
    wait(page, "!byId('tools').hidden")
    assert len(texts(page, ".frame")) == 4
    assert texts(page, "#invert") == ["Find it in the space"]
    said = invert(page)
    assert "dB (PSNR)" in said
    assert "What was hidden" not in said
    assert page.execute_script("return document.activeElement.id") == "result-card"
    assert texts(page, ".mark.video")
    press(page, "#use-end")
    wait(page, "byId('end').selectedOptions[0].textContent === 'my video.mp4'")
    head = page.execute_async_script(
        "const done = arguments[0]; fetch(document.getElementById('save-result').href)"
        ".then((a) => a.arrayBuffer()).then((b) => done([...new Uint8Array(b.slice(4, 8))]))"
    )
    assert bytes(head) == b"ftyp"


def test_the_mask_is_painted_and_erased(page, video_file):
    type_into(page, "upload", str(video_file))
    wait(page, "!byId('tools').hidden")
    drag(page, "mask", (0.3, 0.5), (0.5, 0.5), (0.7, 0.5))
    brushed = hidden_percent(page)
    assert 5 < brushed < 60
    press(page, "#tools [value=rectangle]")
    drag(page, "mask", (0.01, 0.01), (0.5, 0.2), (0.99, 0.26))
    assert hidden_percent(page) == pytest.approx(brushed + 25, abs=2)
    press(page, "#tools [value=eraser]")
    drag(page, "mask", (0.01, 0.1), (0.99, 0.1))
    assert hidden_percent(page) < brushed + 20
    erased = hidden_percent(page)
    press(page, "#mask-clear")
    assert hidden_percent(page) == 0
    press(page, "#mask-undo")
    assert hidden_percent(page) == erased
    for _ in range(3):
        press(page, "#mask-undo")
    assert hidden_percent(page) == 0
    assert page.execute_script("return document.getElementById('mask-undo').disabled")
    assert page.execute_script("return document.activeElement.id") == "mask-clear"


def hidden_percent(page: Any) -> int:
    return int(texts(page, "#mask-status")[0].partition(" %")[0])


def test_the_keyboard_is_enough(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.getElementById('map').focus({focusVisible: true})")
    keys(page, Keys.HOME)
    wait(page, "!byId('thumbnail').hidden && byId('thumbnail-name').textContent === 'a'")
    keys(page, Keys.END, Keys.ENTER)
    wait(page, "byId('start').value === document.querySelector('.mark:last-child').dataset.id")
    keys(page, Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ESCAPE)
    wait(page, "byId('thumbnail').hidden")
    for element in ("use-playing", "frame-1", "frame-2"):
        wait(page, f"byId('{element}')")
        page.execute_script("document.getElementById(arguments[0]).focus()", element)
        keys(page, Keys.SPACE)
    wait(page, "byId('mask-status').textContent.includes('; 2 frames are visible')")
    page.execute_script("document.querySelector('#tools summary').focus()")
    keys(page, Keys.ENTER)
    for name, number in (("top", 3), ("left", 2), ("height", 6), ("width", 8)):
        type_into(page, f"rectangle-{name}", str(number))
    keys(page, Keys.ENTER)
    wait(page, "byId('mask-status').textContent.startsWith('25 %')")
    assert texts(page, "#invert") == ["Find it and fill in what is hidden"]
    assert "What was hidden" in invert(page)
    panels = texts(page, "#compared-names")[0]
    assert all(panel in panels for panel in ("visible", "result", "video itself", "error"))
    type_into(page, "rectangle-width", "9")  # 89 columns
    keys(page, Keys.ENTER)
    wait(page, "byId('notice').textContent.includes('does not fit')")


def test_several_futures_play_side_by_side_and_one_is_picked(with_video):
    page = with_video
    assert page.execute_script("return document.getElementById('samples-label').hidden")
    press(page, "#observe-beginning")
    page.execute_script("document.getElementById('samples').value = '4'")
    said = invert(page)
    wait(page, "document.querySelectorAll('#futures .tile:not([hidden])').length === 4")
    first, third = pixels(page, "futures-0"), pixels(page, "futures-2")
    assert first.shape[1] / first.shape[0] == pytest.approx(16 / 12)
    press(page, "#futures .tile:nth-child(3)")
    wait(page, "byId('save-result').href.includes('sample=2')")
    assert texts(page, "#scores")[0] != said
    assert len(texts(page, "#futures [aria-pressed=true]")) == 1
    assert pixels(page, "compared").shape[1] > 3 * third.shape[1]
    press(page, "#use-start")
    wait(page, "byId('start').selectedOptions[0].textContent.endsWith(' 3')")


def test_a_job_is_shown_after_a_reload_and_can_be_canceled(with_video):
    page = with_video
    page.execute_script("document.getElementById('effort').options[2].value = '2000,8'")
    page.execute_script("document.getElementById('effort').selectedIndex = 2")
    press(page, "#invert")
    wait(page, "!byId('job').hidden && byId('job-text').textContent.includes('step')")
    page.refresh()
    wait(page, "!byId('job').hidden && byId('job-bar').value > 0")
    press(page, "#job-stop")
    wait(page, "byId('job').hidden")
    assert ask(page, "/api/spaces/small/job")["state"] == "stopped"


def test_another_size_is_rendered_and_offered(page):
    for name, number in (("height", "24"), ("frames", "7")):
        page.execute_script("document.getElementById(arguments[0]).value = ''", f"render-{name}")
        type_into(page, f"render-{name}", number)
    press(page, "#render-form .primary")
    wait(page, "!byId('save-render').hidden")
    assert texts(page, "#job-status") == ["Done."]
    assert page.execute_script("return document.activeElement.id") == "save-render"


def test_nothing_sticks_out_at_any_width(with_video):
    press(with_video, "#observe-beginning")
    for width in (320, 600, 1600):
        room, wide = room_and_width(with_video, width)
        assert wide <= room, width


def test_what_is_pressed_is_large_and_everything_has_a_name(with_video):
    found = with_video.execute_script(
        "return [...document.querySelectorAll('a, button, input, select, summary, .frame')]"
        ".filter((e) => e.checkVisibility() && !e.matches('.skip, .visually-hidden'))"
        ".map((e) => [e.id,"
        " Math.max(e.offsetHeight, e.closest('.inline')?.offsetHeight ?? 0), (e.ariaLabel ||"
        " e.textContent || [...(e.labels ?? [])].map((l) => l.textContent).join('')).trim()])"
    )
    assert len(found) > 30
    assert [each for each in found if each[1] < 44 or not each[2]] == []


def test_axe_finds_nothing_against_the_page(page, tmp_path):
    """With a video that the space does not know, so that the page says so."""
    noise = np.random.default_rng(0).integers(0, 256, (4, 48, 64, 3), np.uint8)
    write_video(tmp_path / "noise.mp4", noise[:, None], fps=25)
    type_into(page, "upload", str(tmp_path / "noise.mp4"))
    wait(page, "!byId('tools').hidden")
    page.execute_script("document.querySelectorAll('details').forEach((e) => { e.open = true })")
    assert "SSIM" in invert(page)
    wait(page, "!byId('knows').hidden && byId('result-title').textContent !== 'Result'")
    type_into(page, "search", "a")
    press(page, "#select-found")
    wait(page, "document.querySelector('#selected-films .tile:not([hidden])')")
    assert violations(page) == []
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    emulate(page, prefers_reduced_motion="reduce")


def test_nothing_goes_wrong_and_nothing_is_asked_of_another_machine(page, studio):
    page.get_log("performance")
    page.get_log("browser")
    page.refresh()
    wait(page, "byId('player').dataset.frame")
    wait_for_rest(page)
    assert page.get_log("browser") == []
    urls = asked_since(page)
    assert len(urls) > 15
    assert [url for url in urls if not url.startswith((studio.address, "blob:", "data:"))] == []
