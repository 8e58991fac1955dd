"""A headless Chromium for the tests of pages."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

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
            return browser

        yield start
