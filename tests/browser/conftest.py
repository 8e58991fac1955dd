"""A headless Chromium for the tests of pages."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.page_actions import wait
from tests.support.page_checks import emulate
from tests.support.small_spaces import small_space, space_of_a_blob
from tests.support.space_page import wait_for_rest
from tests.support.studio_process import StudioServer

from videospace.inrv.model.latent_flow import FlowConfig, LatentFlow

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1100,900",
)


@pytest.fixture(scope="module")
def open_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Starts a fresh browser, with further flags if given; all are closed in the end."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with contextlib.ExitStack() as browsers:

        def start(*flags: str) -> Any:
            options = webdriver.ChromeOptions()
            options.binary_location = shutil.which("chromium") or ""
            for flag in (*FLAGS, *flags, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
                options.add_argument(flag)
            options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
            browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
            browsers.callback(browser.quit)
            browser.set_script_timeout(100)
            return browser

        yield start


@pytest.fixture(scope="session")
def drawn_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A studio that answers what a test chooses, shared by all who reset it."""
    from tests.support.drawn_studio import DrawnStudio

    studio = DrawnStudio(tmp_path_factory.mktemp("drawn") / "data")
    yield studio
    studio.stop()


@pytest.fixture(scope="session")
def face_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn face that mouths a word, rests, and mouths it again."""
    from tests.support.drawn_faces import camera_file

    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    return camera_file(path, 1, rest_frames=35, shrink=2)


@pytest.fixture(scope="module")
def face_browser(open_browser: Any, face_film: Path) -> Any:
    """A browser before the drawn face."""
    return open_browser(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={face_film}",
    )


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A studio that all pages of it share, with two small spaces beside the pretrained ones."""
    folder = tmp_path_factory.mktemp("studio")
    small_space().save_pretrained(folder / "spaces" / "small")
    tracked = space_of_a_blob(num_tracks=2)
    tracked.flow = LatentFlow(FlowConfig(hidden_width=4), tracked.model.config.latent)
    tracked.flow.fit_scale(tracked.latents)
    tracked.save_pretrained(folder / "spaces" / "tracked")
    server = StudioServer(folder / "data", "--spaces", str(folder / "spaces"))
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def space_browser(open_browser: Any, studio: StudioServer) -> Any:
    """A browser that asks for little motion and remembers the small space."""
    browser = open_browser()
    emulate(browser, prefers_reduced_motion="reduce")
    browser.get(studio.new_link())
    wait(browser, "localStorage.getItem('studio.token') !== null")
    browser.execute_script("localStorage.setItem('studio.space', 'small')")
    return browser


@pytest.fixture
def space_page(space_browser: Any, studio: StudioServer) -> Any:
    """The page with the small space; two clips that are far apart are picked."""
    space_browser.get(f"{studio.address}space/")
    wait_for_rest(space_browser)
    return space_browser
