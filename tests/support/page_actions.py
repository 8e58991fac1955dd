"""What tests of the studio's pages do with them."""

import time
from typing import Any

PATIENCE_SECONDS = 120.0
"""How long a test waits before it fails, on a machine however busy."""


def wait(browser: Any, condition: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Until a condition in JavaScript holds."""
    script = f"const byId = (id) => document.getElementById(id); return {condition}"
    end = time.monotonic() + seconds
    while not browser.execute_script(script):
        said = browser.execute_script("return document.getElementById('notice').textContent")
        assert time.monotonic() < end, f"still not so after {seconds} s: {condition}; {said}"
        time.sleep(0.1)


def wait_for_camera(browser: Any) -> None:
    wait(browser, "byId('preview').videoWidth > 0 && !byId('record').disabled")


def press(browser: Any, selector: str) -> None:
    from selenium.webdriver.common.by import By

    element = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def type_into(browser: Any, element_id: str, text: str) -> None:
    from selenium.webdriver.common.by import By

    browser.find_element(By.ID, element_id).send_keys(text)


def texts(browser: Any, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
    return browser.execute_script(script, selector)


def show_page(browser: Any, name: str) -> None:
    """By its link in the header."""
    press(browser, f"[data-page={name}]")
    wait(browser, f"!byId('{name}').hidden")


def ask(browser: Any, path: str) -> Any:
    """What the studio answers to a request of the page."""
    return browser.execute_async_script(
        "const done = arguments[1]; fetch(arguments[0]).then((a) => a.json()).then(done)", path
    )
